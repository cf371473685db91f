"""Robust principal components of the magnitude spectrogram (`engine.dsp.lowrank`).

Huang, Chen, Smaragdis & Hasegawa-Johnson, "Singing-voice separation from monaural recordings using robust principal component
analysis", ICASSP 2012.

What comes again and again is of low rank and accompanies; what stands out is the voice, above 100 Hz. The accompaniment is
taken apart as `hpss` does. The window of 64 ms and its hop of a quarter are the paper's; so are clips of some ten seconds, of
which each fades into the next here. The paper tries several weights, and a mask of zeros and ones; the weight and the soft mask
here scored better on stempeg's example song.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.analysis.stems.classical.hpss import SPLIT, SPLIT_ORDER, Hpss
from engine.analysis.stems.classical.pieces import Classical, Stretch, hop_of, in_faded_pieces
from engine.dsp.lowrank import low_rank_and_sparse
from engine.dsp.masks import above, frequencies, magnitude, wiener
from engine.dsp.spectra import istft, stft
from engine.model.audio import Audio, Progress, Samples

CLIP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Rpca(Classical):
    """Vocals stand out. `weight` times 1 / sqrt(longer side) is the price of an entry of the sparse part."""

    NAME: ClassVar[str] = "rpca"
    window_seconds: float = 0.064
    weight: float = 1.5
    tolerance: float = 1e-3
    vocals_above_hz: float = 100.0
    clip_seconds: float = CLIP_SECONDS
    fade_seconds: float = 1.0
    accompaniment: Hpss = SPLIT

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = CLIP_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        clip = min(piece_seconds, self.clip_seconds)
        return in_faded_pieces(self._four, audio, clip, self.fade_seconds, progress)

    def _four(self, stretch: Stretch, report: Progress) -> Samples:
        audio = stretch.audio
        hop = hop_of(audio.rate, self.window_seconds / 4)
        spectrum = stft(audio.samples, 4 * hop, hop)
        v = magnitude(spectrum).astype(np.float64)
        weight = self.weight / np.sqrt(max(v.shape))
        low, sparse = low_rank_and_sparse(v, weight, self.tolerance, progress=lambda share: report(0.9 * share))
        mask = wiener(np.abs(sparse).astype(np.float32), np.abs(low).astype(np.float32))
        mask *= above(frequencies(4 * hop, audio.rate), self.vocals_above_hz, SPLIT_ORDER)
        vocals = istft(spectrum * mask, 4 * hop, hop, audio.frames)
        return self.accompaniment.beside(audio.samples - vocals, vocals, audio.rate)

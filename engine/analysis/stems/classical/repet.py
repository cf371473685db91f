"""REPET-SIM (Rafii & Pardo, "Music/voice separation using the similarity matrix", ISMIR 2012): what repeats accompanies.

Each frame is modelled by the median of those most like it (`engine.dsp.repetition`); what it has more is the voice, above
100 Hz. The accompaniment is taken apart as `hpss` does. Window, hop (a half), distance of a second and at most 100 matches are
the paper's. It compares with the whole song, which takes memory by the square of its length; here matches are sought within
30 s on either side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.analysis.stems.classical.hpss import SPLIT, SPLIT_ORDER, Hpss
from engine.analysis.stems.classical.pieces import PIECE_SECONDS, Classical, Stretch, hop_of, in_pieces
from engine.dsp.masks import TINY, above, frequencies, magnitude
from engine.dsp.repetition import repeating, similar_frames
from engine.dsp.spectra import frame_count, istft, stft
from engine.model.audio import Audio, Progress, Samples


@dataclass(frozen=True, slots=True)
class RepetSim(Classical):
    """Vocals do not repeat."""

    NAME: ClassVar[str] = "repet-sim"
    window_seconds: float = 0.0464
    span_seconds: float = 30.0
    apart_seconds: float = 1.0
    most_matches: int = 100
    vocals_above_hz: float = 100.0
    accompaniment: Hpss = SPLIT

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        hop = hop_of(audio.rate, self.window_seconds / 2)
        unit = self.accompaniment.kernels.hop(audio.rate, hop)
        reach = self._near(audio.rate) + round((self.span_seconds + self.apart_seconds) * audio.rate) + 4 * hop
        return in_pieces(self._four, audio, piece_seconds, unit, reach, progress)

    def _near(self, rate: int) -> int:
        """Return how many frames beyond a piece the voice has to be known for the rest to be taken apart."""
        hop = hop_of(rate, self.window_seconds / 2)
        return self.accompaniment.kernels.reach(rate, hop) + 2 * hop

    def _four(self, stretch: Stretch, report: Progress) -> Samples:
        x, rate = stretch.audio.samples, stretch.audio.rate
        hop = hop_of(rate, self.window_seconds / 2)
        v = magnitude(stft(x, 2 * hop, hop))
        # Only the piece and what its drums are found by, on whole hops of both.
        unit = self.accompaniment.kernels.hop(rate, hop)
        first = max(0, stretch.start - self._near(rate)) // unit * unit
        near = x[:, first : stretch.stop + self._near(rate)]
        begin, count = first // hop, frame_count(near.shape[1], 2 * hop, hop)
        span, apart = (max(1, round(seconds * rate / hop)) for seconds in (self.span_seconds, self.apart_seconds))
        matches = similar_frames(v, begin, begin + count, span, apart, self.most_matches)
        report(0.5)

        background = (repeating(v, begin, matches) + TINY) / (v[:, begin : begin + count] + TINY)
        mask = (1 - background) * above(frequencies(2 * hop, rate), self.vocals_above_hz, SPLIT_ORDER)
        vocals = istft(stft(near, 2 * hop, hop) * mask, 2 * hop, hop, near.shape[1])
        report(0.9)
        four = np.zeros((4, *x.shape), dtype=np.float32)
        four[..., first : first + near.shape[1]] = self.accompaniment.beside(near - vocals, vocals, rate, hop)
        return four

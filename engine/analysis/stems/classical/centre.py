"""What is in the middle (Avendano & Jot, "A frequency-domain approach to multichannel upmix", JAES 52(7), 2004).

The similarity of the channels in a bin, 2 <L, R> / (<L, L> + <R, R>) over a short while, is 1 in the middle, falls towards the
sides, and is negative out of phase; a Gaussian over it lets through what is near the middle. Bass and drums are in the middle
too: so vocals are what lasts there above 200 Hz. A mono song is all middle, and its vocals and other cannot be told apart:
vocals hold both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import ndimage

from engine.analysis.stems.classical.hpss import FITZGERALD, SPLIT_ORDER, Kernels
from engine.analysis.stems.classical.pieces import PIECE_SECONDS, Classical, Stretch, in_pieces
from engine.dsp.hpss import Magnitude
from engine.dsp.masks import TINY, above
from engine.dsp.spectra import Spectrum
from engine.model.audio import Audio, Progress, Samples

WIDTH = 0.1
"""The paper leaves it open; found on stempeg's example song."""


@dataclass(frozen=True, slots=True)
class Centre(Classical):
    """Vocals are what lasts in the middle. `width` is the distance of similarity from 1 at which 0.6 of a bin pass."""

    NAME: ClassVar[str] = "centre"
    kernels: Kernels = FITZGERALD
    width: float = WIDTH
    averaged_seconds: float = 0.07
    bass_below_hz: float = 200.0

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        hop = self.kernels.hop(audio.rate)
        return in_pieces(self._four, audio, piece_seconds, hop, self.kernels.reach(audio.rate), progress)

    def _four(self, stretch: Stretch, report: Progress) -> Samples:
        audio = stretch.audio
        rate, n = audio.rate, audio.frames
        spectrum, lasting, hz = self.kernels.look(audio.samples, rate)
        report(0.5)
        frames = max(1, round(self.averaged_seconds * rate / self.kernels.hop(rate)))
        low = 1 - above(hz, self.bass_below_hz, SPLIT_ORDER)
        middle = lasting * (1 - low) * near_the_middle(spectrum, frames, self.width)
        drums, bass, vocals = (self.kernels.back(spectrum * m, rate, n) for m in (1 - lasting, lasting * low, middle))
        return np.stack([drums, bass, vocals, audio.samples - drums - bass - vocals])


def near_the_middle(spectrum: Spectrum, frames: int, width: float) -> Magnitude:
    """Return how much of each bin is in the middle [shape=(bins, frames), 0..1].

    Parameters
    ----------
    spectrum : ndarray [shape=(channels, bins, frames)]
    frames : int
        Over how many the channels are compared.
    width : float
    """
    left, right = spectrum[0], spectrum[-1]
    both = ndimage.uniform_filter1d(2 * (left * right.conj()).real, frames, axis=1)
    power = ndimage.uniform_filter1d(np.abs(left) ** 2 + np.abs(right) ** 2, frames, axis=1)
    similarity = np.clip(both / (power + TINY), -1.0, 1.0)
    return np.asarray(np.exp(-0.5 * np.square((1 - similarity) / width)), dtype=np.float32)

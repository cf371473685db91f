"""Harmonic/percussive separation (Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx 2010).

What strikes are the drums; what lasts is bass below 200 Hz and other above. Nothing here tells a voice from an instrument, so
vocals stay silent, and `other` holds them. The kernels are the paper's 17 frames and 17 bins of 4096 samples at 44.1 kHz.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.analysis.stems.classical.pieces import PIECE_SECONDS, Classical, Stretch, hop_of, in_pieces
from engine.dsp.hpss import Magnitude, harmonic_share, odd
from engine.dsp.masks import above, frequencies, magnitude
from engine.dsp.spectra import Spectrum, istft, stft
from engine.model.audio import Audio, Progress, Samples

SPLIT_ORDER = 2
"""Of the Butterworth curves that part the bass from the rest."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """How to look for what lasts: the window (its hop is a quarter), the medians over time and over frequency."""

    window_seconds: float
    lasting_seconds: float
    striking_hz: float

    def hop(self, rate: int, unit: int | None = None) -> int:
        """Return the hop in frames, a multiple of a unit where one is given."""
        return hop_of(rate, self.window_seconds / 4, unit)

    def reach(self, rate: int, unit: int | None = None) -> int:
        """Return how many frames away something may lie and still count."""
        hop = self.hop(rate, unit)
        return (odd(self.lasting_seconds * rate / hop) // 2 + 1) * hop + 4 * hop

    def medians(self, rate: int, unit: int | None = None) -> tuple[int, int]:
        """Return the lengths of the medians in hops and in bins."""
        hop = self.hop(rate, unit)
        return odd(self.lasting_seconds * rate / hop), odd(self.striking_hz * 4 * hop / rate)

    def look(self, x: Samples, rate: int, unit: int | None = None) -> tuple[Spectrum, Magnitude, Magnitude]:
        """Return the spectrum [shape=(channels, bins, frames)], which share of it lasts, and its frequencies in Hz."""
        hop = self.hop(rate, unit)
        spectrum = stft(x, 4 * hop, hop)
        return spectrum, harmonic_share(magnitude(spectrum), *self.medians(rate, unit)), frequencies(4 * hop, rate)

    def back(self, spectrum: Spectrum, rate: int, frames: int, unit: int | None = None) -> Samples:
        """Return the samples of a spectrum."""
        hop = self.hop(rate, unit)
        return istft(spectrum, 4 * hop, hop, frames)


FITZGERALD = Kernels(0.0929, 0.395, 183.0)


@dataclass(frozen=True, slots=True)
class Hpss(Classical):
    """Drums by striking, bass and other by lasting and frequency."""

    NAME: ClassVar[str] = "hpss"
    kernels: Kernels = FITZGERALD
    bass_below_hz: float = 200.0

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        grain, reach = self.kernels.hop(audio.rate), self.kernels.reach(audio.rate)
        return in_pieces(self._four, audio, piece_seconds, grain, reach, progress)

    def _four(self, stretch: Stretch, _report: Progress) -> Samples:
        audio = stretch.audio
        return self.beside(audio.samples, np.zeros_like(audio.samples), audio.rate)

    def beside(self, backing: Samples, vocals: Samples, rate: int, unit: int | None = None) -> Samples:
        """Return four stems of what accompanies and a voice that was found already [shape=(4, channels, n), float32].

        Parameters
        ----------
        backing, vocals : ndarray [shape=(channels, n), float32]
        rate : int, Hz
        unit : int, frames, optional
            Of which the hop shall be a multiple.
        """
        spectrum, lasting, hz = self.kernels.look(backing, rate, unit)
        n = backing.shape[1]
        drums = self.kernels.back(spectrum * (1 - lasting), rate, n, unit)
        low = lasting * (1 - above(hz, self.bass_below_hz, SPLIT_ORDER))
        bass = self.kernels.back(spectrum * low, rate, n, unit)
        return np.stack([drums, bass, vocals, backing - drums - bass])


SPLIT = Hpss()
"""What other methods take their accompaniment apart with."""

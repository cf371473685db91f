"""Harmonic, residual, percussive.

Driedger, Müller & Disch, "Extending harmonic-percussive separation of audio signals", ISMIR 2014.

A bin lasts, or strikes, only where one median exceeds the other by a factor, the separation factor beta; what does neither is
the residual. A long window finds what lasts, then a short one finds what strikes in what was left. What strikes are the drums,
what lasts is bass below 200 Hz and other above. The residual has the place of vocals: breath, consonants and glides are in it,
and so is every other noise; a steady sung note is not.

Windows of 4096 and 256 samples at 44.1 kHz, medians of 200 ms and 500 Hz and beta = 2 are the authors' own for music.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.analysis.stems.classical.hpss import SPLIT_ORDER, Kernels
from engine.analysis.stems.classical.pieces import PIECE_SECONDS, Classical, Stretch, in_pieces
from engine.dsp.hpss import Magnitude, running_median
from engine.dsp.masks import above, frequencies, magnitude
from engine.dsp.spectra import stft
from engine.model.audio import Audio, Progress, Samples

LONG, SHORT = Kernels(0.0929, 0.2, 500.0), Kernels(0.0058, 0.2, 500.0)


@dataclass(frozen=True, slots=True)
class Hpr(Classical):
    """Drums strike, bass and other last, what stands for vocals does neither."""

    NAME: ClassVar[str] = "hpr"
    lasting: Kernels = LONG
    striking: Kernels = SHORT
    beta: float = 2.0
    bass_below_hz: float = 200.0
    vocals_above_hz: float = 110.0

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        unit = self.striking.hop(audio.rate)
        reach = self.striking.reach(audio.rate) + self.lasting.reach(audio.rate, unit)
        return in_pieces(self._four, audio, piece_seconds, self.lasting.hop(audio.rate, unit), reach, progress)

    def _four(self, stretch: Stretch, report: Progress) -> Samples:
        audio = stretch.audio
        x, rate, n = audio.samples, audio.rate, audio.frames
        hop = self.lasting.hop(rate, self.striking.hop(rate))
        spectrum, hz = stft(x, 4 * hop, hop), frequencies(4 * hop, rate)
        lasts, strikes = _medians(magnitude(spectrum), *self.lasting.medians(rate, hop))
        harmonic = (lasts > self.beta * strikes).astype(np.float32)
        low = above(hz, self.bass_below_hz, SPLIT_ORDER)
        voiced = above(hz, self.vocals_above_hz, SPLIT_ORDER)
        bass = self.lasting.back(spectrum * ((1 - low) * harmonic + (1 - voiced) * (1 - harmonic)), rate, n, hop)
        other = self.lasting.back(spectrum * (low * harmonic), rate, n, hop)
        report(0.5)

        left = x - bass - other
        hop = self.striking.hop(rate)
        spectrum = stft(left, 4 * hop, hop)
        lasts, strikes = _medians(magnitude(spectrum), *self.striking.medians(rate))
        drums = self.striking.back(spectrum * (strikes > self.beta * lasts), rate, n)
        return np.stack([drums, bass, left - drums, other])


def _medians(v: Magnitude, frames: int, bins: int) -> tuple[Magnitude, Magnitude]:
    """Return what lasts and what strikes."""
    return running_median(v, frames, axis=1), running_median(v, bins, axis=0)

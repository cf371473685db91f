"""Two-stage harmonic/percussive separation.

Tachibana, Ono & Sagayama, "Singing voice enhancement in monaural music signals based on two-stage harmonic/percussive sound
separation", IEEE/ACM TASLP 22(1), 2014.

In a long window a chord lasts and a sung note, which wavers, does not; in a short one the sung note lasts and a drum does not.
The paper's own separation is an optimisation, here both stages are medians (`hpss`), whose lengths were found
by coarse search on stempeg's example song. What wavers below the range of voices goes to the bass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.analysis.stems.classical.hpss import SPLIT_ORDER, Kernels
from engine.analysis.stems.classical.pieces import PIECE_SECONDS, Classical, Stretch, in_pieces
from engine.dsp.masks import above
from engine.model.audio import Audio, Progress, Samples

CHORDS, SINGING = Kernels(0.256, 2.0, 30.0), Kernels(0.032, 0.3, 200.0)


@dataclass(frozen=True, slots=True)
class TwoStage(Classical):
    """Vocals last in the second stage and not in the first."""

    NAME: ClassVar[str] = "twostage"
    chords: Kernels = CHORDS
    singing: Kernels = SINGING
    bass_below_hz: float = 200.0
    vocals_above_hz: float = 110.0

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        unit = self.singing.hop(audio.rate)
        reach = self.singing.reach(audio.rate) + self.chords.reach(audio.rate, unit)
        return in_pieces(self._four, audio, piece_seconds, self.chords.hop(audio.rate, unit), reach, progress)

    def _four(self, stretch: Stretch, report: Progress) -> Samples:
        audio = stretch.audio
        x, rate, n = audio.samples, audio.rate, audio.frames
        unit = self.singing.hop(rate)
        spectrum, lasting, hz = self.chords.look(x, rate, unit)
        low = above(hz, self.bass_below_hz, SPLIT_ORDER)
        bass = self.chords.back(spectrum * (lasting * (1 - low)), rate, n, unit)
        other = self.chords.back(spectrum * (lasting * low), rate, n, unit)
        report(0.5)

        moving = x - bass - other
        spectrum, lasting, hz = self.singing.look(moving, rate)
        vocals = self.singing.back(spectrum * (lasting * above(hz, self.vocals_above_hz, SPLIT_ORDER)), rate, n)
        drums = self.singing.back(spectrum * (1 - lasting), rate, n)
        return np.stack([drums, x - drums - vocals - other, vocals, other])

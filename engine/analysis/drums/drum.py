"""One drum of a kit: its hit, and its strikes.

A drum rings until it is struck again, as in a drum machine, where a hit cuts off the one before.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from engine.analysis.drums.bands import Floats
from engine.analysis.drums.kinds import Kind
from engine.analysis.drums.strikes import Ints
from engine.model.audio import Samples

QUIETEST, LOUDEST = 0.2, 2.5
"""Gains of strikes beside the median one: -14 and +8 dB."""
BEFORE_S: Final = 0.004
"""A hit begins so much before its strike, so that a soft attack is not cut."""
RINGS_S: Final = 0.6
"""As long as a hit may be."""
FADE_S: Final = 0.005
REPEATS: Final = 0.7
"""Correlation of strikes from which on their mean keeps half of their energy."""


@dataclass(frozen=True, slots=True, eq=False)
class Drum:
    """A drum of some kind.

    `at` [shape=(n,), samples] is where its hit begins, rising; `gains` [shape=(n,), linear] beside the median strike; `hit`
    [shape=(channels, length), float32]; `alike` how alike its strikes' waveforms are, 0 to 1.
    """

    kind: Kind
    at: Ints
    gains: Floats
    hit: Samples
    alike: float

    @classmethod
    def struck(cls, kind: Kind, strikes: Ints, alike: float, channels: int, rate: int) -> Self:
        """Return a drum whose hit is not known yet; `strikes` [shape=(n,), samples]."""
        begins = np.unique(strikes - round(BEFORE_S * rate))
        return cls(kind, begins, np.ones(len(begins)), np.zeros((channels, round(RINGS_S * rate)), dtype=np.float32), alike)

    @property
    def repeats(self) -> bool:
        """Whether its strikes are one waveform, so that their mean is that waveform."""
        return len(self.at) > 1 and self.alike > REPEATS

    def strikes_s(self, rate: int) -> Floats:
        """Return when it is struck [shape=(n,), seconds]."""
        return np.asarray(self.at / rate + BEFORE_S)

    def lengths(self) -> Ints:
        """Return how long each strike rings [shape=(n,), samples]: until the next, at most as long as the hit."""
        gaps = np.diff(self.at, append=self.at[-1] + self.hit.shape[1])
        return np.minimum(gaps, self.hit.shape[1])

    def at_level(self, gains: Floats) -> Self:
        """Return it with the gains that its present hit needs; its hit becomes as loud as the median strike."""
        middle = float(np.median(gains))
        if middle <= 0.0:
            return self
        return replace(self, hit=self.hit * np.float32(middle), gains=np.clip(gains / middle, QUIETEST, LOUDEST))

    def mean(self, samples: Samples, first: int = 0, step: int = 1) -> Samples:
        """Return the mean of its strikes in a signal, each weighted by its gain and as long as it rings.

        Only every `step`-th strike from strike `first` on counts.
        """
        total, weight = np.zeros(self.hit.shape), np.full(self.hit.shape[1], 1e-9)
        lengths = self.lengths()
        for k in range(first, len(self.at), step):
            low, piece = heard(samples, int(self.at[k]), int(lengths[k]))
            span = slice(low, low + piece.shape[1])
            total[:, span] += self.gains[k] * piece
            weight[span] += self.gains[k] ** 2
        return np.asarray(total / weight, dtype=np.float32)

    def play(self, out: Samples, rate: int, sign: float = 1.0) -> None:
        """Add all strikes to a signal in place; where the next one cuts it off, a strike fades out."""
        fade = round(FADE_S * rate)
        falling = np.linspace(1.0, 0.0, fade, dtype=np.float32)
        for gain, begin, length in zip(self.gains, self.at, self.lengths(), strict=True):
            sound = self.hit[:, : length + fade] * np.float32(sign * gain)
            tail = sound[:, length:]
            tail *= falling[: tail.shape[1]]
            low, place = heard(out, int(begin), sound.shape[1])
            place += sound[:, low : low + place.shape[1]]


def heard(samples: Samples, begin: int, length: int) -> tuple[int, Samples]:
    """Return what of a strike lies within a signal, and at which of the strike's samples that begins."""
    low = max(0, -begin)
    return low, samples[:, begin + low : max(begin + low, min(samples.shape[1], begin + length))]

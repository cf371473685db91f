"""What the mixer shows of itself: one array of numbers, whose places have names here."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.dsp.levels import db_of_gain
from engine.mix.clock import Clock
from engine.mix.kernels import Bus
from engine.mix.live import LiveDeck
from engine.model.audio import Samples
from engine.model.params import DECKS

MASTER_FIELDS: Final = ("frame", "beat", "bpm", "peak_dbfs", "rms_dbfs", "momentary_lufs", "reduction_db")
DECK_FIELDS: Final = (
    "loaded",
    "running",
    "position_s",
    "beat",
    "bpm",
    "tempo",
    "stretched",
    "loop_bars",
    "peak_dbfs",
    "rms_dbfs",
)

FIELDS: Final = (
    *(f"master.{field}" for field in MASTER_FIELDS),
    *(f"deck.{deck}.{field}" for deck in DECKS for field in DECK_FIELDS),
)
"""Names of the numbers, in order. Levels are since the last reading; `momentary_lufs` is of the last 400 ms."""


@njit(cache=True, nogil=True)
def _gather(x: Bus, at: int, n: int, sums: NDArray[np.float64]) -> None:
    """Bring peak, sum of squares and count up to date."""
    for c in range(2):
        for i in range(at, at + n):
            value = float(x[c, i])
            sums[0] = max(sums[0], abs(value))
            sums[1] += value * value
    sums[2] += 2 * n


def _levels(sums: NDArray[np.float64]) -> tuple[float, float]:
    peak, rms = db_of_gain(float(sums[0])), db_of_gain(float(np.sqrt(sums[1] / max(1.0, sums[2]))))
    sums[:] = 0.0
    return peak, rms


class Meters:
    """Gathers in the audio path, block by block; read between two blocks."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.values = np.zeros(len(FIELDS))
        self._master = np.zeros(3)
        self._decks = np.zeros((len(DECKS), 3))

    def add(self, decks: Sequence[LiveDeck], out: Samples, at: int, n: int) -> None:
        """Take what was just mixed."""
        _gather(out, at, n, self._master)
        for i, deck in enumerate(decks):
            if deck.record is not None:
                _gather(deck.strip.buses[0], 0, n, self._decks[i])

    def read(self, frame: int, clock: Clock, decks: Sequence[LiveDeck], reduction_db: float) -> None:
        """Write `values`."""
        peak, rms = _levels(self._master)
        self.values[: len(MASTER_FIELDS)] = frame, clock.beat, clock.bpm, peak, rms, -200.0, reduction_db
        for i, deck in enumerate(decks):
            first = len(MASTER_FIELDS) + i * len(DECK_FIELDS)
            here = self.values[first : first + len(DECK_FIELDS)]
            peak, rms = _levels(self._decks[i])
            here[:] = (
                deck.record is not None, deck.running, deck.position / self._rate, deck.beat, deck.bpm, deck.tempo,
                deck.stretching, deck.loop_bars, peak, rms,
            )  # fmt: skip

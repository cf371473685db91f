"""How long blocks take, counted in shared memory: one process counts, any other may look."""

import math

import numpy as np
from numpy.typing import NDArray

from bridge.session.memory import Block

BINS = 128
PER_OCTAVE = 6
SHORTEST = 1e-6
"""Seconds; `BINS / PER_OCTAVE` = 21 octaves above it are 2 s."""

KINDS = ("render", "wall", "gap")
"""Processor time of our own in a render, wall time of the same, wall time from one block to the next (all in seconds)."""


class Timings:
    """A histogram of each of `KINDS`, a twelfth of an octave exact to either side; the counts only ever grow."""

    def __init__(self, block: Block) -> None:
        self._counts: NDArray[np.int64] = block.array((len(KINDS), BINS), np.int64)
        self._most: NDArray[np.float64] = block.array((len(KINDS),), np.float64, self._counts.nbytes)

    @staticmethod
    def size() -> int:
        """Return the bytes that are needed."""
        return len(KINDS) * (BINS + 1) * 8

    def add(self, kind: int, seconds: float) -> None:
        """Count one."""
        place = int(PER_OCTAVE * math.log2(max(seconds, SHORTEST) / SHORTEST))
        self._counts[kind, min(place, BINS - 1)] += 1
        self._most[kind] = max(self._most[kind], seconds)

    def seconds(self, kind: str, share: float) -> float:
        """Return the time that `share` (in [0, 1]) of the blocks did not exceed; 1.0 gives the very longest."""
        row = KINDS.index(kind)
        if share >= 1.0:
            return float(self._most[row])
        counts = self._counts[row].copy()
        below = np.searchsorted(np.cumsum(counts), share * counts.sum())
        return float(SHORTEST * 2.0 ** ((below + 0.5) / PER_OCTAVE)) if counts.any() else 0.0

    def blocks(self) -> int:
        """Return how many were counted."""
        return int(self._counts[0].sum())

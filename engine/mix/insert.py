"""Effects in the mixer: what they are to it, and how they fit into blocks of any size."""

from typing import Final, Protocol

import numpy as np

from engine.mix.kernels import Bus
from engine.model.audio import Samples

QUANTUM: Final = 64
"""Frames that an effect is given at a time, on a grid of the mixer's clock, so that results do not depend on blocks."""


class Insert(Protocol):
    """A chain of effects that is loaded and warm."""

    latency: int
    """Frames by which it is late; constant."""

    def process(self, block: Samples) -> None:
        """Change a block [shape=(2, QUANTUM), float32] in place. Must not raise: what fails leaves its block dry."""

    def set(self, slot: int, knob: int, value: float) -> None:
        """Set a parameter of the effect at `slot`."""


class Through:
    """Sends a bus through an insert: late by the insert's latency and one quantum, whatever the sizes of blocks."""

    def __init__(self, insert: Insert, frame: int) -> None:
        """`frame` is the mixer's clock, which the quanta are counted on."""
        self.insert = insert
        self.latency = insert.latency + QUANTUM
        self._wet, self._dry = np.zeros((2, QUANTUM), dtype=np.float32), np.zeros((2, QUANTUM), dtype=np.float32)
        self._at = frame % QUANTUM

    def process(self, bus: Bus, n: int) -> None:
        """Replace the first `n` frames of a bus [shape=(2, frames)]."""
        done = 0
        while done < n:
            count = min(n - done, QUANTUM - self._at)
            here = slice(self._at, self._at + count)
            self._dry[:, here] = bus[:, done : done + count]
            bus[:, done : done + count] = self._wet[:, here]
            self._at += count
            done += count
            if self._at == QUANTUM:
                self._at = 0
                self._wet, self._dry = self._dry, self._wet
                self.insert.process(self._wet)

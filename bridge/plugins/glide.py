"""Values that move without a click."""

from typing import Final

import numpy as np

from engine.mix.insert import QUANTUM
from engine.model.audio import Samples

_STEPS: Final = np.arange(1, QUANTUM + 1, dtype=np.float32)


class Ramp:
    """A gain that goes to its goal evenly, frame by frame."""

    def __init__(self, value: float, frames: int) -> None:
        """`frames` is the time from 0 to 1."""
        self.value = self.goal = value
        self.gains = np.full(QUANTUM, value, dtype=np.float32)
        self._step = 1.0 / frames

    def advance(self) -> bool:
        """Write the gains of the next quantum; False if they are all `value`, and `gains` is not to be read."""
        if self.value == self.goal:
            return False
        rising = self.goal > self.value
        np.multiply(_STEPS, self._step if rising else -self._step, out=self.gains)
        self.gains += self.value
        (np.minimum if rising else np.maximum)(self.gains, np.float32(self.goal), out=self.gains)
        at_goal = self.gains[-1] == np.float32(self.goal)
        self.value = self.goal if at_goal else float(self.gains[-1])
        return True

    def apply(self, block: Samples) -> Samples:
        """Multiply a quantum [shape=(2, QUANTUM)] in place, and return it."""
        if self.advance():
            block *= self.gains
        elif self.value != 1.0:
            block *= np.float32(self.value)
        return block


class Late:
    """Holds a sound back by a constant number of frames."""

    def __init__(self, frames: int) -> None:
        self._held = np.zeros((2, frames + QUANTUM), dtype=np.float32)
        self._frames = frames

    def process(self, block: Samples, out: Samples) -> None:
        """Write to `out` [shape=(2, QUANTUM)] what came that long ago."""
        self._held[:, self._frames :] = block
        out[:] = self._held[:, :QUANTUM]
        if self._frames:
            self._held[:, : self._frames] = self._held[:, QUANTUM:]

    def reset(self) -> None:
        """Forget what is held."""
        self._held[:] = 0.0

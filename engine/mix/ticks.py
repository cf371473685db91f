"""When the ticks of a MIDI clock fall, 24 for each beat (MIDI 1.0, System Real Time), to the frame."""

import math
from typing import Final

import numpy as np

from engine.mix.clock import Clock

PPQN: Final = 24


class Ticks:
    """The ticks of the block that was rendered last, as frames of the mixer's clock."""

    MOST = 1024

    def __init__(self) -> None:
        self.frames = np.zeros(self.MOST, dtype=np.int64)
        self.count = 0
        self._next = 0

    def clear(self) -> None:
        """Begin a new block."""
        self.count = 0

    def step(self, clock: Clock, frame: int, n: int) -> None:
        """Add the ticks of the next `n` frames. A clock that jumps makes no burst: its ticks go on from there."""
        first = clock.beat * PPQN
        tick = math.ceil(first - 1e-9)
        if abs(tick - self._next) <= 1:
            tick = max(tick, self._next)
        while self.count < self.MOST:
            offset = (tick - first) / (clock.per_frame * PPQN)
            if offset >= n:
                break
            self.frames[self.count] = frame + max(0, round(offset))
            self.count += 1
            tick += 1
        self._next = tick

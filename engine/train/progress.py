"""How far training is, on stderr."""

import sys
import time
from typing import Any

import numpy as np

EVERY = 20


class Progress:
    """Tells every so many steps the loss, the running mean of what is measured in dB, and the time left."""

    def __init__(self, steps: int, until: float) -> None:
        self._steps, self._until, self._begun = steps, until, time.monotonic()
        self._count = 0
        self._mean: np.ndarray[Any, np.dtype[np.float64]] = np.zeros(0)

    @property
    def latest(self) -> float | None:
        """What the first of what is measured comes to of late, in dB; None before the first step."""
        return float(self._mean[0]) if self._count else None

    def told(self, step: int, loss: float, found: "np.ndarray[Any, np.dtype[np.float32]]") -> None:
        """Take note of a step."""
        self._mean = 0.98 * self._mean + 0.02 * found if self._count else found.astype(np.float64)
        self._count += 1
        now = time.monotonic()
        left = min((now - self._begun) / self._count * (self._steps - step), self._until - now)
        if step % EVERY == 0:
            shown = " ".join(f"{x:5.1f}" for x in self._mean)
            sys.stderr.write(f"step {step}/{self._steps}  loss {loss:6.3f}  dB {shown}  {max(0.0, left) / 60:.1f} min left\n")
            sys.stderr.flush()

"""Samples in memory.

Everywhere in Remixture: float32, full scale 1.0, shape=(channels, frames), one or two channels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

Progress = Callable[[float], None]
"""Told the done share [0, 1] of the running step; may raise KeyboardInterrupt to stop it."""


def no_progress(_share: float) -> None:
    """Take the share and do nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A recording.

    `samples` [shape=(channels, frames), float32], `rate` in Hz.
    """

    samples: Samples
    rate: int

    @property
    def channels(self) -> int:
        """1 or 2."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Length in frames."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    def mono(self) -> Samples:
        """Return the mean of the channels [shape=(frames,)]."""
        return np.asarray(self.samples.mean(axis=0, dtype=np.float32))

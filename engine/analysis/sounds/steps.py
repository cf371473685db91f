"""The song cut into steps of its grid, on which sounds begin: sixteenths, or what divides the beat instead."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model.audio import Samples
from engine.model.grid import Beatgrid

Blocks = NDArray[np.float32]
"""[shape=(steps, channels, width)]: the song from the beginning of each step on."""

EARLY_S = 0.001
"""Steps begin so much before the grid says: a sound cut at its start is lost, silence before it costs nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Where the steps begin.

    `at` [shape=(steps + 1,), frames of the recording], the first at or before 0, the last at or beyond the end; `width` is
    the longest step in frames, `bar_steps` how many steps a bar has, and `first_bar` the step at which bar 0 begins, which may
    lie before the song.
    """

    at: NDArray[np.int64]
    width: int
    bar_steps: int
    first_bar: int

    @property
    def count(self) -> int:
        """How many steps."""
        return len(self.at) - 1

    def cut(self, samples: Samples) -> Blocks:
        """Return the song from each step on [shape=(steps, channels, width)]; neighbours may share a frame."""
        before, after = -int(self.at[0]), max(0, int(self.at[-2]) + self.width - samples.shape[1])
        padded = np.pad(samples, [(0, 0), (before, after)])
        views = np.lib.stride_tricks.sliding_window_view(padded, self.width, axis=1)
        return np.ascontiguousarray(views[:, self.at[:-1] + before].swapaxes(0, 1))

    def join(self, blocks: Blocks, first: int) -> Samples:
        """Return blocks of consecutive steps from step `first` on as one signal [shape=(channels, frames)]."""
        lengths = np.diff(self.at[first : first + len(blocks) + 1])
        return np.concatenate([block[:, :length] for block, length in zip(blocks, lengths, strict=True)], axis=1)


def steps_of(grid: Beatgrid, frames: int, rate: int, per_beat: int, late: float = 0.0) -> Steps:
    """Return the steps of a recording, `per_beat` to the beat; the tempo goes on beyond the grid's ends.

    `late` is how far behind the grid they begin, in steps.
    """
    early = round(EARLY_S * rate) if grid.times[0] > EARLY_S else 0
    first = -1
    while grid.seconds((first + late) / per_beat) * rate > early:
        first -= 1
    steps = [grid.seconds((first + late) / per_beat) * rate]
    while steps[-1] < frames + early:
        steps.append(grid.seconds((first + late + len(steps)) / per_beat) * rate)
    # Rounded before the whole frames are taken off: sequencers round, and a frame is half a period at the top.
    at = np.rint(steps).astype(np.int64) - early
    at = at[int(np.searchsorted(at, 0, side="right")) - 1 :]
    dropped = len(steps) - len(at)
    return Steps(at, int(np.diff(at).max()), grid.beats_per_bar * per_beat, grid.first_downbeat * per_beat - first - dropped)

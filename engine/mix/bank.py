"""The samples of one song's sources."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model.audio import Samples
from engine.model.cells import Bars
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """The sources of one decomposition of one song: together they are the song.

    `samples` [shape=(sources, channels, frames), float32] at the mixer's rate; one channel is played on both sides. May be
    mapped from a file for a bounce; what plays live should lie in memory, since a page that is not there yet is a late block.
    `cell_bars` tells which bar each source plays in each bar when it is switched on there (`engine.model.cells`).
    """

    ids: tuple[str, ...]
    samples: Samples
    rate: int
    grid: Beatgrid
    cell_bars: tuple[Bars, ...] = ()

    def __post_init__(self) -> None:
        """Check at the door, once."""
        samples = np.asarray(self.samples)
        if samples.ndim != 3 or samples.shape[0] != len(self.ids) or samples.shape[1] not in (1, 2):
            raise ValueError(f"{len(self.ids)} sources need samples (sources, 1 or 2 channels, frames), got {samples.shape}")
        if samples.dtype != np.float32:
            raise ValueError(f"samples must be float32, got {samples.dtype}")
        if len(set(self.ids)) < len(self.ids):
            raise ValueError(f"source ids must differ, got {self.ids}")
        if len(self.cell_bars) not in (0, len(self.ids)):
            raise ValueError(f"{len(self.ids)} sources need a row of bars each, got {len(self.cell_bars)}")
        object.__setattr__(self, "samples", np.ascontiguousarray(samples))

    @property
    def channels(self) -> int:
        """1 or 2."""
        return int(self.samples.shape[1])

    @property
    def frames(self) -> int:
        """Length in frames."""
        return int(self.samples.shape[2])

    def bar_frame(self, bar: float) -> int:
        """Return the frame of the song at which a (fractional) bar starts; bar 0 is the first downbeat."""
        return round(self.grid.bar_seconds(bar) * self.rate)

    def bar_starts(self) -> NDArray[np.int64]:
        """Return the frames at which bars begin within the song, and where it ends [shape=(bars + 1,)]."""
        bars = self.grid.full_bars(self.frames / self.rate)
        starts = [start for bar in range(bars + 1) if (start := self.bar_frame(bar)) < self.frames]
        return np.array([*starts, self.frames], dtype=np.int64)

    def tempo_for(self, bpm: float) -> float:
        """Return the deck tempo (1 is the song's own) at which the song has `bpm`."""
        return bpm / self.grid.bpm

    def index(self, source: str) -> int:
        """Return which row a source is.

        Raises
        ------
        RemixtureError
            If there is no such source; names the ones there are.
        """
        if source not in self.ids:
            raise RemixtureError(f"there is no source {source!r}; there are {', '.join(self.ids)}")
        return self.ids.index(source)


def read(bank: Bank, start: int, out: Samples) -> None:
    """Copy the frames from `start` on into `out` [shape=(sources * channels, n)]; silence before and after the song."""
    n = out.shape[1]
    first, last = min(max(0, -start), n), min(max(0, bank.frames - start), n)
    out[:, :first] = 0.0
    out[:, last:] = 0.0
    if first < last:
        out.reshape(*bank.samples.shape[:2], n)[:, :, first:last] = bank.samples[:, :, start + first : start + last]

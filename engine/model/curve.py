"""How a level moves over time, as a DAW draws it: straight lines from point to point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A linear gain over frames: straight between points, level before the first and after the last.

    `frames` [shape=(n,), int64] rise strictly, `values` [shape=(n,), float64] are linear gains, `n` >= 1; both are read-only.
    """

    frames: NDArray[np.int64]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check at the door, once."""
        frames, values = np.array(self.frames, dtype=np.int64), np.array(self.values, dtype=np.float64)
        if frames.ndim != 1 or frames.shape != values.shape or frames.size == 0 or not np.all(np.diff(frames) > 0):
            raise ValueError(f"a curve needs rising frames and as many values, got {frames.shape} and {values.shape}")
        frames.flags.writeable = values.flags.writeable = False
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "values", values)

    @classmethod
    def level(cls, value: float = 1.0) -> "Curve":
        """Return a gain that never moves."""
        return cls(np.zeros(1, dtype=np.int64), np.array([value]))

    @property
    def moves(self) -> bool:
        """Whether it is ever anything else than at its start."""
        return bool(np.any(self.values != self.values[0]))

    def at(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the linear gain at each of `frames` [shape=(m,)]."""
        return np.asarray(np.interp(frames, self.frames, self.values))

    def __mul__(self, other: "Curve") -> "Curve":
        """Return both gains one after the other; exact at every point of either."""
        frames = np.union1d(self.frames, other.frames)
        return Curve(frames, self.at(frames) * other.at(frames))

    def shifted(self, frames: int) -> "Curve":
        """Return the same moves, later by `frames`."""
        return Curve(self.frames + frames, self.values)

    def within(self, first: int, last: int) -> "Curve":
        """Return what happens from frame `first` up to `last`, with a point at `first`, and at `last` if it goes on there."""
        inside = self.frames[(self.frames > first) & (self.frames < last)]
        end = [last] if first < last <= self.frames[-1] else []
        frames = np.concatenate([[first], inside, end]).astype(np.int64)
        return Curve(frames, self.at(frames))

    def thinned(self, tolerance: float) -> "Curve":
        """Return the fewest of its points that a greedy walk finds so that no value is off by more than `tolerance`."""
        kept, start = [0], 0
        while start < self.frames.size - 1:
            start = self._furthest(start, tolerance)
            kept.append(start)
        return Curve(self.frames[kept], self.values[kept])

    def _furthest(self, start: int, tolerance: float) -> int:
        """Return the last point that a straight line from `start` may go to.

        The line stays within the cone of slopes that every point in between allows (the swinging door of process historians).
        """
        x, y = self.frames[start + 1 :] - self.frames[start], self.values[start + 1 :] - self.values[start]
        low = np.maximum.accumulate((y - tolerance) / x)
        high = np.minimum.accumulate((y + tolerance) / x)
        slope = y / x
        before_low = np.concatenate([[-np.inf], low[:-1]])
        before_high = np.concatenate([[np.inf], high[:-1]])
        fits = (slope >= before_low) & (slope <= before_high)
        open_ = np.concatenate([[True], low[:-1] <= high[:-1]])
        wide = np.logical_and.accumulate(open_)
        return start + 1 + int(np.flatnonzero(fits & wide)[-1])


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch over frames.

    `first` is how it begins; `turns` are (frame, on) at rising frames, each other than what was before.
    """

    first: bool = False
    turns: tuple[tuple[int, bool], ...] = ()

    @property
    def moves(self) -> bool:
        """Whether it is ever turned."""
        return bool(self.turns)

    def within(self, first: int, last: int) -> "Switch":
        """Return what happens from frame `first` up to `last`."""
        before = [on for frame, on in self.turns if frame <= first]
        return Switch(before[-1] if before else self.first, tuple((f, on) for f, on in self.turns if first < f < last))

    def shifted(self, frames: int) -> "Switch":
        """Return the same turns, later by `frames`."""
        return Switch(self.first, tuple((frame + frames, on) for frame, on in self.turns))

"""The beats of a recording: seconds <-> beats <-> bars.

Bar 0 of this module starts at the first downbeat; people are shown it as bar 1. What comes before is the lead-in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEADY_TOLERANCE = 0.005
"""Seconds that a beat of a steady grid may lie away from the straight line through all beats."""


@dataclass(frozen=True, slots=True, eq=False)
class Beatgrid:
    """The beats of one recording, possibly drifting.

    `times` [shape=(n_beats,), seconds] is strictly increasing and read-only, `n_beats` >= 2. Beat `first_downbeat` is the
    first downbeat; every `beats_per_bar` beats another one follows. The tempo goes on beyond either end.
    """

    times: NDArray[np.float64]
    first_downbeat: int = 0
    beats_per_bar: int = 4

    def __post_init__(self) -> None:
        """Check at the door, once."""
        times = np.array(self.times, dtype=np.float64)
        if times.ndim != 1 or times.size < 2 or not np.all(np.diff(times) > 0) or not np.all(np.isfinite(times)):
            raise ValueError(f"beat times must be two or more rising seconds, got shape {times.shape}")
        if self.beats_per_bar < 1:
            raise ValueError(f"beats_per_bar must be 1 or more, got {self.beats_per_bar}")
        if not 0 <= self.first_downbeat < self.beats_per_bar:
            raise ValueError(f"first_downbeat must be within [0, {self.beats_per_bar}), got {self.first_downbeat}")
        times.flags.writeable = False
        object.__setattr__(self, "times", times)

    @classmethod
    def steady_at(cls, bpm: float, downbeat: float, seconds: float, beats_per_bar: int = 4) -> "Beatgrid":
        """Return the grid of an exact tempo.

        Parameters
        ----------
        bpm : float > 0
        downbeat : float, seconds
            Any downbeat; the first one at or after 0 is found from it.
        seconds : float > 0
            Length of the recording; beats cover [0, seconds].
        beats_per_bar : int > 0
        """
        beat = 60.0 / bpm
        before = int(np.floor(downbeat / beat + 1e-9))
        count = max(2, int(np.floor((seconds - downbeat) / beat + 1e-9)) + before + 1)
        times = downbeat + beat * (np.arange(count, dtype=np.float64) - before)
        return cls(times, before % beats_per_bar, beats_per_bar)

    @property
    def bpm(self) -> float:
        """Mean tempo in beats per minute, by a straight line through all beats."""
        slope = np.polyfit(np.arange(self.times.size), self.times, 1)[0] if self.times.size > 2 else np.diff(self.times)[0]
        return float(60.0 / slope)

    @property
    def steady(self) -> bool:
        """Whether every beat lies within 5 ms of one constant tempo."""
        if self.times.size == 2:
            return True
        index = np.arange(self.times.size)
        line = np.polyval(np.polyfit(index, self.times, 1), index)
        return bool(np.abs(line - self.times).max() <= STEADY_TOLERANCE)

    @property
    def downbeats(self) -> NDArray[np.int64]:
        """Indices into `times` of all downbeats."""
        return np.arange(self.first_downbeat, self.times.size, self.beats_per_bar)

    def seconds(self, beat: float) -> float:
        """Clock time of a fractional beat (0 is `times[0]`)."""
        i = min(max(int(np.floor(beat)), 0), self.times.size - 2)
        start, end = self.times[i], self.times[i + 1]
        return float(start + (beat - i) * (end - start))

    def beat(self, seconds: float) -> float:
        """Fractional beat at a clock time; inverse of `seconds`."""
        i = min(max(int(np.searchsorted(self.times, seconds, side="right")) - 1, 0), self.times.size - 2)
        start, end = self.times[i], self.times[i + 1]
        return float(i + (seconds - start) / (end - start))

    def bar_seconds(self, bar: float) -> float:
        """Clock time at which a (fractional) bar starts; bar 0 is the first downbeat."""
        return self.seconds(self.first_downbeat + bar * self.beats_per_bar)

    def full_bars(self, seconds: float) -> int:
        """Count the bars from bar 0 on that end within a recording of `seconds` (1 ms of grace)."""
        return max(0, int(np.floor((self.beat(seconds + 1e-3) - self.first_downbeat) / self.beats_per_bar)))

    def bar_frames(self, rate: int, frames: int) -> NDArray[np.int64]:
        """Return the frames at which the full bars start, and the end of the last [shape=(full_bars + 1,)]."""
        bars = self.full_bars(frames / rate)
        edges = [round(self.bar_seconds(bar) * rate) for bar in range(bars + 1)]
        return np.minimum(np.array(edges, dtype=np.int64), frames)

    def shifted(self, seconds: float) -> "Beatgrid":
        """Return the same grid, later by `seconds`."""
        return Beatgrid(self.times + seconds, self.first_downbeat, self.beats_per_bar)


@dataclass(frozen=True, slots=True)
class GridCandidate:
    """What one method heard: its tempo in bpm, its first downbeat in seconds, its confidence in [0, 1]."""

    method: str
    bpm: float
    downbeat_s: float
    beats_per_bar: int
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class GridReport:
    """The chosen grid, and why it was chosen in words for people."""

    grid: Beatgrid
    method: str
    confidence: float
    why: str
    candidates: tuple[GridCandidate, ...] = ()

    @classmethod
    def best(cls, found: Iterable[tuple[Beatgrid, str, float]]) -> "GridReport":
        """Choose the most confident of (grid, method, confidence); the first of equals."""
        ranked = sorted(found, key=lambda item: -item[2])
        if not ranked:
            raise ValueError("no grid to choose from")
        grid, method, confidence = ranked[0]
        others = ", ".join(f"{m} {c:.2f} ({g.bpm:.2f} bpm)" for g, m, c in ranked[1:])
        why = f"{method} was surest with {confidence:.2f}" + (f"; {others}" if others else "; nothing else was asked")
        candidates = tuple(GridCandidate(m, g.bpm, g.bar_seconds(0), g.beats_per_bar, c) for g, m, c in ranked)
        return cls(grid, method, confidence, why, candidates)

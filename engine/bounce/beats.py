"""The beats of a performance: those of its clock, counted on through loops and jumps."""

import numpy as np

from engine.model.grid import Beatgrid

SETTLES = 1024
"""Frames after which the clock is surely on the beat of the deck that leads it."""

USUAL_BPM = 120.0

NEAR_BEATS = 0.05
"""Errors below are those of a stretcher that says to some milliseconds where it is; what is more is a leap."""
TRUST = 0.02
"""Which share of such an error is taken over at each note."""


class BeatCounter:
    """Counts the beats that were heard, from frame 0 on.

    Where the clock leaps by whole beats, as loops of whole beats do, nothing happens; where it leaps by less, as a seek may,
    one beat is longer or shorter.
    """

    def __init__(self) -> None:
        self._frames, self._counted, self._clock = [0], [0.0], [0.0]
        self._paces: list[float] = []
        """Beats a frame of the clock up to each note but the first."""

    def note(self, frame: int, beat: float, expected: float, *, follow: bool, coarse: bool = False) -> None:
        """Note the clock's beat at a frame, `expected` beats after the note before.

        Unless `follow` only these count. `coarse`: the clock is led by a stretched deck.
        """
        count = self._counted[-1] + expected
        self._paces.append(expected / (frame - self._frames[-1]))
        if follow:
            error = (beat - count + 0.5) % 1.0 - 0.5
            count += TRUST * error if coarse and abs(error) < NEAR_BEATS else error
        self._frames.append(frame)
        self._counted.append(count)
        self._clock.append(beat)

    def grid(self, first: int, last: int, rate: int, beats_per_bar: int) -> Beatgrid:
        """Return the beats in seconds, from the bar line at or before frame `first` on until after `last`."""
        frames, counted = np.array(self._frames, dtype=np.float64), np.array(self._counted)
        at = min(int(np.searchsorted(frames, first + SETTLES)), frames.size - 1)
        # Bars are the clock's own at that place.
        counted += round(self._clock[at] - counted[at])
        rising = np.flatnonzero(np.diff(np.maximum.accumulate(counted[at:]), prepend=-np.inf) > 0.0) + at
        frames, counted = frames[rising], counted[rising]
        slopes = self._pace(int(rising[0]), rate), self._pace(int(rising[-1]), rate)
        start = counted[0] - (frames[0] - first) * slopes[0]
        end = counted[-1] + (last - frames[-1]) * slopes[1]
        bar = np.floor(start / beats_per_bar + 1e-3) * beats_per_bar
        beats = np.arange(bar, max(np.ceil(end) + 1.0, bar + 2.0))
        found = np.interp(beats, counted, frames)
        found = np.where(beats < counted[0], frames[0] - (counted[0] - beats) / slopes[0], found)
        found = np.where(beats > counted[-1], frames[-1] + (beats - counted[-1]) / slopes[1], found)
        return Beatgrid(found / rate, 0, beats_per_bar)

    def _pace(self, at: int, rate: int) -> float:
        """Return the beats a frame at a note: the clock's own, whatever it leapt by there."""
        pace = self._paces[at - 1] if at else 0.0
        return pace or USUAL_BPM / 60.0 / rate

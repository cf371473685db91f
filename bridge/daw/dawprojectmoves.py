"""Fader moves over frames -> points over beats that sound the same whatever a DAW draws between them.

A straight line over seconds is straight over beats only while the tempo stays: a fader that moves while the tempo changes gets
a point there. And the format calls a line between two gains straight, where DAWs draw it straight on their own faders, in dB
or some power of the gain: a long move gets a point every `STEP_DB`. All of these lie on the line; where a DAW follows the
format they change nothing, elsewhere it stays within 0.15 dB.
"""

import numpy as np
from numpy.typing import NDArray

from bridge.daw.project import Project, tempo_map
from engine.model.curve import Curve

STEP_DB = 3.0
"""How far a fader moves between two points."""
FLOOR = 0.001
"""The linear gain (-60 dB) below which nobody hears how a line goes."""
QUICK_SECONDS = 0.05
"""A move this short is heard as a step or a click-free cut, not as a shape."""

_Row = NDArray[np.float64]


def moves_in_beats(project: Project, curve: Curve) -> list[tuple[float, float]]:
    """Return a curve from frame 0 on as points (beats, linear gain) with straight lines between them."""
    later = curve.frames > 0
    frames = np.concatenate([[0.0], curve.frames[later]])
    values = np.concatenate([curve.at(np.zeros(1, dtype=np.int64)), curve.values[later]])
    for more in (_bends(project), _steps(frames, values, QUICK_SECONDS * project.rate)):
        every = np.union1d(frames, _between(more, frames, values))
        frames, values = every, np.interp(every, frames, values)
    return [(project.beat(float(at)), float(value)) for at, value in zip(frames, values, strict=True)]


def _bends(project: Project) -> _Row:
    """Return where the tempo changes, in frames that need not be whole."""
    return np.array([project.grid.times[round(tempo.beat)] * project.rate for tempo in tempo_map(project)[1:]])


def _steps(frames: _Row, values: _Row, quick: float) -> _Row:
    """Return the frames at which slow moves have gone another `STEP_DB`."""
    found = [np.zeros(0)]
    decibels = 20.0 * np.log10(np.maximum(values, FLOOR))
    for place in np.flatnonzero((np.diff(frames) > quick) & (np.abs(np.diff(decibels)) > STEP_DB)):
        start, end = decibels[place : place + 2]
        gains = 10.0 ** (np.linspace(start, end, int(np.ceil(abs(end - start) / STEP_DB)) + 1) / 20.0)
        share = (gains - values[place]) / (values[place + 1] - values[place])
        found.append(frames[place] + share * (frames[place + 1] - frames[place]))
    return np.concatenate(found)


def _between(places: _Row, frames: _Row, values: _Row) -> _Row:
    """Return those places that lie on a slope, more than half a frame from each other and from any point of the curve."""
    inside = places[(places > 0.0) & (places < frames[-1])]
    after = np.searchsorted(frames, inside, side="right")
    apart = np.minimum(inside - frames[after - 1], frames[after] - inside) > 0.5
    kept = inside[apart & (values[after - 1] != values[after])]
    return np.asarray(kept[np.diff(kept, prepend=-1.0) > 0.5])

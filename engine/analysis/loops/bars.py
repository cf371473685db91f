"""The bars of a recording: the full ones, and what lies before the first and after the last of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.layout import LoopLayout
from engine.analysis.loops.templates import Templates, bar_magnitude, non_negative
from engine.model.audio import Audio
from engine.model.grid import Beatgrid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """All bars that a recording touches.

    `edges` [shape=(all bars + 1,), frames of the recording] begins at or before 0 and ends at or beyond the last frame;
    `lead` bars come before bar 0 of the grid, then `full` full ones.
    """

    edges: Floats
    lead: int
    full: int

    @property
    def full_edges(self) -> NDArray[np.int64]:
        """Where the full bars start, and the end of the last [shape=(full + 1,), frames]."""
        return self.edges[self.lead : self.lead + self.full + 1].astype(np.int64)


def bars_of(grid: Beatgrid, audio: Audio) -> Bars:
    """Return the bars of a recording; the tempo goes on beyond the grid's ends."""
    inside = grid.bar_frames(audio.rate, audio.frames).astype(np.float64)
    before, after = [float(inside[0])], [float(inside[-1])]
    while before[-1] > 0.0:
        before.append(min(grid.bar_seconds(-len(before)) * audio.rate, before[-1] - 1.0))
    while after[-1] < audio.frames:
        after.append(max(grid.bar_seconds(len(inside) - 1 + len(after)) * audio.rate, after[-1] + 1.0))
    return Bars(np.concatenate([before[:0:-1], inside, after[1:]]), len(before) - 1, len(inside) - 1)


def gains_of(audio: Audio, bars: Bars, templates: Templates, layout: LoopLayout) -> Floats:
    """Return the gains of all bars [shape=(all bars, columns), linear amplitude].

    The full bars have those of the layout; in the others, which no layout knows, every loop gets what is there of the bar
    it would be in, by non-negative least squares, but never more than elsewhere.
    """
    gains = np.zeros((len(bars.edges) - 1, len(layout.owners)))
    gains[bars.lead : bars.lead + bars.full] = layout.columns
    most = layout.columns.max(axis=0)
    for i in [*range(bars.lead), *range(bars.lead + bars.full, len(gains))]:
        due = np.flatnonzero((i - bars.lead) % layout.periods == layout.phases)
        gains[i, due] = np.minimum(_gains_of_bar(audio, bars.edges[i], bars.edges[i + 1], templates, due), most[due])
    return gains


def _gains_of_bar(audio: Audio, start: float, end: float, templates: Templates, due: NDArray[np.int64]) -> Floats:
    heard = bar_magnitude(audio.samples, start, end, templates.steps, templates.size)
    centres = start + (np.arange(templates.steps) + 0.5) * (end - start) / templates.steps
    there = (centres >= 0.0) & (centres < audio.frames)
    if not there.any() or not due.size:
        return np.zeros(due.size)
    known = templates.magnitude[due][..., there].reshape(due.size, -1)
    found = non_negative(known @ known.T, known @ heard[..., there].reshape(-1, 1))
    return np.asarray(found[:, 0], dtype=np.float64)

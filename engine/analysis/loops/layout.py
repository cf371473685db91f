"""Bar cube -> layout: in which bars each loop plays, how loud, and after how many bars it repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from engine.analysis.loops.cube import Cube, bar_gram, weighted
from engine.analysis.loops.merge import fewer_recipes
from engine.analysis.loops.moves import Patterns, best_patterns
from engine.analysis.loops.ntd import Tucker, decompose
from engine.analysis.loops.patterns import Judge, columns
from engine.analysis.loops.start import first_patterns
from engine.model.audio import Progress, no_progress

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_AT_FIRST = 10
"""Columns that the search starts with, unless more loops are wanted."""
TRIED_BEYOND = 3
"""Numbers of columns tried after the best so far."""
LEVEL_ROUNDS = 3
UNHEARD = 0.05
"""Share of its own level under which a loop counts as off."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopLayout:
    """One column per bar of each loop.

    `columns` [shape=(bars, columns), linear amplitude, 1 is the loop's own level], and for each column [shape=(columns,)]
    `owners` the loop, `phases` which bar of the loop, `periods` the loop's length in bars.
    """

    columns: Floats
    owners: Ints
    phases: Ints
    periods: Ints

    @property
    def loops(self) -> int:
        """How many loops."""
        return int(self.owners.max()) + 1

    @property
    def loop_periods(self) -> tuple[int, ...]:
        """The length of each loop in bars."""
        return tuple(int(self.periods[self.owners == k][0]) for k in range(self.loops))

    def per_loop(self, values: Floats) -> Floats:
        """Add up what belongs to the same loop: [shape=(bars, columns)] -> [shape=(bars, loops)]."""
        return np.stack([values[:, self.owners == k].sum(axis=1) for k in range(self.loops)], axis=1)

    def activation(self) -> Floats:
        """Return how loud each loop is in each bar [shape=(bars, loops), linear amplitude]."""
        return self.per_loop(self.columns)


def find_layout(cube: Cube, loops: int | None, rng: np.random.Generator, progress: Progress = no_progress) -> LoopLayout:
    """Find the layout: patterns of zeros and ones, their levels by NTD, redundant loops merged.

    Parameters
    ----------
    cube : Cube [shape=(bars, rows, times)]
        Not silent, two bars or more.
    loops : int, optional
        How many to look for.
    rng : Generator
    progress : Progress

    Returns
    -------
    LoopLayout
        Its loops in order of entrance.
    """
    cells = weighted(cube)
    judge = Judge(bar_gram(cells), loops)
    patterns = patterns_of(judge, loops, rng, progress)
    progress(0.9)
    layout, owners, phases = columns(patterns)
    tucker = decompose(cells, _levels(judge, layout), rng)
    periods = np.array([pattern.period for pattern in patterns])[owners]
    found = LoopLayout(tucker.layout, owners, phases, periods)
    return by_entrance(_merged(tucker, found, at_least=loops or 1))


def patterns_of(judge: Judge, loops: int | None, rng: np.random.Generator, progress: Progress = no_progress) -> Patterns:
    """Return the 0/1 layout with the shortest description."""
    starts: list[Patterns] = []
    best, best_cost = 0, float("inf")
    most = max(loops or 0, MOST_AT_FIRST)
    for count in range(1, most + 1):
        progress(0.5 * count / most)
        start = first_patterns(judge, count, rng)
        if not start or count > max(best + TRIED_BEYOND, loops or 0):
            break
        starts.append(start)
        if judge.cost(start) < best_cost:
            best, best_cost = count, judge.cost(start)
    return best_patterns(judge, starts)


def _levels(judge: Judge, layout: Floats) -> Floats:
    """Return the power of each loop where it plays [shape=(bars, columns)], by least squares, in turns with the loops."""
    levels = layout.copy()
    for _ in range(LEVEL_ROUNDS):
        loops = judge.loops(levels)
        for bar, playing in enumerate(layout > 0.0):
            if playing.any():
                levels[bar, playing] = nnls(loops[playing].T, judge.root[bar])[0]
        levels /= own_level(levels)
    return levels


def own_level(levels: Floats) -> Floats:
    """Return each column's own level [shape=(columns,)]: the median of the bars where it is half as loud as ever, or louder."""
    loud = np.where(levels >= 0.5 * levels.max(axis=0), levels, np.nan)
    level = np.nanmedian(loud, axis=0)
    return np.asarray(np.where(level > 0.0, level, 1.0))


def _merged(tucker: Tucker, found: LoopLayout, at_least: int) -> LoopLayout:
    """Merge loops of one length that follow the same recipes; return the layout in linear amplitude."""
    periods = np.array(found.loop_periods)
    sounding = tucker.recipes()
    made: list[LoopLayout] = []
    for period in np.unique(periods):
        same = np.flatnonzero(periods == period)
        # [shape=(loops, phases, ...)]: the recipes and the power of each, zero for a bar that is never heard.
        recipes = np.zeros((len(same), period, sounding[0].size))
        power = np.zeros((len(same), period, len(tucker.layout)))
        for i, loop in enumerate(same):
            for column in np.flatnonzero(found.owners == loop):
                recipes[i, found.phases[column]] = sounding[column].ravel()
                power[i, found.phases[column]] = tucker.layout[:, column]
        spare = max(0, len(periods) - at_least)
        mixing = fewer_recipes(recipes.reshape(len(same), -1), max(1, len(same) - spare))
        made.append(_layout_of(np.einsum("lpb,ln->npb", power, mixing), int(period)))
    return _joined(made)


def _layout_of(power: Floats, period: int) -> LoopLayout:
    """Return the layout of loops of one length, from the power of their phases [shape=(loops, period, bars)]."""
    level = own_level(power.sum(axis=1).T)
    gains = np.sqrt(power / level[:, None, None])
    gains[gains < UNHEARD] = 0.0
    owners, phases = np.nonzero(gains.any(axis=2))
    return LoopLayout(gains[owners, phases].T, owners, phases, np.full(len(owners), period))


def _joined(made: Sequence[LoopLayout]) -> LoopLayout:
    offsets = np.cumsum([0, *(one.loops for one in made)])
    owners = [one.owners + offset for one, offset in zip(made, offsets, strict=False)]
    return LoopLayout(
        np.concatenate([one.columns for one in made], axis=1),
        np.concatenate(owners),
        np.concatenate([one.phases for one in made]),
        np.concatenate([one.periods for one in made]),
    )


def by_entrance(found: LoopLayout) -> LoopLayout:
    """Order the loops by when they are first heard; of equals the one heard longer comes first."""
    activation = found.activation()
    entrance = (activation > 0.0).argmax(axis=0)
    rank = np.empty(found.loops, dtype=np.int64)
    rank[np.lexsort((-activation.sum(axis=0), entrance))] = np.arange(found.loops)
    return LoopLayout(found.columns, rank[found.owners], found.phases, found.periods)

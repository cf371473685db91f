"""Patterns: in which bars a loop plays and after how many bars it repeats; and how well a set of them describes a song.

All judging is done on the inner products of the bars: given a layout A [bars x columns], the loops that fit best are
`pinv(A) X`, so residual and loops' products follow from `X X^T` alone, whatever the size of X.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Key = tuple[tuple[int, bytes], ...]

NOISE = 1e-3
"""Share of the energy that is not worth describing: loops whose powers do not quite add up leave about as much."""
PER_LOOP = 0.02
PER_SWITCH = 0.1
"""Price of a loop that goes on or off at every bar. Two bars that take turns are one loop of two bars."""
PER_OVERLAP = 0.1
"""Price of loops that share cells: what sounds alike in all of them is better one loop of its own."""
LONGEST = 8
"""Bars of the longest period."""
RANK = 32


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """`on` [shape=(bars,), 0 or 1] tells where a loop plays, `period` [bars] after how long it repeats.

    A loop of p bars plays its bar `b % p` in bar `b`.
    """

    on: Floats
    period: int = 1


def columns(patterns: Sequence[Pattern]) -> tuple[Floats, Ints, Ints]:
    """Return one layout column per bar of each loop.

    Returns
    -------
    layout : ndarray [shape=(bars, columns)]
        Columns that never play are left out.
    owners, phases : ndarray [shape=(columns,)]
        Which of the patterns a column belongs to, and which bar of its loop it is.
    """
    on = np.stack([pattern.on for pattern in patterns])
    periods = np.array([pattern.period for pattern in patterns])
    owners = np.repeat(np.arange(len(patterns)), periods)
    phases = np.arange(len(owners)) - np.repeat(np.cumsum(periods) - periods, periods)
    layout = on[owners] * (np.arange(on.shape[1]) % periods[owners, None] == phases[:, None])
    heard = layout.any(axis=1)
    return layout[heard].T, owners[heard], phases[heard]


class Judge:
    """Knows the bars' inner products, and tells what a set of patterns costs: a description length in nats per cell.

    `wanted` is the number of loops asked for, if any; every bar of a loop must be heard `rarest` times.
    """

    def __init__(self, gram: Floats, wanted: int | None = None, rarest: int = 1) -> None:
        values, vectors = np.linalg.eigh(gram)
        keep = np.argsort(-values)[:RANK]
        self.root: Floats = vectors[:, keep] * np.sqrt(values[keep].clip(0.0))
        """[shape=(bars, rank)], root @ root.T is the Gram matrix."""
        self.bars = len(gram)
        self.wanted, self.rarest = wanted, rarest
        self.known: dict[Key, float] = {}

    def loops(self, layout: Floats) -> Floats:
        """Return the best loops for a layout, as coordinates [shape=(columns, rank)]."""
        normal = layout.T @ layout
        normal[np.diag_indices_from(normal)] += 1e-9
        return np.asarray(np.linalg.solve(normal, layout.T @ self.root))

    def misfit(self, layout: Floats, sounding: Floats, bars: Ints) -> Floats:
        """Return how badly each choice of a layout's columns [shape=(ways, columns), 0 or 1] fits bars [shape=(ways, bars)]."""
        sums = sounding @ self.loops(layout)
        return np.asarray((sums**2).sum(axis=1)[:, None] - 2.0 * sums @ self.root[bars].T)

    def residual(self, layout: Floats) -> float:
        """Return the share of the energy that a layout leaves unexplained."""
        return max(0.0, 1.0 - float(np.sum((layout.T @ self.root) * self.loops(layout))))

    def cost(self, patterns: Sequence[Pattern]) -> float:
        """Return the description length; infinite for as many columns as bars, or too rare ones."""
        # Half of all moves lead where another has been.
        key = tuple(sorted((pattern.period, pattern.on.tobytes()) for pattern in patterns))
        if key not in self.known:
            self.known[key] = self.measured(patterns)
        return self.known[key]

    def measured(self, patterns: Sequence[Pattern]) -> float:
        """Return the description length, not yet known."""
        layout, owners, _ = columns(patterns)
        count = layout.shape[1]
        if count >= self.bars or layout.sum(axis=0).min() < self.rarest:
            return float("inf")
        loops = self.loops(layout)
        residual = max(0.0, 1.0 - float(np.sum((layout.T @ self.root) * loops)))
        products = np.abs(loops @ loops.T)
        overlap = float(products[owners[:, None] != owners].sum() / max(float(np.trace(products)), 1e-12))
        on = np.stack([pattern.on for pattern in patterns])
        switches = np.count_nonzero(on[:, 1:] != on[:, :-1]) / self.bars
        wrong_count = 0 if self.wanted is None else abs(len(patterns) - self.wanted)
        return float(
            0.5 * np.log(residual + NOISE)
            + 0.5 * count / self.bars * np.log(self.bars)
            + PER_LOOP * len(patterns)
            + PER_SWITCH * switches
            + PER_OVERLAP * overlap
            + 10.0 * wrong_count
        )


def choices(count: int) -> Floats:
    """Return all ways to have `count` things on or off [shape=(2 ** count, count)], all off first."""
    return ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(np.float64)

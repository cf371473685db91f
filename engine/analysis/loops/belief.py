"""Least squares that one loud bar cannot spoil: every cell of every bar is believed or doubted.

A cell is a band of frequencies for a short time, at the same place in every bar. Given a layout, it is fitted by weighted least
squares, and the weight of a bar falls with what is left of it there, as for errors of a Student's t distribution. All of it
needs only the bars' inner products.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Grams = NDArray[np.float32]
"""[shape=(cells, bars, bars)]"""
Weights = NDArray[np.float32]
"""[shape=(cells, bars)], 0 to 1."""

BELIEVED = 0.3
"""Share of the bars that every cell surely has right."""
DOUBT = 3.0
"""How many times what those bars miss halves the belief in a bar."""
RIDGE = 1e-3
SLIGHT = 3e-4
"""Share of the mean energy of a cell that may be left in any."""
ROUNDS = 4
"""How often fit and belief take turns to see what the bars agree on."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The cells fitted with a layout.

    `solution` [shape=(cells, columns, bars)] makes loops of bars, `left` [shape=(cells, bars)] is what each cell leaves of
    each bar.
    """

    solution: Grams
    left: Weights


def belief(left: Weights, floor: float) -> Weights:
    """Return how far to believe bars of which so much is left; `floor` is what may be left of any."""
    rank = int(BELIEVED * (left.shape[1] - 1))
    usual = np.partition(left, rank, axis=1)[:, rank, None] + np.float32(floor)
    return np.asarray(1.0 / (1.0 + left / (np.float32(DOUBT) * usual)), dtype=np.float32)


def fitted(grams: Grams, layout: Floats, weights: Weights, floor: float, rounds: int) -> Fit:
    """Fit every cell, in turns with the belief in it.

    Parameters
    ----------
    grams : ndarray [shape=(cells, bars, bars)]
    layout : ndarray [shape=(bars, columns)]
    weights : ndarray [shape=(cells, bars)]
        The belief to begin with.
    floor : float
        Energy that may be left in any cell.
    rounds : int > 0
    """
    a = layout.astype(np.float32)
    bars, count = a.shape
    squares = (a[:, :, None] * a[:, None, :]).reshape(bars, -1)
    heard = np.einsum("gbb->gb", grams)
    for _ in range(rounds):
        normal = (weights @ squares).reshape(-1, count, count)
        normal[:, np.arange(count), np.arange(count)] += np.float32(RIDGE)
        solution = np.linalg.inv(normal) @ (a.T[None] * weights[:, None, :])
        image = solution @ grams
        products = image @ solution.transpose(0, 2, 1)
        energy = products.reshape(len(products), -1) @ squares.T
        left = np.maximum(heard - 2.0 * np.einsum("bk,gkb->gb", a, image) + energy, 0.0)
        weights = belief(left, floor)
    return Fit(solution, left)


def disagreement(grams: Grams, layout: Floats) -> float:
    """Return the share of the energy that a layout leaves of the better half of the bars in every cell."""
    heard = np.einsum("gbb->gb", grams)
    floor = SLIGHT * float(heard.mean())
    left = fitted(grams, layout, np.ones(heard.shape, dtype=np.float32), floor, ROUNDS).left
    free = max(1.0 - layout.shape[1] / len(layout), 1.0 / len(layout))
    better = float(np.quantile(left, 0.5, axis=1).sum())
    return float(min(1.0, better / free / max(float(np.quantile(heard, 0.5, axis=1).sum()), 1e-30)))

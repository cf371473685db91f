"""How well patterns describe a song that also holds what does not repeat: every cell of every bar is believed or doubted.

Given a layout, each cell is fitted by least squares with weights, and the weight of a bar in a cell falls with what is left of
it there, as for errors of a Student's t distribution. A bar in which somebody sings then counts in the cells around the voice
and in those where the voice is silent. All of it needs only the cells' inner products.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.cells import Grams
from engine.analysis.loops.patterns import NOISE, PER_OVERLAP, PER_SWITCH, Floats, Judge, Pattern, columns

Weights = NDArray[np.float32]
"""[shape=(cells, bars)], 0 to 1."""

BELIEVED = 0.3
"""Share of the bars that every cell surely has right."""
DOUBT = 3.0
"""How many times what those bars miss halves the belief in a bar."""
FITS = 2
"""How often fit and belief take turns for one judgement."""
RAREST = 2
"""What is heard but once is no repeat."""
NEEDED = 0.003
"""Share of the mean energy of a cell at which a loop half counts as being described there."""
PER_LOOP = 0.005
"""Price of a loop, less than where cells do not already tell how little of the song it describes."""
RIDGE = 1e-3
DIRECTIONS = 2
"""Ways in which a new pattern may begin."""
FIRST_RANK = 4
FIRST_ROUNDS = 8
"""Directions that tell at first what to believe, and how often they follow it."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The cells fitted with a layout.

    `solution` [shape=(cells, columns, bars)] makes loops of bars; `image` is its product with the bars' inner products, and
    `products` [shape=(cells, columns, columns)] the inner products of the loops; `left` and `weights` [shape=(cells, bars)]
    what each cell leaves of each bar, and how far it is believed.
    """

    solution: Grams
    image: Grams
    products: Grams
    left: Weights
    weights: Weights


class DoubtingJudge(Judge):
    """A judge of patterns by what they leave in every cell; `weights` is where it begins."""

    def __init__(self, grams: Grams, weights: Weights, gram: Floats, wanted: int | None = None) -> None:
        super().__init__(gram / max(float(np.trace(gram)), 1e-300), wanted, RAREST)
        self.grams, self.weights = grams, weights
        self.heard = np.einsum("gbb->gb", grams).copy()
        self.mean = max(float(self.heard.mean()), 1e-30)

    def cost(self, patterns: Sequence[Pattern]) -> float:
        """Return the description length: the mean over all cells of the log of what is left, and the price of the patterns."""
        layout, owners, _ = columns(patterns)
        if layout.shape[1] >= self.bars or layout.sum(axis=0).min() < self.rarest:
            return float("inf")
        fit = self.fitted(layout, FITS)
        own = np.einsum("gkk->gk", fit.products)
        needed = float((own / (own + NEEDED * self.mean)).sum(axis=1).mean())
        on = np.stack([pattern.on for pattern in patterns])
        switches = np.count_nonzero(on[:, 1:] != on[:, :-1]) / self.bars
        wrong_count = 0 if self.wanted is None else abs(len(patterns) - self.wanted)
        products = np.abs(fit.products.sum(axis=0))
        overlap = float(products[owners[:, None] != owners].sum() / max(float(np.trace(products)), 1e-12))
        return float(
            0.5 * np.log(fit.left / self.mean + NOISE).mean()
            + 0.5 * needed / self.bars * np.log(self.bars)
            + PER_LOOP * len(patterns)
            + PER_SWITCH * switches
            + PER_OVERLAP * overlap
            + 10.0 * wrong_count
        )

    def misfit(self, layout: Floats, sounding: Floats, bars: NDArray[np.int64]) -> Floats:
        """Return how badly each choice of columns [shape=(ways, columns)] fits bars [shape=(ways, bars)], cell by cell."""
        fit = self.fitted(layout, FITS)
        ways = sounding.astype(np.float32)
        energy = (ways[:, :, None] * ways[:, None, :]).reshape(len(ways), -1) @ fit.products.reshape(len(fit.products), -1).T
        cost = np.empty((len(ways), len(bars)))
        for i, bar in enumerate(bars):
            left = self.heard[:, bar] - 2.0 * ways @ fit.image[:, :, bar].T + energy
            cost[:, i] = np.log(np.maximum(left, 0.0) / self.mean + NOISE).mean(axis=1)
        return cost

    def missing(self, layout: Floats) -> Floats:
        """Return how strongly each bar takes part in what a layout leaves and bars share [shape=(ways, bars), greatest 1]."""
        if layout.shape[1]:
            fit = self.fitted(layout, FITS)
            rest = np.eye(self.bars, dtype=np.float32) - layout.astype(np.float32) @ fit.solution
            grams, level = rest @ self.grams @ rest.transpose(0, 2, 1), fit.left
        else:
            grams, level = self.grams, self.heard
        # Every cell has its say, but none more than the others; what a bar shares with itself alone is no loop.
        scale = 1.0 / np.sqrt(level + NOISE * self.mean)
        shared = np.einsum("gb,gbc,gc->bc", scale, grams, scale, optimize=True).astype(np.float64)
        np.fill_diagonal(shared, 0.0)
        strengths = np.linalg.eigh(shared)[1][:, : -1 - DIRECTIONS : -1].T
        strongest = np.take_along_axis(strengths, np.abs(strengths).argmax(axis=1)[:, None], axis=1)
        return np.asarray(strengths / strongest)

    def fitted(self, layout: Floats, rounds: int) -> Fit:
        """Fit every cell, in turns with the belief in it."""
        a = layout.astype(np.float32)
        squares = (a[:, :, None] * a[:, None, :]).reshape(self.bars, -1)
        count, weights = a.shape[1], self.weights
        for _ in range(max(1, rounds)):
            normal = (weights @ squares).reshape(-1, count, count) + RIDGE * np.eye(count, dtype=np.float32)
            solution = np.linalg.inv(normal) @ (a.T[None] * weights[:, None, :])
            image = solution @ self.grams
            products = image @ solution.transpose(0, 2, 1)
            energy = products.reshape(len(products), -1) @ squares.T
            left = np.maximum(self.heard - 2.0 * (a.T[None] * image).sum(axis=1) + energy, 0.0)
            weights = self.belief(left)
        return Fit(solution, image, products, left, weights)

    def belief(self, left: Weights) -> Weights:
        """Return how far to believe what leaves so much."""
        usual = np.quantile(left, BELIEVED, axis=1, keepdims=True) + 0.3 * NOISE * self.mean
        return np.asarray(1.0 / (1.0 + left / (DOUBT * usual)), dtype=np.float32)

    def believing(self, layout: Floats, rounds: int = 6) -> "DoubtingJudge":
        """Return a judge for whom what it doubts is as the layout would have it."""
        fit = self.fitted(layout, rounds)
        gram = believed_gram(self.grams, fit.weights, layout.astype(np.float32)[None] @ fit.solution)
        return DoubtingJudge(self.grams, fit.weights, gram, self.wanted)


def first_judge(grams: Grams, wanted: int | None = None) -> DoubtingJudge:
    """Return a judge that knows no patterns yet: what few directions cannot tell it doubts."""
    bars = grams.shape[1]
    heard = np.einsum("gbb->gb", grams)
    distance = heard[:, :, None] + heard[:, None, :] - 2.0 * grams
    distance[:, np.arange(bars), np.arange(bars)] = np.inf
    near = np.partition(distance, 1, axis=2)[..., : min(2, bars - 1)].mean(axis=2) / 2.0
    judge = DoubtingJudge(grams, np.ones(heard.shape, dtype=np.float32), grams.sum(axis=0, dtype=np.float64), wanted)
    judge.weights = judge.belief(near)
    gram = np.einsum("gb,gbc,gc->bc", judge.weights, grams, judge.weights, optimize=True).astype(np.float64)
    for _ in range(FIRST_ROUNDS):
        directions = np.linalg.eigh(gram)[1][:, -FIRST_RANK:]
        fit = judge.fitted(directions, 1)
        judge.weights = fit.weights
        gram = believed_gram(grams, fit.weights, directions.astype(np.float32)[None] @ fit.solution)
    return DoubtingJudge(grams, judge.weights, gram, wanted)


def believed_gram(grams: Grams, weights: Weights, smoothing: Grams) -> Floats:
    """Return the inner products of bars in which every doubted cell is replaced by its fit."""
    made = (1.0 - weights)[:, :, None] * smoothing
    diagonal = np.arange(grams.shape[1])
    made[:, diagonal, diagonal] += weights
    return np.asarray((made @ grams @ made.transpose(0, 2, 1)).sum(axis=0), dtype=np.float64)


def disagreement(grams: Grams, layout: Floats) -> float:
    """Return the share of the energy that a layout leaves of the better half of the bars in every cell."""
    judge = DoubtingJudge(grams, np.ones(grams.shape[:2], dtype=np.float32), grams.sum(axis=0, dtype=np.float64))
    left = judge.fitted(layout, 2 * FITS).left
    free = max(1.0 - layout.shape[1] / len(layout), 1.0 / len(layout))
    better = float(np.quantile(left, 0.5, axis=1).sum())
    return float(min(1.0, better / free / max(float(np.quantile(judge.heard, 0.5, axis=1).sum()), 1e-30)))

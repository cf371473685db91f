"""First patterns: columns of zeros and ones that span the same space as the song's bars.

If the bars are `A L` with a binary layout A of K columns, A lies in the span of the K strongest eigenvectors of the bars'
inner products. K bars fix a vector in that span, so 2^K binary choices on these bars reach every candidate.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import qr

from engine.analysis.loops.patterns import PER_OVERLAP, Floats, Judge, Pattern, choices

CANDIDATES = 40
DRAWN_FROM = 25
"""Best candidates that a random start draws from."""
STARTS = 3
FAINTEST = 1e-5
"""Length of a direction that is but rounding; the whole song has 1."""


def first_patterns(judge: Judge, count: int, rng: np.random.Generator) -> list[Pattern]:
    """Return `count` patterns of one bar, or none if the bars have not that many different ones."""
    candidates = _candidates(judge, count)
    if len(candidates) < count:
        return []
    runs = [_swapped(judge, candidates, _greedy(judge, candidates, count))]
    for _ in range(STARTS - 1):
        drawn = rng.choice(min(len(candidates), DRAWN_FROM), count, replace=False)
        runs.append(_swapped(judge, candidates, [int(i) for i in drawn]))
    _, best = min(runs, key=lambda run: run[0])
    return [Pattern(candidates[i]) for i in best]


def _candidates(judge: Judge, count: int) -> Floats:
    """Return the binary columns nearest to the span of the `count` strongest directions [shape=(candidates, bars)]."""
    lengths = np.linalg.norm(judge.root, axis=0)
    if count > np.count_nonzero(lengths > FAINTEST):
        return np.empty((0, judge.bars))
    directions = judge.root[:, :count] / lengths[:count]
    _, _, pivots = qr(directions.T, pivoting=True, mode="economic")
    fixed = directions[pivots[:count]]
    if np.linalg.cond(fixed) > 1e9:
        return np.empty((0, judge.bars))
    reached = choices(count)[1:] @ np.linalg.solve(fixed.T, directions.T)
    binary = np.unique(reached > 0.5, axis=0).astype(np.float64)
    binary = binary[binary.any(axis=1)]
    distance = 1.0 - ((binary @ directions) ** 2).sum(axis=1) / binary.sum(axis=1)
    return np.asarray(binary[np.argsort(distance, kind="stable")[:CANDIDATES]])


def _costs(judge: Judge, candidates: Floats, trials: Sequence[Sequence[int]]) -> Floats:
    """Return what each choice of candidates costs [shape=(trials,)], all choices of the same number."""
    chosen = np.array(trials, dtype=np.int64)
    crossed = (candidates @ judge.root)[chosen]
    normal = (candidates @ candidates.T)[chosen[:, :, None], chosen[:, None, :]] + 1e-9 * np.eye(chosen.shape[1])
    loops = np.linalg.solve(normal, crossed)
    residual = np.maximum(0.0, 1.0 - (crossed * loops).sum(axis=(1, 2)))
    products = np.abs(loops @ loops.transpose(0, 2, 1))
    own = np.maximum(np.trace(products, axis1=1, axis2=2), 1e-12)
    return np.asarray(residual + PER_OVERLAP * (products.sum(axis=(1, 2)) - own) / own)


def _greedy(judge: Judge, candidates: Floats, count: int) -> list[int]:
    chosen: list[int] = []
    for _ in range(count):
        trials = [[*chosen, j] for j in range(len(candidates)) if j not in chosen]
        chosen = trials[int(_costs(judge, candidates, trials).argmin())]
    return chosen


def _swapped(judge: Judge, candidates: Floats, chosen: list[int]) -> tuple[float, list[int]]:
    """Exchange one candidate at a time while that helps."""
    best = float(_costs(judge, candidates, [chosen])[0])
    better = len(chosen) < len(candidates)
    while better:
        better = False
        for place in range(len(chosen)):
            trials = [[*chosen[:place], j, *chosen[place + 1 :]] for j in range(len(candidates)) if j not in chosen]
            costs = _costs(judge, candidates, trials)
            if costs.min() < best - 1e-9:
                best, chosen, better = float(costs.min()), trials[int(costs.argmin())], True
    return best, chosen

"""Sets of steps that share one sound, chosen by how well each is foretold from the others.

With G the inner products of the snippets at all steps, s the sum and D the trace of G over a set of c steps, the energy that
the mean of the others explains in each, summed up, is `J = [2 (s - D)(c - 1) - (c - 2) s - D] / (c - 1)^2` (leave-one-out):
it falls with every step that does not belong, so it needs no threshold, and no detector of onsets.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SEEDS = 200
"""Steps with the closest partners from which sets are grown."""
MOST_CHANGES = 4000


@numba.njit(cache=True)
def _explained(total: float, trace: float, count: int) -> float:
    if count < 2:
        return 0.0
    return (2.0 * (total - trace) * (count - 1) - (count - 2) * total - trace) / (count - 1) ** 2


@numba.njit(cache=True)
def grown(gram: Floats, start: Flags) -> tuple[float, Flags]:
    """Add or remove the one best step until the explained energy stops rising.

    Parameters
    ----------
    gram : ndarray [shape=(steps, steps)]
    start : ndarray of bool [shape=(steps,)]

    Returns
    -------
    explained : float
    chosen : ndarray of bool [shape=(steps,)], two or more unless it began with fewer
    """
    chosen = start.copy()
    sums = np.zeros(len(gram))
    trace, total, count = 0.0, 0.0, 0
    for member in np.flatnonzero(chosen):
        total += 2.0 * sums[member] + gram[member, member]
        sums += gram[member]
        trace += gram[member, member]
        count += 1
    best = _explained(total, trace, count)
    for _ in range(MOST_CHANGES):
        which, most = -1, best + 1e-9 * abs(best)
        for q in range(len(gram)):
            own = gram[q, q]
            if not chosen[q]:
                value = _explained(total + 2.0 * sums[q] + own, trace + own, count + 1)
            elif count > 2:
                value = _explained(total - 2.0 * sums[q] + own, trace - own, count - 1)
            else:
                continue
            if value > most:
                which, most = q, value
        if which < 0:
            break
        sign = -1.0 if chosen[which] else 1.0
        total += sign * 2.0 * sums[which] + gram[which, which]
        sums += sign * gram[which]
        trace += sign * gram[which, which]
        count += 1 if sign > 0.0 else -1
        chosen[which] = not chosen[which]
        best = most
    return best, chosen


@numba.njit(cache=True)
def _best_of(gram: Floats, seeds: NDArray[np.int64]) -> tuple[float, Flags]:
    best = 0.0
    chosen = np.zeros(len(gram), dtype=np.bool_)
    for seed in seeds:
        partner, closest = -1, 0.0
        for q in range(len(gram)):
            if q != seed and gram[seed, q] > closest:
                partner, closest = q, gram[seed, q]
        if partner < 0:
            continue
        start = np.zeros(len(gram), dtype=np.bool_)
        start[seed] = True
        start[partner] = True
        value, found = grown(gram, start)
        if value > best:
            best, chosen = value, found
    return best, chosen


def best_set(gram: Floats) -> tuple[float, Flags]:
    """Return the energy that the best set of steps explains, and the set [shape=(steps,)]; none: 0 and nothing chosen."""
    others = gram - np.diag(np.diag(gram))
    seeds = np.argsort(-others.max(axis=1), kind="stable")[:SEEDS]
    value, chosen = _best_of(gram, seeds)
    return float(value), chosen

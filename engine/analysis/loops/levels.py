"""How loud each loop is in every bar, given in which bars it plays."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from engine.analysis.loops.layout import LoopLayout, own_level
from engine.analysis.loops.stack import cut
from engine.analysis.loops.waveforms import Bed, fit_waveforms, solved
from engine.model.audio import Samples

Floats = NDArray[np.float64]

ROUNDS = 8
STEADY = 1e-4
"""Change of the gains at which they are found."""
NEARLY_ONE = 0.003
"""A gain so near to the loop's own level is the same."""
HARDLY = 32
"""A bar of which less than this part is there tells nothing."""
FAINT = 0.1
"""A loop quieter than this, in a bar that no layout knows, is off."""


def with_ends(even: Samples, bed: Bed, found: LoopLayout) -> tuple[Bed, int]:
    """Return the bed with the bars before the first and after the last of the layout, and how many come before.

    No layout knows these bars, often incomplete: every loop gets what is there of the bar it would be in.
    """
    period = float(np.polyfit(np.arange(len(bed.starts)), bed.starts, 1)[0])
    before = max(0, int(np.ceil(bed.starts[0] / period - 1e-3)))
    after = max(0, int(np.ceil((even.shape[1] - bed.starts[-1]) / period - 1e-3)) - 1)
    index = np.concatenate([np.arange(-before, 0), np.arange(1, after + 1)])
    outer = np.where(index < 0, bed.starts[0], bed.starts[-1]) + index * period
    outer = np.rint(outer) if not np.any(bed.starts % 1.0) else outer
    starts = np.concatenate([outer[:before], bed.starts, outer[before:]])
    bars = np.arange(-before, len(bed.starts) + after)
    due = (bars[:, None] % found.periods == found.phases).astype(np.float64)
    due[before : before + len(bed.starts)] = bed.gains > 0.0
    whole = replace(bed, starts=starts, gains=due)
    outside = np.concatenate([np.arange(before), np.arange(before + len(bed.starts), len(starts))])
    gains = _gains_outside(even, whole, fit_waveforms(even, bed, 0), outside, bed.gains.max(axis=0))
    gains[before : before + len(bed.starts)] = bed.gains
    return replace(whole, gains=gains), before


def _gains_outside(even: Samples, bed: Bed, waveforms: Samples, outside: NDArray[np.int64], most: Floats) -> Floats:
    gains = np.zeros_like(bed.gains)
    heads = waveforms[..., : bed.period]
    for bar in outside:
        start = round(bed.starts[bar])
        there = slice(max(0, -start), max(0, min(bed.period, even.shape[1] - start)))
        on = np.flatnonzero(bed.gains[bar])
        heard = even[:, start + there.start : start + there.stop]
        if not on.size or heard.shape[1] < bed.period // HARDLY:
            continue
        known = heads[on][..., there].reshape(on.size, -1)
        normal = (known @ known.T).astype(np.float64)
        root = np.linalg.cholesky(normal + 1e-4 * np.trace(normal) * np.eye(on.size) + 1e-20 * np.eye(on.size))
        found = nnls(root.T, np.linalg.solve(root, (known @ heard.ravel()).astype(np.float64)))[0]
        gains[bar, on] = np.where(found < FAINT, 0.0, np.minimum(found, most[on]))
    near = np.abs(gains - 1.0) < 10 * NEARLY_ONE
    return np.where(near, 1.0, gains)


def fit_levels(even: Samples, bed: Bed) -> Bed:
    """Return the bed with gains >= 0 where a loop plays, by turns of waveforms and gains on the whitened song."""
    rows = cut(even, bed.starts, bed.period)
    for _ in range(ROUNDS):
        waveforms = solved(rows, bed)
        gains = _gains(rows, waveforms, bed)
        change = float(np.abs(gains - bed.gains).max())
        bed = replace(bed, gains=gains)
        if change < STEADY:
            break
    return bed


def _gains(rows: Samples, waveforms: Samples, bed: Bed) -> Floats:
    """Return the gains bar by bar, by non-negative least squares on what the bar before leaves ringing."""
    columns = len(waveforms)
    heads = waveforms[..., : bed.period].reshape(columns, -1)
    ringing = bed.length - bed.period
    tails = waveforms[..., bed.period :].reshape(columns, -1)
    products = (heads @ heads.T).astype(np.float64)
    gains = np.zeros_like(bed.gains)
    for bar, row in enumerate(rows):
        on = np.flatnonzero(bed.gains[bar])
        if not on.size:
            continue
        heard = row.copy()
        if bar:
            heard[:, :ringing] -= (gains[bar - 1].astype(np.float32) @ tails).reshape(heard.shape[0], ringing)
        crossed = (heads[on] @ heard.ravel()).astype(np.float64)
        normal = products[np.ix_(on, on)]
        root = np.linalg.cholesky(normal + 1e-9 * np.trace(normal) * np.eye(on.size))
        gains[bar, on] = nnls(root.T, np.linalg.solve(root, crossed))[0]
    gains /= own_level(gains)
    near = np.abs(gains - 1.0) < NEARLY_ONE
    return np.where(near, 1.0, gains)

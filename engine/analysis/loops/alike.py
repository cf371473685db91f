"""Loops that are one: the same waveform found twice, loud here and soft there, is one loop at two levels."""

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.layout import LoopLayout, own_level
from engine.model.audio import Samples

Floats = NDArray[np.float64]

ALIKE = 0.97
"""Correlation of two waveforms from which on they are the same."""


def united(found: LoopLayout, waveforms: Samples) -> LoopLayout:
    """Return a layout in which loops of the same waveform are one loop at several levels.

    Parameters
    ----------
    found : LoopLayout
    waveforms : ndarray [shape=(columns, ...)]
    """
    flat = waveforms.reshape(len(waveforms), -1)
    products = (flat @ flat.T).astype(np.float64)
    for one in range(found.loops):
        for other in range(one + 1, found.loops):
            ratio = _ratio(found, products, one, other)
            if ratio > 0.0:
                return united(*_joined(found, waveforms, one, other, ratio))
    return found


def _ratio(found: LoopLayout, products: Floats, one: int, other: int) -> float:
    """Return how loud the other loop is in units of the one, 0 if they are not alike."""
    ours, theirs = np.flatnonzero(found.owners == one), np.flatnonzero(found.owners == other)
    if found.phases[ours].tolist() != found.phases[theirs].tolist() or found.loop_periods[one] != found.loop_periods[other]:
        return 0.0
    own, their = products[ours, ours].sum(), products[theirs, theirs].sum()
    both = products[ours, theirs].sum()
    alike = both / max(float(np.sqrt(own * their)), 1e-30)
    return float(both / own) if alike > ALIKE else 0.0


def _joined(found: LoopLayout, waveforms: Samples, one: int, other: int, ratio: float) -> tuple[LoopLayout, Samples]:
    ours, theirs = np.flatnonzero(found.owners == one), np.flatnonzero(found.owners == other)
    columns = found.columns.copy()
    columns[:, ours] += ratio * columns[:, theirs]
    columns[:, ours] /= own_level(columns[:, ours].max(axis=1, keepdims=True))
    kept = np.setdiff1d(np.arange(len(found.owners)), theirs)
    owners = found.owners[kept] - (found.owners[kept] > other)
    return LoopLayout(columns[:, kept], owners, found.phases[kept], found.periods[kept]), waveforms[kept]

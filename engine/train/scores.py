"""How good weights are on mixtures that they never saw, beside the built-in separator, and how far they are to be trusted.

What a network learnt of made-up songs it is too sure of in real ones. So of the correction that it gives to its guide only a
share is kept: the one that does best on songs that were kept from training (as shrinkage in statistics does).
"""

from collections.abc import Callable, Sequence

import numpy as np

from engine.analysis.stems.small_net import SOURCES, Shape, Weights, shares, widths
from engine.model.audio import Samples
from engine.train.batches import Batch, beside, mixture, pairs_of

FIRST = 1_000_000
"""Songs from this number on are not trained on."""
COUNT, FRAMES = 16, 256
SILENT = 1e-3
"""Of the mixture's power: what lies below it counts as not being there."""
KEPT = (0.0, 0.25, 0.5, 0.75, 1.0)
Table = dict[str, dict[str, float | None]]


def unseen(make: Callable[[int], Samples], seed: int) -> list[Batch]:
    """Return mixtures that no training meets."""
    songs = [make(FIRST + i) for i in range(COUNT)]
    return [mixture(songs, seed, FIRST + i, FRAMES, guided=True) for i in range(COUNT)]


def trusted(weights: Weights, shape: Shape, mixtures: Sequence[Batch]) -> float:
    """Return which share of its correction makes a guided network best: the mean SDR over all sources that are heard."""
    if not shape.guided:
        return 1.0
    return max(KEPT, key=lambda kept: float(np.nanmean(by_network(kept_back(weights, kept), shape, mixtures))))


def kept_back(weights: Weights, kept: float) -> Weights:
    """Return weights that give only a share of their correction to the guide."""
    changed = {"masks": weights["masks"] * np.float32(kept), "bias": weights["bias"] * np.float32(kept)}
    if "trust" in weights:
        changed["trust"] = 1 + np.float32(kept) * (weights["trust"] - 1)
    return {**weights, **changed}


def scores(weights: Weights, shape: Shape, mixtures: Sequence[Batch]) -> Table:
    """Return the SDR of drums, bass, vocals and other in dB, means over those mixtures in which each is heard."""
    whole = np.eye(SOURCES, dtype=np.float32)[:, :, None, None, None]
    return {
        "small": told(by_network(weights, shape, mixtures)),
        "built-in": told(np.array([sdr(one, whole) for one in mixtures])),
    }


def by_network(weights: Weights, shape: Shape, mixtures: Sequence[Batch]) -> Samples:
    """Return the SDR of each source in each mixture [shape=(mixtures, 4)]."""
    return np.array([sdr(one, shared_out(weights, shape, one)) for one in mixtures])


def shared_out(weights: Weights, shape: Shape, of: Batch) -> Samples:
    """Return how the network shares each part out [shape=(4, 4, 2, frames, CELLS)]: all alike."""
    heard = beside(of).parts[: 1 + SOURCES * shape.guided].reshape(shape.heard, of.parts.shape[-2], -1)
    found = shares(weights, shape, np.asarray(heard / widths(), dtype=np.float32))
    return np.repeat(found[:, None], SOURCES, axis=1)


def sdr(of: Batch, shared: Samples) -> Samples:
    """Return the SDR of each source in dB for shares of the parts; not a number where it is not heard [shape=(4,)]."""
    error = of.sources - 2 * (shared * of.shared).sum(axis=1)
    for k, (i, j) in enumerate(pairs_of(SOURCES)):
        error = error + shared[:, i] * shared[:, j] * of.parts[k]
    power, left = of.sources.sum(axis=(1, 2, 3)), np.maximum(error.sum(axis=(1, 2, 3)), 1e-9)
    silent = power <= SILENT * of.parts.sum()
    return np.asarray(10 * np.log10(np.where(silent, np.nan, power) / left), dtype=np.float32)


def told(found: Samples) -> dict[str, float | None]:
    """Return means over mixtures by the sources' names; None for what was heard in none."""
    names = ("drums", "bass", "vocals", "other")
    heard = [column[np.isfinite(column)] for column in found.T]
    return {name: round(float(x.mean()), 2) if x.size else None for name, x in zip(names, heard, strict=True)}

"""The bars' inner products, cell by cell: a cell is a band of frequencies for a short time, at the same place in every bar.

A voice or an effect spoils some cells of some bars and leaves the others exact, so what repeats is judged cell by cell.
"""

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.analysis.loops.belief import Grams
from engine.analysis.loops.stack import cut
from engine.dsp.spectra import window
from engine.model.audio import Samples

Floats = NDArray[np.float64]

SIZE = 2048
"""Samples of the window at 44.1 kHz; half of it is the hop."""
BANDS = 12
JOINED = 3
"""Frames that make a cell."""


def cell_grams(even: Samples, starts: Floats, period: int, rate: int) -> Grams:
    """Return the inner products of the bars in every cell, of the mean of the channels.

    Parameters
    ----------
    even : ndarray [shape=(channels, frames)]
        The whitened song.
    starts : ndarray [shape=(bars,), frames]
    period : int, frames
    rate : int, Hz
    """
    size = 1 << max(6, round(np.log2(SIZE * rate / 44_100)))
    hop = size // 2
    rows = cut(even.mean(axis=0, keepdims=True), starts - hop // 2, period + size)[:, 0]
    edges = _edges(size)
    grams = []
    for first in range(0, max(1, period // hop), JOINED):
        at = np.arange(first, min(first + JOINED, max(1, period // hop))) * hop
        frames = np.stack([rows[:, start : start + size] for start in at], axis=1)
        spectra = fft.rfft(frames * window(size), axis=-1)
        for low, high in itertools.pairwise(edges):
            cell = spectra[..., low:high].reshape(len(rows), -1)
            grams.append(cell.real @ cell.real.T + cell.imag @ cell.imag.T)
    return np.stack(grams)


def _edges(size: int) -> NDArray[np.int64]:
    """Return where the bands begin and end [bins], each wider than the one below."""
    return np.unique(np.rint(np.geomspace(2, size // 2 + 1, BANDS + 1)).astype(np.int64))

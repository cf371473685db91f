"""Which bar shows a loop best: activation x share of the soft mask (Smith & Goto, ICASSP 2018)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def best_bars(activation: Floats, energy: Floats, periods: Sequence[int]) -> tuple[int, ...]:
    """Return for each loop the bar that one period of it is cut from.

    Parameters
    ----------
    activation : ndarray [shape=(bars, loops), linear amplitude]
    energy : ndarray [shape=(bars, loops)]
        How much of each bar's energy the soft mask gives to each loop.
    periods : sequence of int, bars

    Returns
    -------
    tuple of int
        A period starts there that is whole, and where the loop's own bar 0 sounds, as far as the song tells: where it
        usually enters.
    """
    share = energy / np.maximum(energy.sum(axis=1, keepdims=True), 1e-30)
    worth = activation * share
    return tuple(_best_bar(worth[:, k], activation[:, k], period) for k, period in enumerate(periods))


def _best_bar(worth: Floats, activation: Floats, period: int) -> int:
    starts = np.arange(len(worth) - period + 1)
    sums = np.convolve(worth, np.ones(period), mode="valid")
    aligned = starts[(starts - _entrance(activation, period)) % period == 0]
    # The whole of a long loop must sound: a bar with only half of it is worth less than its sum says.
    whole = np.array([float(np.min(activation[b : b + period] > 0.0)) for b in aligned])
    return int(aligned[np.argmax(sums[aligned] * (0.1 + whole))])


def _entrance(activation: Floats, period: int) -> int:
    """Return the phase in the period [bars] in which a loop enters most often; the earliest of equals."""
    on = activation > 0.0
    enters = np.flatnonzero(on & ~np.concatenate([[False], on[:-1]]))
    return int(np.bincount(enters % period, minlength=period).argmax())

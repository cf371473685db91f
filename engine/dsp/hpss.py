"""Harmonic or percussive? By running medians over the magnitude spectrogram.

What lasts is a horizontal line, what strikes a vertical one. A median along the time axis keeps the lines and drops the
strikes, a median along the frequency axis does the opposite; the two together make a soft mask (Fitzgerald, "Harmonic/
percussive separation using median filtering", DAFx 2010). What counts as lasting depends on the length of the window.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Magnitude = NDArray[np.float32]


def odd(length: float) -> int:
    """Return the odd whole number nearest to a kernel's length (the upper one of two), 3 or more."""
    return max(3, 2 * int(length / 2) + 1)


def running_median(x: Magnitude, length: int, axis: int) -> Magnitude:
    """Return the median of `length` (odd) neighbours around each value; beyond an end, the values are mirrored.

    All rows go through scipy's one-dimensional filter as one long row, kept apart by their mirrored ends: an order of magnitude
    faster than its filter for more dimensions.
    """
    rows = np.moveaxis(x, axis, -1)
    half = length // 2
    padded = np.pad(rows, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="symmetric")
    medians = ndimage.median_filter(padded.ravel(), length).reshape(padded.shape)
    return np.moveaxis(medians[..., half:-half], -1, axis)


def harmonic_share(magnitude: Magnitude, frames: int, bins: int) -> Magnitude:
    """Return how much of each bin lasts; the rest, 1 minus it, strikes.

    Parameters
    ----------
    magnitude : ndarray [shape=(bins, frames), float32]
    frames, bins : int, odd
        Lengths of the medians over time and over frequency.

    Returns
    -------
    ndarray [shape=(bins, frames), float32, within 0..1]
        The Wiener mask of the two medians; 0.5 where both are silent.
    """
    lasting = running_median(magnitude, frames, axis=1) ** 2
    striking = running_median(magnitude, bins, axis=0) ** 2
    tiny = np.float32(1e-20)
    return np.asarray((lasting + tiny) / (lasting + striking + 2 * tiny), dtype=np.float32)

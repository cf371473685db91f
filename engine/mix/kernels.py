"""The inner loops of mixing, compiled: no allocation, no lock, no GIL.

Sums are taken in float64, so that sources of up to 24 bits add up to the very samples of the song. Every frame is computed by
itself: where a block is cut changes no bit.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.dsp.fades import Glides, glide_to, multiply_glide
from engine.mix.addresses import SOURCE_GAIN, SOURCE_MUTE, SOURCE_SOLO
from engine.model.audio import Samples

LONGEST: Final = 8192
"""The most frames that are mixed in one go; scratch is this long."""

Bus = NDArray[np.float64]
Buses = NDArray[np.float64]
Names = NDArray[np.int64]
Peaks = NDArray[np.float64]

NO_TAPS = np.zeros((0, 2, 0), dtype=np.float32)


@njit(cache=True, nogil=True)
def mix(
    samples: Samples,
    position: int,
    n: int,
    sources: Glides,
    common: Glides,
    length: int,
    levels: Bus,
    buses: Buses,
    to: Names,
    at: int,
    taps: Samples,
    names: Names,
    tap_at: int,
    peaks: Peaks,
    bare: bool,  # noqa: FBT001 - a kernel takes no keywords
) -> None:
    """Add `n` frames of every source, at its level, to its bus.

    Parameters
    ----------
    samples : ndarray [shape=(sources, 1 or 2, frames), float32]
        Read from `position` on; what lies outside is silence.
    sources, common : ndarray [shape=(sources, 4)], [shape=(any, 4)]
        Glides of `length` frames: one per source, and those that act on all of them. Aged by `n`.
    levels : ndarray [shape=(2, at least n)]
        Scratch.
    buses : ndarray [shape=(any, 2, frames), float64]
        Added to from frame `at` on.
    to : ndarray [shape=(names,)]
        Which of the buses each name goes to.
    taps : ndarray [shape=(names or 0, 2, frames), float32]
        What each source gives to the bus is added from frame `tap_at` on.
    names : ndarray [shape=(sources,)]
        Which name each source has: its place in `to`, among the taps and the peaks.
    peaks : ndarray [shape=(names,), linear]
        Raised to the highest sample that each source gives.
    bare : bool
        Taps are given each source before its own level, at the common ones.
    """
    first, last = min(max(0, -position), n), min(max(0, samples.shape[2] - position), n)
    levels[0, :n] = 1.0
    for row in common:
        multiply_glide(row, length, levels[0], n)
    for k in range(samples.shape[0]):
        levels[1, :n] = levels[0, :n]
        multiply_glide(sources[k], length, levels[1], n)
        level, peak = levels[1, first:last], peaks[names[k]]
        for c in range(2):
            source = samples[k, min(c, samples.shape[1] - 1), position + first : position + last]
            side = buses[to[names[k]], c, at + first : at + last]
            for i in range(last - first):
                share = level[i] * source[i]
                side[i] += share
                peak = max(peak, abs(share))
            if taps.shape[0] > 0:
                tap = taps[names[k], c, tap_at + first : tap_at + last]
                heard = levels[0, first:last] if bare else level
                for i in range(last - first):
                    tap[i] += heard[i] * source[i]
        peaks[names[k]] = peak


@njit(cache=True, nogil=True)
def aim(values: Bus, names: Names, sources: Glides, length: int) -> None:
    """Turn a bank's glides to what gain, mute and solo [shape=(names, any)] say; at once with `length` 0."""
    soloed = False
    for name in names:
        soloed = soloed or values[name, SOURCE_SOLO] != 0.0
    for k in range(names.size):
        name = names[k]
        heard = values[name, SOURCE_MUTE] == 0.0 and (values[name, SOURCE_SOLO] != 0.0 or not soloed)
        glide_to(sources[k], 10.0 ** (values[name, SOURCE_GAIN] / 20.0) if heard else 0.0, length)


@njit(cache=True, nogil=True)
def fade(bus: Bus, n: int, faders: Glides, length: int, levels: Bus, out: Bus, taps: Samples, tap_at: int) -> None:
    """Add `n` frames of a deck's bus to `out` at the level of its faders; bring its taps to it, too."""
    levels[0, :n] = 1.0
    for row in faders:
        multiply_glide(row, length, levels[0], n)
    for c in range(2):
        for i in range(n):
            out[c, i] += levels[0, i] * bus[c, i]
        for k in range(taps.shape[0]):
            for i in range(n):
                taps[k, c, tap_at + i] *= levels[0, i]


@njit(cache=True, nogil=True)
def scale(bus: Bus, n: int, row: Glides, length: int, levels: Bus) -> None:
    """Multiply `n` frames of the bus by a glide."""
    levels[0, :n] = 1.0
    multiply_glide(row, length, levels[0], n)
    for c in range(2):
        for i in range(n):
            bus[c, i] *= levels[0, i]

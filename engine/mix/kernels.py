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
    bus: Bus,
    at: int,
    taps: Samples,
    tap_at: int,
) -> None:
    """Add `n` frames of every source, at its level, to the bus.

    Parameters
    ----------
    samples : ndarray [shape=(sources, 1 or 2, frames), float32]
        Read from `position` on; what lies outside is silence.
    sources, common : ndarray [shape=(sources, 4)], [shape=(any, 4)]
        Glides of `length` frames: one per source, and those that act on all of them. Aged by `n`.
    levels : ndarray [shape=(2, at least n)]
        Scratch.
    bus : ndarray [shape=(2, frames), float64]
        Added to from frame `at` on.
    taps : ndarray [shape=(sources or 0, 2, frames), float32]
        What each source gives to the bus is written from frame `tap_at` on.
    """
    first, last = min(max(0, -position), n), min(max(0, samples.shape[2] - position), n)
    levels[0, :n] = 1.0
    for row in common:
        multiply_glide(row, length, levels[0], n)
    for k in range(samples.shape[0]):
        levels[1, :n] = levels[0, :n]
        multiply_glide(sources[k], length, levels[1], n)
        level = levels[1, first:last]
        for c in range(2):
            source = samples[k, min(c, samples.shape[1] - 1), position + first : position + last]
            side = bus[c, at + first : at + last]
            for i in range(last - first):
                side[i] += level[i] * source[i]
            if k < taps.shape[0]:
                tap = taps[k, c, tap_at + first : tap_at + last]
                for i in range(last - first):
                    tap[i] = level[i] * source[i]


@njit(cache=True, nogil=True)
def aim(values: Bus, sources: Glides, length: int) -> None:
    """Turn the sources' glides to what gain, mute and solo [shape=(sources, 3)] say; at once with `length` 0."""
    soloed = values[:, SOURCE_SOLO].any()
    for k in range(values.shape[0]):
        heard = values[k, SOURCE_MUTE] == 0.0 and (values[k, SOURCE_SOLO] != 0.0 or not soloed)
        glide_to(sources[k], 10.0 ** (values[k, SOURCE_GAIN] / 20.0) if heard else 0.0, length)


@njit(cache=True, nogil=True)
def scale(bus: Bus, n: int, row: Glides, length: int, levels: Bus) -> None:
    """Multiply `n` frames of the bus by a glide."""
    levels[0, :n] = 1.0
    multiply_glide(row, length, levels[0], n)
    for c in range(2):
        for i in range(n):
            bus[c, i] *= levels[0, i]

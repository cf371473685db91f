"""What a meter shows: peak and RMS since the last reading, and momentary loudness.

Momentary loudness is that of the last 400 ms (ITU-R BS.1770-5, EBU Tech 3341), brought up to date every 100 ms, with the very
filters of `engine.dsp.loudness`.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.dsp.levels import db_of_gain
from engine.dsp.loudness import STEP_SECONDS, STEPS_PER_BLOCK, Biquad, lufs, weighted_energy
from engine.model.audio import Samples

Bus = NDArray[np.float64]
Sums = NDArray[np.float64]

PEAK, SQUARES, COUNT = range(3)

TINY: Final = 1e-30

PLACES: Final = STEPS_PER_BLOCK + 1
"""Of the ring: the complete steps that are heard, and the one under way."""

FILLED: Final = PLACES
STEPS: Final = PLACES + 1
"""After the energies: frames that the step under way has, and how many steps are complete."""


def level_sums() -> Sums:
    """Return what `gather` writes to [shape=(3,)]: peak, sum of squares, number of samples."""
    return np.zeros(3)


@njit(cache=True, nogil=True)
def gather(bus: Bus | Samples, at: int, n: int, sums: Sums) -> None:
    """Take `n` frames of a bus [shape=(2, frames)] from frame `at` on; both channels count alike."""
    for c in range(2):
        for i in range(at, at + n):
            value = float(bus[c, i])
            sums[PEAK] = max(sums[PEAK], abs(value))
            sums[SQUARES] += value * value
    sums[COUNT] += 2 * n


def read_levels(sums: Sums) -> tuple[float, float]:
    """Return peak and RMS in dBFS since the last reading, and begin anew."""
    peak, square = float(sums[PEAK]), float(sums[SQUARES]) / max(1.0, float(sums[COUNT]))
    sums[:] = 0.0
    return db_of_gain(peak), db_of_gain(square**0.5)


def step_frames(rate: int) -> int:
    """Return the length in frames of a step of momentary loudness."""
    return max(1, round(STEP_SECONDS * rate))


def loudness_ring() -> NDArray[np.float64]:
    """Return what `gather_loudness` writes to [shape=(PLACES + 2,)]: energies of steps, frames of the last one, steps."""
    return np.zeros(PLACES + 2)


@njit(cache=True, nogil=True)
def gather_loudness(
    bus: Bus | Samples, at: int, n: int, filters: Biquad, state: NDArray[np.float64], ring: NDArray[np.float64], step: int
) -> None:
    """Take `n` frames of a bus [shape=(2, frames)] from frame `at` on.

    `filters` is `k_weighting(rate)`, `state` [shape=(2, 2, 2)] the filters' memory, `ring` a `loudness_ring`, `step` the
    `step_frames`.
    """
    done = 0
    while done < n:
        piece = min(n - done, step - int(ring[FILLED]))
        ring[int(ring[STEPS]) % PLACES] += weighted_energy(bus[:, at + done : at + done + piece], filters, state)
        ring[FILLED] += piece
        done += piece
        if ring[FILLED] == step:
            _next_step(state, ring)


@njit(cache=True, nogil=True)
def _next_step(state: NDArray[np.float64], ring: NDArray[np.float64]) -> None:
    """Begin a step in the place of the oldest; denormal numbers, which would make silence slow, become 0."""
    ring[FILLED] = 0.0
    ring[STEPS] += 1.0
    ring[int(ring[STEPS]) % PLACES] = 0.0
    for c in range(state.shape[0]):
        for f in range(state.shape[1]):
            for k in range(state.shape[2]):
                if abs(state[c, f, k]) < TINY:
                    state[c, f, k] = 0.0


def momentary_lufs(ring: NDArray[np.float64], step: int) -> float | None:
    """Return the loudness of the last 400 ms that are complete to 100 ms, in LUFS; None for silence and before 400 ms."""
    if ring[STEPS] < STEPS_PER_BLOCK:
        return None
    heard = float(ring[:PLACES].sum() - ring[int(ring[STEPS]) % PLACES])
    return lufs(max(0.0, heard) / (STEPS_PER_BLOCK * step))

"""Glides: how a gain gets from one level to another without a click.

A glide is a cubic over a fixed number of frames that starts with the level and the slope that the gain has and ends flat at
the target, so that the curve has no corner, even when a new target arrives in the middle of a glide. It depends on its age in
frames alone: cutting it into blocks anywhere changes no bit. Afterwards the level *is* the target.

A glide is a row of four float64: start, slope per frame, target, age in frames; many of them are a matrix
[shape=(glides, 4)]. Functions here are numba kernels and change rows in place, since the audio path may not allocate.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Glides = NDArray[np.float64]

START, SLOPE, TARGET, AGE = range(4)

GLIDE_SECONDS = 0.01
"""How long a change takes."""


def glides(levels: NDArray[np.float64]) -> Glides:
    """Return glides at rest at the given linear levels [shape=(n,)]."""
    rows = np.zeros((levels.size, 4))
    rows[:, START] = rows[:, TARGET] = levels
    rows[:, AGE] = np.inf
    return rows


@njit(cache=True, nogil=True)
def glide_level(row: Glides, length: int) -> float:
    """Return the linear level of a glide of `length` frames at its age."""
    if row[AGE] >= length:
        return float(row[TARGET])
    u = row[AGE] / length
    way = row[TARGET] - row[START]
    return float(row[START] + u * u * (3.0 - 2.0 * u) * way + row[SLOPE] * length * u * (1.0 - u) ** 2)


@njit(cache=True, nogil=True)
def glide_to(row: Glides, target: float, length: int) -> None:
    """Turn a glide to a new target from where it is; with `length` 0 it is there at once."""
    if length == 0:
        row[START], row[SLOPE], row[TARGET], row[AGE] = target, 0.0, target, np.inf
        return
    if target == row[TARGET]:
        return
    level, slope = glide_level(row, length), 0.0
    if row[AGE] < length:
        u = row[AGE] / length
        way = row[TARGET] - row[START]
        slope = 6.0 * u * (1.0 - u) * way / length + row[SLOPE] * (1.0 - u) * (1.0 - 3.0 * u)
    row[START], row[SLOPE], row[TARGET], row[AGE] = level, slope, target, 0.0


@njit(cache=True, nogil=True)
def multiply_glide(row: Glides, length: int, levels: NDArray[np.float64], n: int) -> None:
    """Multiply the first `n` of `levels` by a glide and age it by `n` frames."""
    gliding = int(min(max(length - row[AGE], 0.0), n))
    for i in range(gliding):
        levels[i] *= glide_level(row, length)
        row[AGE] += 1.0
    rest = row[TARGET]
    if rest != 1.0:
        for i in range(gliding, n):
            levels[i] *= rest

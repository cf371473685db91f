"""A three-band isolator: every band can be turned up, down, or off, and at rest it is not there.

The crossovers are those of Linkwitz and Riley (S. Linkwitz, "Active crossover networks for noncoincident drivers", JAES 24(1),
1976): a Butterworth low-pass used twice, whose sum with its high-pass is an all-pass. Here that all-pass is computed and the
high band is what the low band lacks to it. The low band goes through the second crossover's all-pass, so that all three are
in phase and sum to an all-pass. The order is 8: order 4 leaves -24.4 dB one octave into a killed band, order 8 -48.1 dB.

A glide, `wet`, fades from the untouched signal to the filtered one when a band leaves 1.0, and back when all have come to rest
at 1.0; from then on no sample is touched. Everything goes frame by frame: where a block is cut changes no bit.
"""

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.dsp.fades import AGE, TARGET, Glides, glide_level, glide_to

LOW_HZ: Final = 250.0
HIGH_HZ: Final = 2500.0

WET_SECONDS: Final = 0.02
"""How long the filters fade in and out."""

ORDER: Final = 8
"""Of the crossovers: 4 or 8, so that both bands are in phase."""

TINY: Final = 1e-30
"""Added to what goes into a recursive filter (-600 dBFS), so that silence does not end in slow denormal numbers."""

LOW_PASS: Final = ORDER // 2
ALL_PASS: Final = ORDER // 4
SECTIONS: Final = LOW_PASS + ALL_PASS

Sections = NDArray[np.float64]
State = NDArray[np.float64]
Bus = NDArray[np.float64]


def isolator_coefficients(rate: int) -> Sections:
    """Return both crossovers [shape=(2, SECTIONS, 5)]: biquads b0 b1 b2 a1 a2, the low-pass first, then the all-pass.

    Bilinear transform, exact at the crossover; `rate` in Hz is over twice the upper one.
    """
    return np.array([_crossover(hz, rate) for hz in (LOW_HZ, HIGH_HZ)])


def isolator_state() -> State:
    """Return the memory of an isolator [shape=(2 channels, 3 chains, SECTIONS, 2)]: each crossover's, and the low band's."""
    return np.zeros((2, 3, SECTIONS, 2))


def _crossover(hz: float, rate: int) -> list[list[float]]:
    g = math.tan(math.pi * hz / rate)
    low, through = [], []
    for pole in range(ALL_PASS):
        damping = 2.0 * math.sin(math.pi * (2 * pole + 1) / ORDER)  # 1 / Q of Butterworth's pole pairs
        a0 = 1.0 + g * damping + g * g
        a1, a2 = 2.0 * (g * g - 1.0) / a0, (1.0 - g * damping + g * g) / a0
        low += 2 * [[g * g / a0, 2.0 * g * g / a0, g * g / a0, a1, a2]]
        through.append([a2, a1, 1.0, a1, a2])
    return low + through


@njit(cache=True, nogil=True)
def _chain(x: float, sections: Sections, state: State, first: int, last: int) -> float:
    """Send a sample through some of a crossover's biquads (transposed direct form II)."""
    for s in range(first, last):
        y = sections[s, 0] * x + state[s, 0]
        state[s, 0] = sections[s, 1] * x - sections[s, 3] * y + state[s, 1]
        state[s, 1] = sections[s, 2] * x - sections[s, 4] * y
        x = y
    return x


@njit(cache=True, nogil=True)
def _isolated(x: float, coefficients: Sections, state: State, low: float, mid: float, high: float) -> float:
    """Return a sample of the sum of the bands at their gains; `state` [shape=(3, SECTIONS, 2)] is one channel's."""
    x += TINY
    lows = _chain(x, coefficients[0], state[0], 0, LOW_PASS)
    rest = _chain(x, coefficients[0], state[0], LOW_PASS, SECTIONS) - lows + TINY
    mids = _chain(rest, coefficients[1], state[1], 0, LOW_PASS)
    highs = _chain(rest, coefficients[1], state[1], LOW_PASS, SECTIONS) - mids
    lows = _chain(lows, coefficients[1], state[2], LOW_PASS, SECTIONS)
    return low * lows + mid * mids + high * highs


@njit(cache=True, nogil=True)
def _flat(bands: Glides, length: int) -> bool:
    """Whether all bands rest at 1.0."""
    flat = True
    for k in range(3):
        flat = flat and bands[k, TARGET] == 1.0 and bands[k, AGE] >= length
    return bool(flat)


@njit(cache=True, nogil=True)
def isolate(
    bus: Bus, at: int, n: int, coefficients: Sections, state: State, bands: Glides, length: int, wet: Glides, wet_length: int
) -> None:
    """Bring the bands of `n` frames to their gains, in place, from frame `at` on.

    Parameters
    ----------
    bus : ndarray [shape=(2, frames), float64]
    coefficients, state
        Of `isolator_coefficients` and `isolator_state`.
    bands : ndarray [shape=(3, 4)]
        Glides of `length` frames: linear gains of low, mid and high; 0.0 kills. Aged by `n`.
    wet : ndarray [shape=(4,)]
        A glide of `wet_length` > 0 frames that belongs to this function; at rest at 0.0 in the beginning.
    """
    for i in range(at, at + n):
        glide_to(wet, 0.0 if _flat(bands, length) else 1.0, wet_length)
        if wet[TARGET] == 0.0 and wet[AGE] >= wet_length:
            state[:] = 0.0
            return
        low, mid, high = glide_level(bands[0], length), glide_level(bands[1], length), glide_level(bands[2], length)
        share = glide_level(wet, wet_length)
        for c in range(2):
            x = bus[c, i]
            bus[c, i] = x + share * (_isolated(x, coefficients, state[c], low, mid, high) - x)
        for k in range(3):
            bands[k, AGE] += 1.0
        wet[AGE] += 1.0

"""The filter on one knob: to the left a low-pass comes down, to the right a high-pass comes up, in the middle there is none.

Topology-preserving state-variable filters of 12 dB an octave (V. Zavalishin, The Art of VA Filter Design, 2.1.2, chapter 4),
whose memory stays valid while the cutoff moves. The knob is a glide. Every `GRID` frames, counted from when the filter was
engaged and not from the start of a block, the cutoff is computed anew and approached in a straight line: where a block is cut
changes no bit. Low-pass and high-pass are two filters, each with its own crossfade to and from the untouched signal, so that
the knob may jump from end to end.
"""

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.dsp.fades import AGE, TARGET, Glides, glide_level, glide_to
from engine.dsp.isolator import TINY

LOW_PASS_HZ: Final = (20e3, 100.0)
"""Cutoff of the low-pass with the knob in the middle and at the left end."""

HIGH_PASS_HZ: Final = (20.0, 8e3)
"""Cutoff of the high-pass with the knob in the middle and at the right end."""

DAMPING: Final = 1.0 / 0.9
"""1 / Q."""

CENTRE: Final = 0.01
"""Where the knob is nearer to the middle than this there is no filter."""

GRID: Final = 16

Bus = NDArray[np.float64]
State = NDArray[np.float64]

LOW, HIGH = range(2)
"""The two filters."""

G, STEP, COUNT, MEMORY = range(4)


def sweep_state() -> State:
    """Return the memory of both filters [shape=(2, 7)]: cutoff g, its step, frames, two integrators a channel."""
    return np.zeros((2, 7))


@njit(cache=True, nogil=True)
def cutoff_hz(knob: float, which: int) -> float:
    """Return the cutoff in Hz of `LOW` or `HIGH` at the knob's place in [-1, 1]."""
    middle, end = LOW_PASS_HZ if which == LOW else HIGH_PASS_HZ
    return float(middle * (end / middle) ** max(0.0, -knob if which == LOW else knob))


@njit(cache=True, nogil=True)
def _move(state: State, knob: float, which: int, rate: int) -> None:
    """Advance the cutoff by a frame; `state` [shape=(7,)]."""
    if state[COUNT] % GRID == 0.0:
        g = math.tan(math.pi * min(cutoff_hz(knob, which) / rate, 0.49))
        if state[COUNT] == 0.0:
            state[G] = g
        state[STEP] = (g - state[G]) / GRID
    state[G] += state[STEP]
    state[COUNT] += 1.0


@njit(cache=True, nogil=True)
def _filtered(x: float, state: State, c: int, which: int) -> float:
    """Return a sample of channel `c` through one filter."""
    x += TINY
    g, first, second = state[G], state[MEMORY + 2 * c], state[MEMORY + 2 * c + 1]
    highs = (x - (DAMPING + g) * first - second) / (1.0 + g * (DAMPING + g))
    band = g * highs + first
    low = g * band + second
    state[MEMORY + 2 * c], state[MEMORY + 2 * c + 1] = g * highs + band, g * band + low
    return float(low if which == LOW else highs)


@njit(cache=True, nogil=True)
def sweep(bus: Bus, at: int, n: int, rate: int, state: State, knob: Glides, length: int, wet: Glides, wet_length: int) -> None:
    """Filter `n` frames in place from frame `at` on.

    Parameters
    ----------
    bus : ndarray [shape=(2, frames), float64]
    state : ndarray [shape=(2, 7)]
        Of `sweep_state`.
    knob : ndarray [shape=(4,)]
        A glide of `length` frames: -1 all low-pass, 0 no filter, 1 all high-pass. Aged by `n`.
    wet : ndarray [shape=(2, 4)]
        Glides of `wet_length` > 0 frames that belong to this function; at rest at 0.0 in the beginning.
    """
    for i in range(at, at + n):
        place = glide_level(knob, length)
        if abs(place) < CENTRE and knob[AGE] >= length and _dry(wet[0], wet_length) and _dry(wet[1], wet_length):
            return
        for k in (LOW, HIGH):
            wanted = place <= -CENTRE if k == LOW else place >= CENTRE
            glide_to(wet[k], 1.0 if wanted else 0.0, wet_length)
            if _dry(wet[k], wet_length):
                state[k] = 0.0
                continue
            _move(state[k], place, k, rate)
            share = glide_level(wet[k], wet_length)
            for c in range(2):
                x = bus[c, i]
                bus[c, i] = x + share * (_filtered(x, state[k], c, k) - x)
            wet[k, AGE] += 1.0
        knob[AGE] += 1.0


@njit(cache=True, nogil=True)
def _dry(wet: Glides, wet_length: int) -> bool:
    """Whether a filter is fully out."""
    return bool(wet[TARGET] == 0.0 and wet[AGE] >= wet_length)

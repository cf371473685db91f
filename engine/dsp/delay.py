"""A delay of whole frames that makes up for the latency of others.

The line remembers also while the delay is 0, so that a longer one has something to play at once. A new length is faded to by
a cubic over a fixed number of frames; one that comes during such a fade waits for its end. Frame by frame: where a block is
cut changes no bit.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bus = NDArray[np.float64]
State = NDArray[np.float64]

WRITE, OLD, NEW, AGE = range(4)


def delay_line(longest: int) -> Bus:
    """Return the memory [shape=(2, longest + 1), float64] of a delay of up to `longest` frames."""
    return np.zeros((2, longest + 1))


def delay_state(frames: int) -> State:
    """Return the state [shape=(4,)] of a line at rest at `frames`: write place, old and new length, age of the fade."""
    return np.array([0.0, frames, frames, np.inf])


@njit(cache=True, nogil=True)
def _remember(bus: Bus, at: int, n: int, line: Bus, state: State) -> None:
    """Only write."""
    size, write = line.shape[1], int(state[WRITE])
    for i in range(at, at + n):
        line[0, write], line[1, write] = bus[0, i], bus[1, i]
        write = write + 1 if write + 1 < size else 0
    state[WRITE] = write


@njit(cache=True, nogil=True)
def delayed(bus: Bus, at: int, n: int, line: Bus, state: State, frames: int, length: int) -> None:
    """Delay `n` frames in place from frame `at` on.

    Parameters
    ----------
    bus : ndarray [shape=(2, frames), float64]
    line, state
        Of `delay_line` and `delay_state`.
    frames : int
        The delay, at most the line's longest. At rest at 0 no sample of the bus is touched.
    length : int
        Of the fade to another delay, in frames; 0 is at once.
    """
    if frames == 0 and state[NEW] == 0.0 and state[AGE] >= length:
        _remember(bus, at, n, line, state)
        return
    size = line.shape[1]
    for i in range(at, at + n):
        if state[AGE] >= length and state[NEW] != frames:
            state[OLD], state[NEW], state[AGE] = state[NEW], frames, 0.0
        write = int(state[WRITE])
        new, old = (write - int(state[NEW])) % size, (write - int(state[OLD])) % size
        u = state[AGE] / length if state[AGE] < length else 1.0
        share = u * u * (3.0 - 2.0 * u)
        for c in range(2):
            line[c, write] = bus[c, i]
            bus[c, i] = line[c, new] if u == 1.0 else line[c, old] + share * (line[c, new] - line[c, old])
        state[WRITE] = (write + 1) % size
        state[AGE] += 1.0

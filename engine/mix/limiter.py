"""A look-ahead true-peak limiter that leaves alone what is not too loud.

The gain that a peak needs is known before the peak comes. It is spread over a window by a moving maximum, falls back
exponentially, and is made smooth by two moving averages: by the time the peak arrives the gain is there, in a curve without
corners. Both channels share one gain. (The structure is the common one; see Hämäläinen, "Smoothing of the control signal
without clipped output in digital peak limiters", DAFx 2002.) Peaks are true peaks as in `engine.dsp.truepeak`.

What the gain lacks to 1 is kept in whole numbers of 2**-30, so that the moving averages are exact: a signal below the ceiling
is multiplied by 1.0, and no rounding is left over from louder places before.

The true peak of what comes out is that of what went in, times the gain: exact where nothing is limited, else within some
hundredths of a dB, since the gain hardly moves while a waveform rings.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.dsp.levels import db_of_gain
from engine.dsp.truepeak import TAPS, interpolators, true_peaks
from engine.mix.kernels import LONGEST, Bus, Peaks
from engine.model.audio import Samples

LOOKAHEAD_SECONDS = 0.002
RELEASE_SECONDS = 0.1
"""Time in which the gain comes back by 63 %."""

AROUND: Final = 6
"""Frames before and after a peak through which the gain stays down: about where the waveform around a peak comes from."""

SHORTEST: Final = 40
"""Frames of either moving average at least: a gain that moves faster than the waveform rings makes peaks of its own."""

WHOLE: Final = 2**30

Numbers = NDArray[np.int64]

FRAME, FIRST, COUNT, FALL, SUM_A, SUM_B, MOST, RECENT = range(8)


@njit(cache=True, nogil=True)
def _needed(peak: float, sample: float, ceiling: float, clip: float) -> int:
    """Return what the gain must lack so that neither the true peak passes its ceiling nor the sample its own."""
    gain = 1.0
    if peak > ceiling:
        gain = ceiling / peak
    if sample > clip:
        gain = min(gain, clip / sample)
    return int(np.ceil((1.0 - gain) * WHOLE))


@njit(cache=True, nogil=True)
def _widest(number: int, state: Numbers, queue: Numbers, width: int) -> int:
    """Return the maximum of the last `width` numbers (a monotonic queue: Lemire, 2006)."""
    size = queue.shape[0]
    while state[COUNT] > 0 and queue[(state[FIRST] + state[COUNT] - 1) % size, 1] <= number:
        state[COUNT] -= 1
    last = (state[FIRST] + state[COUNT]) % size
    queue[last, 0], queue[last, 1] = state[FRAME], number
    state[COUNT] += 1
    if queue[state[FIRST], 0] <= state[FRAME] - width:
        state[FIRST] = (state[FIRST] + 1) % size
        state[COUNT] -= 1
    return int(queue[state[FIRST], 1])


@njit(cache=True, nogil=True)
def _average(number: int, frame: int, ring: Numbers, state: Numbers, which: int) -> int:
    """Return the sum of the last numbers, as many as the ring has places."""
    place = frame % ring.shape[0]
    state[which] += number - ring[place]
    ring[place] = number
    return int(state[which])


@njit(cache=True, nogil=True)
def _limit(
    x: Bus,
    n: int,
    peaks: Peaks,
    highest: Peaks,
    ceiling: float,
    clip: float,
    keep: float,
    state: Numbers,
    queue: Numbers,
    ring_a: Numbers,
    ring_b: Numbers,
    out: Samples,
    at: int,
) -> None:
    """Write `n` frames to `out` from `at` on and move what is still needed to the front of `x`.

    `x` and `peaks` begin with the frames to write; what is new in `peaks` comes as much later as the limiter looks ahead.
    `highest` [shape=(1,)] is raised to the true peak of what is written.
    """
    width = queue.shape[0] - 1
    scale = 1.0 / (float(WHOLE) * ring_a.shape[0] * ring_b.shape[0])
    ahead, most = x.shape[1] - LONGEST - TAPS // 2, 0
    for i in range(n):
        sample = max(abs(x[0, ahead + i]), abs(x[1, ahead + i]))
        wide = _widest(_needed(peaks[ahead + i], sample, ceiling, clip), state, queue, width)
        state[FALL] = max(wide, int(state[FALL] * keep))
        lack = _average(state[FALL], state[FRAME], ring_a, state, SUM_A)
        lack = _average(lack, state[FRAME], ring_b, state, SUM_B)
        most = max(most, lack)
        gain = 1.0 - lack * scale
        highest[0] = max(highest[0], peaks[i] * gain)
        out[0, at + i] = x[0, i] * gain
        out[1, at + i] = x[1, i] * gain
        state[FRAME] += 1
    state[MOST] = max(state[MOST], most)
    state[RECENT] = max(state[RECENT], most)
    for i in range(ahead):
        peaks[i] = peaks[i + n]
    for c in range(2):
        for i in range(x.shape[1] - LONGEST):
            x[c, i] = x[c, i + n]


class Limiter:
    """The limiter and what it remembers. `latency` in frames; the result does not depend on the sizes of blocks."""

    def __init__(self, rate: int) -> None:
        half = max(SHORTEST, round(LOOKAHEAD_SECONDS * rate / 2))
        ahead = 2 * half + AROUND
        self.latency = ahead + TAPS // 2
        self._keep = float(np.exp(-1.0 / (RELEASE_SECONDS * rate)))
        self._x = np.zeros((2, ahead + TAPS // 2 + LONGEST))
        self._state = np.zeros(8, dtype=np.int64)
        self._queue = np.zeros((ahead + AROUND + 3, 2), dtype=np.int64)
        self._rings = np.zeros(half, dtype=np.int64), np.zeros(half, dtype=np.int64)
        self._taps = interpolators()
        self._between, self._peaks, self._highest = np.zeros((3, LONGEST + 1)), np.zeros(ahead + LONGEST), np.zeros(1)
        self._ahead = ahead

    @property
    def reduction_db(self) -> float:
        """The most that was taken away so far, in dB; 0.0 if nothing was touched."""
        return self._taken_db(MOST)

    def forget(self) -> None:
        """Have `reduction_db` begin anew."""
        self._state[MOST] = 0

    def read(self) -> tuple[float, float]:
        """Return, since the last reading, the true peak of what came out in dBTP, and the most that was taken away in dB."""
        shown = db_of_gain(float(self._highest[0])), self._taken_db(RECENT)
        self._highest[0], self._state[RECENT] = 0.0, 0
        return shown

    def _taken_db(self, which: int) -> float:
        lack = int(self._state[which]) / (WHOLE * self._rings[0].size * self._rings[1].size)
        return -db_of_gain(1.0 - lack) if lack else 0.0

    def process(self, bus: Bus, n: int, ceiling: float, clip: float, out: Samples, at: int) -> None:
        """Take `n` frames (at most `LONGEST`) of the bus [shape=(2, frames)] and write as many, late by `latency`.

        `ceiling` for true peaks and `clip` for samples are linear; infinity is none.
        """
        x, kept = self._x, self.latency
        x[:, kept : kept + n] = bus[:, :n]
        true_peaks(x, kept - TAPS, n, self._taps, self._between, self._peaks[self._ahead :])
        _limit(x, n, self._peaks, self._highest, ceiling, clip, self._keep, self._state, self._queue, *self._rings, out, at)

"""Loudness in LUFS (ITU-R BS.1770-4; gating as in EBU R 128).

K-weighting at any sample rate: the two analogue prototypes behind the Recommendation's 48 kHz coefficients (De Man,
"Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018), by bilinear transform. Channels weigh 1,
so a mono signal reads 3 dB less than the same on both sides. Silence, and what is shorter than 400 ms, has no loudness: None.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.model.audio import Samples
from engine.model.errors import RemixtureError

Biquad = NDArray[np.float64]

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
STEP_SECONDS = 0.1
STEPS_PER_BLOCK = 4
"""Gating blocks are 400 ms long and start every 100 ms."""


def k_weighting(rate: int) -> Biquad:
    """Return the two filters b0 b1 b2 a1 a2 [shape=(2, 5)]: the head's high shelf, then the high-pass."""
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    b = [high + band * k / q + k * k, 2.0 * (k * k - high), high - band * k / q + k * k]
    shelf = [*b, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k]
    k = math.tan(math.pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    c0 = 1.0 + k / q + k * k
    high_pass = [c0, -2.0 * c0, c0, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k]
    filters: Biquad = np.array([shelf, high_pass]) / np.array([[a0], [c0]])
    return filters


@njit(cache=True, nogil=True)
def weighted_energy(samples: Samples | NDArray[np.float64], filters: Biquad, state: NDArray[np.float64]) -> float:
    """Return the sum over channels of the squares of a K-weighted piece [shape=(channels, n)].

    `state` [shape=(channels, 2, 2)] goes on from piece to piece. Transposed direct form II.
    """
    energy = 0.0
    for c in range(samples.shape[0]):
        for i in range(samples.shape[1]):
            x = float(samples[c, i])
            for f in range(2):
                y = filters[f, 0] * x + state[c, f, 0]
                state[c, f, 0] = filters[f, 1] * x - filters[f, 3] * y + state[c, f, 1]
                state[c, f, 1] = filters[f, 2] * x - filters[f, 4] * y
                x = y
            energy += x * x
    return energy


class LoudnessMeter:
    """The loudness of a signal that comes in blocks [shape=(channels, n), float32] of any length."""

    def __init__(self, rate: int, channels: int) -> None:
        self._filters = k_weighting(rate)
        self._state = np.zeros((channels, 2, 2))
        self._step = max(1, round(STEP_SECONDS * rate))
        self._powers: list[float] = []
        self._energy, self._filled = 0.0, 0

    def add(self, samples: Samples) -> None:
        """Take the next block."""
        start = 0
        while start < samples.shape[1]:
            stop = min(start + self._step - self._filled, samples.shape[1])
            self._energy += weighted_energy(samples[:, start:stop], self._filters, self._state)
            self._filled += stop - start
            if self._filled == self._step:
                self._powers.append(self._energy / self._step)
                self._energy, self._filled = 0.0, 0
                self._state[np.abs(self._state) < 1e-30] = 0.0  # denormal numbers would make silence slow
            start = stop

    def momentary(self) -> float | None:
        """Return the loudness of the last 400 ms that are complete to 100 ms, in LUFS."""
        last = self._powers[-STEPS_PER_BLOCK:]
        return lufs(sum(last) / STEPS_PER_BLOCK) if len(last) == STEPS_PER_BLOCK else None

    def integrated(self) -> float | None:
        """Return the gated loudness of everything so far, in LUFS."""
        if len(self._powers) < STEPS_PER_BLOCK:
            return None
        blocks = np.convolve(self._powers, np.full(STEPS_PER_BLOCK, 1.0 / STEPS_PER_BLOCK), mode="valid")
        loud = blocks[blocks > power(ABSOLUTE_GATE_LUFS)]
        if loud.size == 0:
            return None
        return lufs(float(loud[loud > loud.mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)].mean()))


def lufs(mean_square: float) -> float | None:
    """Return the loudness of a K-weighted mean square summed over channels; None for 0."""
    return -0.691 + 10.0 * math.log10(mean_square) if mean_square > 0.0 else None


def power(loudness_lufs: float) -> float:
    """Return the K-weighted mean square of a loudness; inverse of `lufs`."""
    return float(10.0 ** ((loudness_lufs + 0.691) / 10.0))


def integrated_lufs(samples: Samples, rate: int) -> float | None:
    """Return the gated loudness of a whole signal [shape=(channels, frames), float32]; None for silence."""
    meter = LoudnessMeter(rate, samples.shape[0])
    meter.add(samples)
    return meter.integrated()


def gain_to_loudness(measured_lufs: float | None, target_lufs: float) -> float:
    """Return the gain in dB that brings a measured loudness to a wanted one.

    Raises
    ------
    RemixtureError
        If there is nothing to hear.
    """
    if measured_lufs is None:
        raise RemixtureError(f"silence cannot be brought to {target_lufs:g} LUFS; is every source muted?")
    return target_lufs - measured_lufs

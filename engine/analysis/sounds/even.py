"""A song with its spectrum made even, so that a quiet hat counts beside a loud bass when sounds are looked for."""

import numpy as np
from scipy import fft
from scipy.ndimage import uniform_filter1d

from engine.model.audio import Samples

FINE_HZ, COARSE_HZ = 30.0, 400.0
"""Width over which the power is smoothed at the bottom, and from `COARSE_FROM` Hz on."""
COARSE_FROM = 1000.0
FLOOR = 1e-6
"""Share of the greatest power under which nothing is lifted further: -60 dB."""


def evened(samples: Samples, rate: int, exponent: float) -> Samples:
    """Return the mono sum with its spectrum divided by its own smoothed magnitude to a power.

    Parameters
    ----------
    samples : ndarray [shape=(channels, frames)]
    rate : int, Hz
    exponent : float, 0 (as it is) to 1 (even)

    Returns
    -------
    ndarray [shape=(1, frames), float32], variance 1 unless silent
    """
    mono = samples.mean(axis=0)
    size = fft.next_fast_len(mono.size, real=True)
    spectrum = fft.rfft(mono, size)
    power = np.square(np.abs(spectrum, dtype=np.float64))
    bin_hz = rate / size
    fine = uniform_filter1d(power, max(1, round(FINE_HZ / bin_hz)))
    coarse = uniform_filter1d(power, max(1, round(COARSE_HZ / bin_hz)))
    share = np.clip(np.arange(power.size) * bin_hz / COARSE_FROM, 0.0, 1.0)
    level = fine * (1.0 - share) + coarse * share
    spectrum *= ((level / max(float(level.max()), 1e-30) + FLOOR) ** (-exponent / 2.0)).astype(np.float32)
    even = fft.irfft(spectrum, size)[: mono.size]
    return np.asarray(even / max(float(even.std()), 1e-12), dtype=np.float32)[None]

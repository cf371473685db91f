"""What soft masks on spectra are made of.

Shapes: a spectrum is (channels, bins, frames), a magnitude (bins, frames); frequencies are a column, so that a curve over them
multiplies a magnitude.
"""

import numpy as np

from engine.dsp.hpss import Magnitude
from engine.dsp.spectra import Spectrum

TINY = np.float32(1e-20)


def frequencies(size: int, rate: int) -> Magnitude:
    """Return the frequencies in Hz of the bins of a window of `size` samples [shape=(size // 2 + 1, 1)]."""
    return (np.arange(size // 2 + 1, dtype=np.float32) * np.float32(rate / size))[:, None]


def magnitude(spectrum: Spectrum) -> Magnitude:
    """Return the root mean square over all channels [shape=(bins, frames)]."""
    return np.asarray(np.sqrt(np.mean(np.abs(spectrum) ** 2, axis=0)), dtype=np.float32)


def above(hz: Magnitude, corner_hz: float, order: int) -> Magnitude:
    """Return the squared gain of a Butterworth high-pass: 0.5 at the corner."""
    ratio = (hz / np.float32(corner_hz)) ** (2 * order)
    return np.asarray(ratio / (1 + ratio), dtype=np.float32)


def wiener(part: Magnitude, rest: Magnitude) -> Magnitude:
    """Return the share of the power that a part has of itself and the rest; 0.5 where both are silent."""
    mine, theirs = part**2, rest**2
    return np.asarray((mine + TINY) / (mine + theirs + 2 * TINY), dtype=np.float32)

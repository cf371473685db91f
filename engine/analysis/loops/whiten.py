"""A song with its spectrum made even, for judging what repeats: a quiet hat then counts as much as a loud bass.

One zero-phase filter for the whole song, so that what repeats still repeats.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.model.audio import Audio, Samples

EXPONENT = 0.35
"""Of the smoothed power, so 0.7 of the amplitude is evened out."""
SMOOTHED = 60.0
"""Hz over which the power is smoothed."""
FLOOR = 1e-6
"""Share of the greatest power that is no longer lifted: -60 dB."""


def whitened(audio: Audio) -> Samples:
    """Return the song with an even spectrum, unit variance over all [shape=(channels, frames)]."""
    size = fft.next_fast_len(audio.frames, real=True)
    spectrum = fft.rfft(audio.samples, size, axis=-1)
    power = np.asarray((np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=0), dtype=np.float64)
    smooth = _smoothed(power, max(3, round(SMOOTHED * size / audio.rate)))
    spectrum *= ((smooth + FLOOR * smooth.max() + 1e-30) ** -EXPONENT).astype(np.float32)
    even = fft.irfft(spectrum, size, axis=-1)[:, : audio.frames]
    return np.asarray(even / max(float(np.sqrt(np.mean(np.square(even), dtype=np.float64))), 1e-30), dtype=np.float32)


def _smoothed(power: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the running mean, twice over so that its own response has no corners."""
    for _ in range(2):
        sums = np.cumsum(np.pad(power, (width // 2 + 1, width - width // 2), mode="edge"))
        power = (sums[width:] - sums[:-width])[: power.size] / width
    return power

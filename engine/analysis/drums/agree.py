"""A hit without what is not its own: what one half of its strikes foretells of the other half.

What both halves have is the drum, what they do not have in common is whatever else sounded; their ratio in each patch of the
spectrogram is the gain (Wiener's) that the mean of both needs. So a hit ends by itself where it stops returning.
"""

from typing import Final

import numpy as np
from scipy import ndimage

from engine.analysis.drums.bands import WINDOW_S, Floats
from engine.analysis.drums.decay import decaying, ended
from engine.analysis.drums.drum import Drum
from engine.dsp.masks import above, frequencies
from engine.dsp.spectra import Spectrum, istft, stft
from engine.model.audio import Samples

PATCH: Final = (5, 5)
"""Bins and frames over which the agreement is averaged."""
FEWEST: Final = 4


def agreed(samples: Samples, drum: Drum, rate: int) -> Samples:
    """Return the mean hit of a drum, in each patch as far as its strikes agree; as it is where they are too few to ask."""
    hit = drum.mean(samples)
    hop = max(8, round(rate * WINDOW_S / 4))
    gain = np.sqrt(above(frequencies(4 * hop, rate), drum.kind.lowest_hz, 4)) if drum.kind.lowest_hz else np.float32(1.0)
    if len(drum.at) >= FEWEST:
        one, two = (stft(drum.mean(samples, half, 2), 4 * hop, hop) for half in (0, 1))
        gain = gain * shared(one, two).astype(np.float32)
    spectrum = decaying(stft(hit, 4 * hop, hop) * gain, rate)
    return ended(istft(spectrum, 4 * hop, hop, hit.shape[1]))


def shared(one: Spectrum, two: Spectrum) -> Floats:
    """Return the gain of the mean of two spectra [shape=(channels, bins, frames)] by what they share [shape=(bins, frames)].

    It is 2 s / (p + s), with s the power that both share and p that of either.
    """
    both = ndimage.uniform_filter((one * two.conj()).real.sum(axis=0).astype(np.float64), PATCH, mode="nearest")
    power = 0.5 * (np.square(np.abs(one)) + np.square(np.abs(two))).sum(axis=0)
    power = ndimage.uniform_filter(power.astype(np.float64), PATCH, mode="nearest")
    both = np.clip(both, 0.0, power)
    return np.asarray(2.0 * both / (power + both + 1e-20))

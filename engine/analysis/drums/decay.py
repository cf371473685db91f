"""A hit only dies away: what is louder in a band than it was before, after the attack, is the next strike of something.

Where an open hat is always followed by the kick, nothing else tells that the kick is not the hat's.
"""

import itertools
from typing import Final

import numpy as np

from engine.analysis.drums.bands import EDGES_HZ, Floats
from engine.dsp.spectra import Spectrum
from engine.model.audio import Samples

ATTACK_S: Final = 0.06
"""A hit may grow for so long."""
TOLERATED: Final = 1.5
"""How many times the least amplitude so far a band may have: tails beat."""
FADES: Final = 0.2
"""Share of its length over which a hit that is still heard at its end fades out."""


def decaying(spectrum: Spectrum, rate: int, begins_s: float = 0.0) -> Spectrum:
    """Return the spectrum of a hit [shape=(channels, bins, frames)] with every band held to what it has fallen to.

    Parameters
    ----------
    spectrum : ndarray [shape=(channels, bins, frames), complex64]
        A hop is a quarter of the window.
    rate : int, Hz
    begins_s : float, seconds
        Where the hit begins in it.
    """
    size = 2 * (spectrum.shape[1] - 1)
    first = round((begins_s + ATTACK_S) * rate / (size // 4))
    out = spectrum.copy()
    edges = np.unique([*np.searchsorted(np.arange(spectrum.shape[1]) * (rate / size), EDGES_HZ), spectrum.shape[1]])
    for low, high in itertools.pairwise(edges):
        level = np.sqrt(np.square(np.abs(spectrum[:, low:high])).sum(axis=(0, 1), dtype=np.float64))
        out[:, low:high] *= held(level, first).astype(np.float32)
    return out


def held(level: Floats, first: int) -> Floats:
    """Return the gains [shape=(frames,)] that hold a level to its least value between frame `first` and each frame."""
    gains = np.ones(level.size)
    least = np.minimum.accumulate(level[first:])
    gains[first:] = np.minimum(1.0, TOLERATED * least / (level[first:] + 1e-20))
    return gains


def ended(hit: Samples) -> Samples:
    """Return a hit [shape=(channels, length)] that is silent at its end."""
    fade = round(FADES * hit.shape[1])
    curve = np.ones(hit.shape[1], dtype=np.float32)
    curve[hit.shape[1] - fade :] = np.square(np.cos(np.linspace(0.0, np.pi / 2, fade)))
    return np.asarray(hit * curve, dtype=np.float32)

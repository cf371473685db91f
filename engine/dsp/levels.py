"""Levels: dB <-> linear amplitude, dBFS of a signal, the level at which networks hear."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

SILENCE_DB = -200.0
"""What digital silence is called, instead of minus infinity."""
HEARD_RMS = 0.1
"""Root mean square that songs are brought to before networks hear them, in training and after it: -20 dBFS."""


def gain_of_db(db: float) -> float:
    """Return the linear amplitude of a gain in dB."""
    return float(10.0 ** (db / 20.0))


def db_of_gain(gain: float) -> float:
    """Return the dB of a linear amplitude; `SILENCE_DB` for 0."""
    return float(20.0 * np.log10(max(abs(gain), 10 ** (SILENCE_DB / 20))))


def peak_dbfs(samples: ArrayLike) -> float:
    """Return the largest sample of a signal in dBFS."""
    x: NDArray[np.floating] = np.asarray(samples)
    return db_of_gain(float(max(x.max(initial=0.0), -x.min(initial=0.0))))


def rms_dbfs(samples: ArrayLike) -> float:
    """Return the root mean square of a signal in dBFS (a full-scale square wave is 0)."""
    x = np.asarray(samples)
    return db_of_gain(float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))) if x.size else SILENCE_DB


def gain_to_hear(samples: NDArray[np.float32]) -> np.float32:
    """Return the gain that brings a song to `HEARD_RMS`; near silence is raised by 100 dB at most."""
    level = float(np.sqrt(np.mean(np.square(samples), dtype=np.float64))) if samples.size else 0.0
    return np.float32(HEARD_RMS / max(level, 1e-6))


def si_sdr_db(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019); no mean is removed.

    Parameters
    ----------
    estimate, truth : array_like [same shape]

    Returns
    -------
    float, held within [-100, 100]; -100 where either is silent.
    """
    e, t = np.asarray(estimate, dtype=np.float64).ravel(), np.asarray(truth, dtype=np.float64).ravel()
    power = float(e @ e) * float(t @ t)
    if power == 0.0:
        return -100.0
    coherence = float(e @ t) ** 2 / power
    return float(10.0 * np.log10(np.clip(coherence / max(1.0 - coherence, 1e-12), 1e-10, 1e10)))

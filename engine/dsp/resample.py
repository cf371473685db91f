"""Between sample rates, frame-exact: sample 0 stays sample 0, and the length is the rounded exact one."""

import numpy as np
import soxr

from engine.model.audio import Samples


def resampled(samples: Samples, from_rate: int, to_rate: int, frames: int | None = None) -> Samples:
    """Return the signal at another rate by soxr's very-high-quality linear-phase filter.

    Parameters
    ----------
    samples : ndarray [shape=(..., frames), float32]
    from_rate, to_rate : int, Hz
    frames : int, optional
        Wanted length; by default the exact one, rounded. The end is cut or filled with silence by what rounding left.
    """
    if from_rate == to_rate and frames is None:
        return samples
    wanted = round(samples.shape[-1] * to_rate / from_rate) if frames is None else frames
    flat = samples.reshape(-1, samples.shape[-1])
    moved = soxr.resample(flat.T, from_rate, to_rate, quality="VHQ").T
    out = np.zeros((flat.shape[0], wanted), dtype=np.float32)
    got = min(wanted, moved.shape[1])
    out[:, :got] = moved[:, :got]
    return out.reshape(*samples.shape[:-1], wanted)

"""What repeats in a spectrogram, however irregularly.

Each frame is compared with its surroundings; the median of the frames most like it is what they share, and what it has more is
its own (Rafii & Pardo, "Music/voice separation using the similarity matrix", ISMIR 2012).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from engine.dsp.hpss import Magnitude

TINY = np.float32(1e-12)


def similar_frames(v: Magnitude, first: int, stop: int, span: int, apart: int, most: int) -> list[NDArray[np.int64]]:
    """Return for each frame from `first` to before `stop` the frames that are most like it, itself among them.

    Parameters
    ----------
    v : ndarray [shape=(bins, frames), float32, >= 0]
    first, stop : int, frames
    span : int, frames
        How far away a frame may lie to be looked at.
    apart : int, frames
        Only what is more alike than all within this distance counts, so that neighbours of a match are not matches.
    most : int
        How many to keep.

    Returns
    -------
    list of `stop - first` ndarrays [shape=(at least 1 and at most `most`,), indices of frames]
    """
    unit = v / (np.sqrt(np.sum(v * v, axis=0)) + TINY)
    alike = unit[:, first:stop].T @ unit
    rows, columns = np.arange(first, stop)[:, None], np.arange(v.shape[1])[None, :]
    alike[np.abs(rows - columns) > span] = -1.0
    highest = ndimage.maximum_filter1d(alike, 2 * apart + 1, axis=1, mode="constant", cval=-1.0)
    alike[(alike < highest) | (alike < 0.0)] = -1.0
    alike[np.arange(stop - first), np.arange(first, stop)] = 2.0
    count = min(most, v.shape[1])
    best = np.argpartition(-alike, count - 1, axis=1)[:, :count]
    return [found[row[found] >= 0.0] for found, row in zip(best, alike, strict=True)]


def repeating(v: Magnitude, first: int, matches: list[NDArray[np.int64]]) -> Magnitude:
    """Return what frames share with those like them [shape=(bins, len(matches)), at most the frames themselves]."""
    model = np.stack([np.median(v[:, found], axis=1) for found in matches], axis=1)
    return np.asarray(np.minimum(model, v[:, first : first + len(matches)]), dtype=np.float32)

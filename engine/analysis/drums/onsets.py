"""Transients: where a kind's bands rise over all that was shortly before.

Spectral flux against the maximum of the past instead of the last frame (after Böck & Widmer, "Maximum filter vibrato
suppression for onset detection", DAFx 2013): a slow beating of one low tone is no strike, a quick roll is.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.analysis.drums.bands import Bands, Floats
from engine.analysis.drums.kinds import KINDS, Kind

GROWTH: Final = 0.7
"""Doublings of the amplitude that a strike must bring: 4 dB."""
FLOOR_DB: Final = -30.0
"""Under a band's loud frames: what rises below is not heard."""
ATTACK_S, APART_S = 0.012, 0.03
"""How long a strike may take to rise; strikes nearer to each other are one."""
LOUD_PERCENT: Final = 95.0
WINDOW_FRAMES: Final = 4
"""Frames that see one sample. At the end of a signal a tone is cut off with a click, which is no strike."""


@dataclass(frozen=True, slots=True, eq=False)
class Transients:
    """Where something is struck.

    `frames` [shape=(n,)] of the bands, `rises` [shape=(bands, n)] by how much amplitude each band rises there, `growth`
    [shape=(kinds, n)] by how many doublings the bands of each kind do.
    """

    frames: NDArray[np.int64]
    rises: Floats
    growth: Floats


def transients(bands: Bands) -> Transients:
    """Return where something is struck; nothing in silence."""
    floor = np.percentile(bands.levels, LOUD_PERCENT, axis=1, keepdims=True) * 10.0 ** (FLOOR_DB / 20.0) + 1e-9
    growth = np.stack([_growth(bands, kind, floor) for kind in KINDS])
    steep = np.stack([_steepness(bands, kind, floor) for kind in KINDS])
    growth[:, -2 * WINDOW_FRAMES :] = 0.0
    near = bands.count(APART_S)
    frames = _peaks(np.where(growth > GROWTH, growth + steep, 0.0), near)
    rises = np.maximum(ahead(bands.levels, WINDOW_FRAMES) - past(bands.levels, WINDOW_FRAMES + 1), 0.0)
    return Transients(frames, _about(rises, frames, 1) + 1e-9, _about(growth, frames, bands.count(0.02)))


def past(levels: Floats, count: int) -> Floats:
    """Return the maximum from `count` frames to 2 frames before each; the window still sees the strike one frame before it."""
    padded = np.pad(levels, [(0, 0)] * (levels.ndim - 1) + [(count, 0)])
    n = levels.shape[-1]
    return np.asarray(np.max([padded[..., k : k + n] for k in range(max(1, count - 1))], axis=0))


def ahead(levels: Floats, count: int) -> Floats:
    """Return the maximum from each frame to `count` frames after it."""
    padded = np.pad(levels, [(0, 0)] * (levels.ndim - 1) + [(0, count)])
    n = levels.shape[-1]
    return np.asarray(np.max([padded[..., k : k + n] for k in range(count + 1)], axis=0))


def _growth(bands: Bands, kind: Kind, floor: Floats) -> Floats:
    level, quiet = bands.levels[kind.rises].sum(axis=0), floor[kind.rises].sum()
    before = past(level, max(3, bands.count(kind.after_s)))
    return np.asarray(np.log2((ahead(level, bands.count(ATTACK_S)) + quiet) / (before + quiet)))


def _steepness(bands: Bands, kind: Kind, floor: Floats) -> Floats:
    """Return the doublings from the frame before to the frame after: greatest where the strike itself is."""
    level, quiet = bands.levels[kind.rises].sum(axis=0), floor[kind.rises].sum()
    return np.asarray(np.log2((np.append(level[1:], level[-1:]) + quiet) / (np.append(level[:1], level[:-1]) + quiet)))


def _peaks(strength: Floats, near: int) -> NDArray[np.int64]:
    """Return the frames of the strongest peaks of any row, none nearer than `near` to a stronger one."""
    best = np.max(np.where(_is_peak(strength, near), strength, 0.0), axis=0)
    taken = np.zeros(best.size, dtype=np.bool_)
    kept = []
    for frame in np.argsort(-best, kind="stable")[: np.count_nonzero(best > 0.0)]:
        if not taken[frame]:
            kept.append(frame)
            taken[max(0, frame - near) : frame + near + 1] = True
    return np.sort(np.array(kept, dtype=np.int64))


def _is_peak(strength: Floats, near: int) -> NDArray[np.bool_]:
    return np.asarray((strength > 0.0) & (strength == maximum_filter1d(strength, 2 * near + 1, axis=1)))


def _about(values: Floats, frames: NDArray[np.int64], reach: int) -> Floats:
    """Return the maximum of values from `reach` frames before to `reach` after each frame [shape=(rows, n)]."""
    padded = np.pad(values, [(0, 0), (reach, reach)], mode="edge")
    return np.asarray(np.max([padded[:, frames + k] for k in range(2 * reach + 1)], axis=0))

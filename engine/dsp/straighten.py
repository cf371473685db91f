"""A drifting recording put onto a steady tempo, exact at every beat.

By `pyrubberband.timemap_stretch`, that is by the program `rubberband` and its finer engine (R3; R2 misses beats by up to 8 ms).
pyrubberband hands the samples over in 16 bits, so they are brought to half of full scale first, where nothing clips and the
noise lies 92 dB below the loudest peak.
"""

import shutil
import subprocess

import numpy as np

from engine.dsp.levels import gain_of_db
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid

HEADROOM_DB = -6.0
"""Stretching moves phases, and so raises peaks."""

MISSING = (
    "straightening needs the program `rubberband`, which is not there: `apt install rubberband-cli` (Debian, Ubuntu), "
    "`brew install rubberband` (macOS), or put rubberband.exe from breakfastquay.com into the PATH (Windows)"
)


def straighten(samples: Samples, rate: int, grid: Beatgrid) -> tuple[Samples, Beatgrid]:
    """Return a recording at its mean tempo, and its new grid. The first beat stays where it is.

    Parameters
    ----------
    samples : ndarray [shape=(channels, frames), float32]
        All channels of all sources of the song: they are stretched under one time map.
    rate : int, Hz
    grid : Beatgrid

    Raises
    ------
    RemixtureError
        If the program is not installed or fails; says how to get it.
    """
    if shutil.which("rubberband") is None:
        raise RemixtureError(MISSING)
    import pyrubberband

    beats = grid.times.size
    first, beat = float(grid.times[0]), float(grid.times[-1] - grid.times[0]) / (beats - 1)
    times = (first + beat * np.arange(beats)).astype(np.float64)
    steady = Beatgrid(times, grid.first_downbeat, grid.beats_per_bar)
    level = np.float32(gain_of_db(HEADROOM_DB) / max(float(np.abs(samples).max(initial=0.0)), 1e-9))
    pairs = time_map(grid, steady, rate, samples.shape[1])
    try:
        out = pyrubberband.timemap_stretch(samples.T * level, rate, pairs, {"-3": ""})
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        raise RemixtureError(f"`rubberband` could not straighten the song: {error}") from error
    return np.ascontiguousarray(out.T / level, dtype=np.float32), steady


def time_map(grid: Beatgrid, steady: Beatgrid, rate: int, frames: int) -> list[tuple[int, int]]:
    """Return pairs of frames (from, to): every beat within the song, and its two ends at unchanged tempo."""
    pairs = [(round(a * rate), round(b * rate)) for a, b in zip(grid.times, steady.times, strict=True)]
    inner = [(a, b) for a, b in pairs if 0 < a < frames and b > 0]
    head = (0, 0)
    last = inner[-1] if inner else head
    return [head, *inner, (frames, last[1] + frames - last[0])]

"""Each loop's waveform, given the layout: linear least squares, phase and all.

The song is a block convolution: every bar holds the loops that play in it and what still rings of those that played in the
bar before. Were all bars of the same whole length, every frame of the bar would be its own small system of equations, with
one and the same matrix [layout | layout one bar later]; that gives the start, and a few steps of conjugate gradients on the
song itself the rest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.stack import cut, laid
from engine.model.audio import Samples

Floats = NDArray[np.float64]

RINGS = 0.5
"""Bars that a loop may ring beyond its bar."""
HEAD_RIDGE, TAIL_RIDGE = 1e-6, 1e-3
"""Added to the squares of the matrix, where a bar played at level 1 counts as 1."""
STEPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Bed:
    """Where the bars begin and how loud every loop is in them.

    `starts` [shape=(bars,), frames], `period` [frames, nearest whole number], `gains` [shape=(bars, columns), linear];
    `tail_ridge` is what ringing beyond a bar costs.
    """

    starts: Floats
    period: int
    gains: Floats
    tail_ridge: float = TAIL_RIDGE

    @property
    def length(self) -> int:
        """Frames of a waveform, its ringing included."""
        return self.period + round(RINGS * self.period)

    def song(self, waveforms: Samples, frames: int) -> Samples:
        """Return the sum of all loops [shape=(channels, frames)]."""
        flat = self.gains.astype(np.float32) @ waveforms.reshape(len(waveforms), -1)
        return laid(flat.reshape(-1, *waveforms.shape[1:]), self.starts, frames)

    def correlated(self, song: Samples) -> Samples:
        """Return the transpose of `song` applied to a song [shape=(columns, channels, length)]."""
        rows = cut(song, self.starts, self.length)
        flat = self.gains.astype(np.float32).T @ rows.reshape(len(rows), -1)
        return np.asarray(flat.reshape(-1, *rows.shape[1:]))


def fit_waveforms(samples: Samples, bed: Bed, steps: int = STEPS) -> Samples:
    """Return the waveforms that explain a song best [shape=(columns, channels, length)]."""
    waveforms = solved(cut(samples, bed.starts, bed.period), bed)
    left = samples - bed.song(waveforms, samples.shape[1])
    return waveforms + _descended(left, bed, steps)


def solved(rows: Samples, bed: Bed) -> Samples:
    """Return the waveforms as if all bars were of the same length, head and tail together."""
    columns = bed.gains.shape[1]
    before = np.concatenate([np.zeros((1, columns)), bed.gains[:-1]])
    both = np.concatenate([bed.gains, before], axis=1)
    ringing = bed.length - bed.period
    ridge = np.repeat([HEAD_RIDGE, bed.tail_ridge], columns)
    waveforms = np.zeros((columns, rows.shape[1], bed.length), dtype=np.float32)
    flat = _least_squares(both, ridge, rows[..., :ringing])
    waveforms[..., :ringing], waveforms[..., bed.period :] = flat[:columns], flat[columns:]
    waveforms[..., ringing : bed.period] = _least_squares(bed.gains, ridge[:columns], rows[..., ringing:])
    return waveforms


def _least_squares(matrix: Floats, ridge: Floats, rows: Samples) -> Samples:
    inverse = np.linalg.solve(matrix.T @ matrix + np.diag(ridge), matrix.T).astype(np.float32)
    return np.asarray((inverse @ rows.reshape(len(rows), -1)).reshape(-1, *rows.shape[1:]))


def _descended(left: Samples, bed: Bed, steps: int) -> Samples:
    """Return what is still to be added, by preconditioned conjugate gradients on what is left of the song."""
    normal = bed.gains.T @ bed.gains
    normal[np.diag_indices_from(normal)] += bed.tail_ridge
    inverse = np.linalg.inv(normal).astype(np.float32)
    gradient = bed.correlated(left)
    added = np.zeros_like(gradient)
    ready = _times(inverse, gradient)
    direction, size = ready, _dot(gradient, ready)
    for _ in range(steps):
        if size <= 1e-30:
            break
        image = bed.song(direction, left.shape[1])
        step = np.float32(size / max(_dot(image, image), 1e-30))
        added += step * direction
        left = left - step * image
        gradient = bed.correlated(left)
        ready = _times(inverse, gradient)
        size, last = _dot(gradient, ready), size
        direction = ready + np.float32(size / last) * direction
    return added


def _times(matrix: Samples, waveforms: Samples) -> Samples:
    return np.asarray((matrix @ waveforms.reshape(len(waveforms), -1)).reshape(waveforms.shape))


def _dot(one: Samples, other: Samples) -> float:
    return float(np.vdot(one, other))

"""Each loop's magnitude at full resolution: channels x bins x steps in the bar, for a layout that is known.

Still a Tucker model, one whose sounds and rhythms are as fine as the spectrogram itself. Given the layout the best templates
follow by non-negative least squares from sums over the bars, so nothing here grows with the length of the song.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.dsp.spectra import window
from engine.model.audio import Audio, Samples

Floats = NDArray[np.float64]

WINDOW = 4096 / 44_100
"""Seconds of the window: twice the cube's, since what rings can be told apart only by its pitch."""
SWEEPS = 12
SLOWEST = 4096
"""Most steps a bar may have, whatever its length."""


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """`magnitude` [shape=(columns, channels, bins, steps)], one column per bar of each loop, at the loop's own level."""

    magnitude: NDArray[np.float32]
    size: int
    hop: int

    @property
    def steps(self) -> int:
        """Steps per bar."""
        return int(self.magnitude.shape[-1])


def fit_templates(audio: Audio, edges: NDArray[np.int64], layout: Floats, size: int, hop: int) -> Templates:
    """Return the templates that explain the bars best.

    Parameters
    ----------
    audio : Audio
    edges : ndarray [shape=(bars + 1,), frames of the recording]
    layout : ndarray [shape=(bars, columns), linear amplitude]
    size, hop : int, samples
    """
    steps = int(np.clip(round(float(np.median(np.diff(edges))) / hop), 1, SLOWEST))
    crossed: NDArray[np.float32] | None = None
    for bar, gains in enumerate(layout.astype(np.float32)):
        heard = bar_magnitude(audio.samples, float(edges[bar]), float(edges[bar + 1]), steps, size)
        crossed = np.zeros((layout.shape[1], *heard.shape), dtype=np.float32) if crossed is None else crossed
        for column in np.flatnonzero(gains):
            crossed[column] += gains[column] * heard
    if crossed is None:
        raise ValueError("a layout has at least one bar")
    shape = crossed.shape
    found = non_negative((layout.T @ layout).astype(np.float32), crossed.reshape(len(crossed), -1))
    return Templates(found.reshape(shape), size, hop)


def bar_magnitude(samples: Samples, start: float, end: float, steps: int, size: int) -> NDArray[np.float32]:
    """Return the magnitude at evenly spaced steps of a bar [shape=(channels, bins, steps)]; silence beyond the recording."""
    centres = start + (np.arange(steps) + 0.5) * (end - start) / steps
    first = np.rint(centres - size / 2).astype(np.int64)
    low, high = int(first[0]), int(first[-1]) + size
    n = samples.shape[1]
    piece = samples[:, max(0, low) : max(0, min(high, n))]
    piece = np.pad(piece, [(0, 0), (max(0, min(-low, high - low)), max(0, high - max(n, low)))])[:, : high - low]
    frames = np.lib.stride_tricks.sliding_window_view(piece, size, axis=-1)[:, first - low]
    return np.asarray(np.abs(np.swapaxes(fft.rfft(frames * window(size), axis=-1), -1, -2)))


def non_negative(normal: NDArray[np.float32], crossed: NDArray[np.float32], sweeps: int = SWEEPS) -> NDArray[np.float32]:
    """Return the x >= 0 that minimises |A x - b|, given A'A and A'b, by cyclic coordinate descent (HALS).

    Parameters
    ----------
    normal : ndarray [shape=(n, n)]
    crossed : ndarray [shape=(n, problems)]

    Returns
    -------
    ndarray [shape=(n, problems)]
    """
    ridge = 1e-4 * float(np.trace(normal)) / len(normal) + 1e-20
    x = np.linalg.solve(normal + ridge * np.eye(len(normal), dtype=np.float32), crossed).clip(0.0)
    for _ in range(sweeps):
        for k, level in enumerate(np.diag(normal)):
            if level > 0.0:
                x[k] = (x[k] + (crossed[k] - normal[k] @ x) / level).clip(0.0)
    return np.asarray(x, dtype=np.float32)

"""The bar cube: a small copy of the spectrogram, cut at the downbeats and stacked (Smith & Goto, ICASSP 2018).

Power, not magnitude: the powers of loops that sound together add up on the average over a band and a thirty-second, their
magnitudes do not, and a layout can only be read off from what adds up. For the same reason a cell may be weighted (the same
in every bar), but never compressed.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.dsp.spectra import frame_count, stft
from engine.model.audio import Audio

Cube = NDArray[np.float32]
"""[shape=(bars, rows, times)]: bars x (channels * bands) x time in bar."""

BANDS = 48
"""Mel bands between `LOWEST` and `HIGHEST` Hz."""
TIMES = 32
"""Steps per bar: thirty-seconds where a bar has four beats."""
LOWEST, HIGHEST = 40.0, 16_000.0
STEPS_PER_BLOCK = 1024

WINDOW = 2048 / 44_100
"""Seconds of the window, as near as a power of two comes."""


def spectrum_size(rate: int, seconds: float) -> int:
    """Return the power of two nearest to so many seconds [samples]."""
    return int(2 ** round(np.log2(rate * seconds)))


def mel_bands(rate: int, size: int) -> NDArray[np.float32]:
    """Return triangular bands, evenly spaced in mel [shape=(BANDS, size // 2 + 1)], none of them empty."""
    top = min(HIGHEST, 0.49 * rate)
    low_mel, top_mel = 2595.0 * np.log10(1.0 + np.array([LOWEST, top]) / 700.0)
    mel = np.linspace(low_mel, top_mel, BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0) * size / rate
    bins = np.arange(size // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bands = np.minimum((bins - low) / np.maximum(centre - low, 1.0), (high - bins) / np.maximum(high - centre, 1.0)).clip(0.0)
    nearest = np.rint(edges[1:-1]).astype(int)
    bands[np.arange(BANDS), nearest] = np.maximum(bands[np.arange(BANDS), nearest], 1e-3)
    return np.asarray(bands, dtype=np.float32)


def band_power(audio: Audio, size: int, hop: int) -> NDArray[np.float32]:
    """Return the power in mel bands [shape=(channels * BANDS, frames)]."""
    bands = mel_bands(audio.rate, size)
    frames = frame_count(audio.frames, size, hop)
    power = np.empty((audio.channels, BANDS, frames), dtype=np.float32)
    for first in range(0, frames, STEPS_PER_BLOCK):
        count = min(STEPS_PER_BLOCK, frames - first)
        power[..., first : first + count] = bands @ np.abs(stft(audio.samples, size, hop, first, count)) ** 2
    return power.reshape(-1, frames)


def bar_cube(audio: Audio, edges: NDArray[np.int64]) -> Cube:
    """Cut the power at the bars; every bar becomes `TIMES` steps, however long it is.

    Parameters
    ----------
    audio : Audio
    edges : ndarray [shape=(bars + 1,), frames of the recording]
        As of `Beatgrid.bar_frames`.

    Returns
    -------
    Cube
    """
    size = spectrum_size(audio.rate, WINDOW)
    hop = size // 4
    power = band_power(audio, size, hop)
    running = np.zeros((len(power), power.shape[1] + 1))
    np.cumsum(power, axis=1, dtype=np.float64, out=running[:, 1:])
    cube = np.empty((len(edges) - 1, len(power), TIMES), dtype=np.float32)
    for bar, (start, end) in enumerate(pairwise(edges)):
        # Where in the row of frames each step begins; frame i stands for half a hop to either side of its centre.
        at = (np.linspace(start, end, TIMES + 1) + size / 2) / hop - 0.5
        whole = np.minimum(at.astype(int), power.shape[1] - 1)
        share = at - whole
        sums = running[:, whole] * (1.0 - share) + running[:, whole + 1] * share
        cube[bar] = np.diff(sums, axis=1).clip(0.0) / np.diff(at)
    return cube


def weighted(cube: Cube) -> Cube:
    """Weight every cell (row, time) by how well it repeats, the same in all bars.

    A cell that is nearly equal in each bar and the two bars most like it belongs to loops and counts in full; one that differs
    there holds what does not repeat, a voice perhaps, and hardly counts.
    """
    flat = cube.reshape(len(cube), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    unrest = np.sqrt(_unrest(flat, mean))
    weight = np.sqrt(mean) / (unrest + 0.1 * mean + 1e-5 * mean.max() + 1e-30)
    return np.asarray((flat * weight).reshape(cube.shape), dtype=np.float32)


def _unrest(flat: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the variance of each cell against the most similar bars [shape=(cells,)]."""
    like = flat / np.sqrt(mean + 1e-5 * mean.max() + 1e-30)
    gram = like @ like.T
    level = np.diag(gram)
    distance = (level[:, None] + level - 2.0 * gram) / (np.sqrt(level[:, None] * level) + 1e-30)
    np.fill_diagonal(distance, np.inf)
    neighbours = np.argsort(distance, axis=1, kind="stable")[:, : min(2, len(flat) - 1)].T
    return np.asarray(np.mean([((flat - flat[other]) ** 2).mean(axis=0) / 2.0 for other in neighbours], axis=0))


def bar_gram(cube: Cube) -> NDArray[np.float64]:
    """Return the inner products of the bars [shape=(bars, bars)], trace 1 unless all is silent."""
    flat = cube.reshape(len(cube), -1).astype(np.float64)
    gram = flat @ flat.T
    return np.asarray(gram / max(float(np.trace(gram)), 1e-300))

"""Short-time Fourier transform, whole or streamed.

Conventions: square-root Hann window for analysis and synthesis, `size` a multiple of `hop` by 2 or more. Frame `i` covers
the samples from `(i + 1) * hop - size` up to `(i + 1) * hop`, so that every sample lies in `size / hop` frames and analysis
followed by synthesis gives the signal back to float32 precision, edges included.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.model.audio import Progress, Samples, no_progress

Spectrum = NDArray[np.complex64]

MaskBlock = Callable[[Spectrum, int], Spectrum]
"""Told a spectrum block [shape=(channels, bins, frames)] and its first frame; returns one spectrum per part
[shape=(parts, channels, bins, frames)]."""


def window(size: int) -> Samples:
    """Return the periodic square-root Hann (sine) window [shape=(size,)]."""
    return np.sin(np.pi * (np.arange(size) / size)).astype(np.float32)


def frame_count(n: int, size: int, hop: int) -> int:
    """Return how many frames `n` samples have."""
    return -(-(n + size) // hop) - 1


def frame_centre(frame: float, size: int, hop: int) -> float:
    """Return the sample in the middle of a frame."""
    return (frame + 1) * hop - size / 2


def stft(x: Samples, size: int, hop: int, first: int = 0, count: int | None = None) -> Spectrum:
    """Return the spectrum of `count` frames from frame `first` on.

    Parameters
    ----------
    x : ndarray [shape=(..., n), float32]
    size, hop : int, samples
        `size` even.
    first, count : int, frames
        By default all of them.

    Returns
    -------
    ndarray [shape=(..., size // 2 + 1, count), complex64]
    """
    n = x.shape[-1]
    count = frame_count(n, size, hop) - first if count is None else count
    start = (first + 1) * hop - size
    stop = start + (count - 1) * hop + size
    padding = [(0, 0)] * (x.ndim - 1) + [(max(0, -start), max(0, stop - n))]
    piece = np.pad(x[..., max(0, start) : min(n, stop)], padding)
    frames = np.lib.stride_tricks.sliding_window_view(piece, size, axis=-1)[..., ::hop, :]
    spectrum = fft.rfft(frames * window(size), axis=-1)
    return np.ascontiguousarray(np.swapaxes(spectrum, -1, -2))


def overlap_add(spectrum: Spectrum, size: int, hop: int) -> Samples:
    """Return windowed frames added up [shape=(..., (frames - 1) * hop + size)], scaled so that a full overlap is 1.

    The first sample is that of the first frame's left edge.
    """
    frames = fft.irfft(np.swapaxes(spectrum, -1, -2), size, axis=-1)
    frames *= window(size) * np.float32(2.0 * hop / size)
    count = frames.shape[-2]
    out = np.zeros((*frames.shape[:-2], (count - 1) * hop + size), dtype=np.float32)
    for i in range(count):
        out[..., i * hop : i * hop + size] += frames[..., i, :]
    return out


def istft(spectrum: Spectrum, size: int, hop: int, n: int) -> Samples:
    """Return the `n` samples of a whole spectrum; inverse of `stft`."""
    return np.ascontiguousarray(overlap_add(spectrum, size, hop)[..., size - hop : size - hop + n])


def stream(
    x: Samples, size: int, hop: int, mask: MaskBlock, frames_per_block: int = 256, progress: Progress = no_progress
) -> Iterator[Samples]:
    """Separate a signal block by block, in memory that does not grow with its length.

    Parameters
    ----------
    x : ndarray [shape=(channels, n), float32]
    mask : MaskBlock

    Yields
    ------
    ndarray [shape=(parts, channels, m), float32], together `n` samples.
    """
    n = x.shape[-1]
    total = frame_count(n, size, hop)
    tail: Samples | None = None
    skip, left = size - hop, n
    for first in range(0, total, frames_per_block):
        count = min(frames_per_block, total - first)
        out = overlap_add(mask(stft(x, size, hop, first, count), first), size, hop)
        if tail is not None:
            out[..., : tail.shape[-1]] += tail
        tail = out[..., count * hop :]
        ready = out[..., skip : count * hop][..., :left]
        skip = max(0, skip - count * hop)
        left -= ready.shape[-1]
        progress((first + count) / total)
        if ready.shape[-1]:
            yield ready

"""The bars of a song as rows, cut where they start, between frames too; and rows put back into the song."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.model.audio import Samples

Floats = NDArray[np.float64]

MARGIN = 64
"""Frames around a piece that is moved by a fraction of one."""
NEARLY_WHOLE = 1e-4


def cut(samples: Samples, starts: Floats, length: int) -> Samples:
    """Return a piece from each start on [shape=(starts, channels, length)], silence beyond the song's ends."""
    pieces = np.zeros((len(starts), samples.shape[0], length), dtype=np.float32)
    for piece, start in zip(pieces, starts, strict=True):
        whole, later = _split(float(start))
        if later < NEARLY_WHOLE:
            _copy(samples, whole, piece)
        else:
            wide = np.zeros((samples.shape[0], length + 2 * MARGIN), dtype=np.float32)
            _copy(samples, whole - MARGIN, wide)
            piece[:] = shifted(wide, -later)[:, MARGIN : MARGIN + length]
    return pieces


def laid(pieces: Samples, starts: Floats, frames: int) -> Samples:
    """Return the sum of pieces [shape=(starts, channels, length)] that begin at `starts`, as a song of so many frames."""
    song = np.zeros((pieces.shape[1], frames), dtype=np.float32)
    for piece, start in zip(pieces, starts, strict=True):
        whole, later = _split(float(start))
        row = piece if later < NEARLY_WHOLE else shifted(np.pad(piece, [(0, 0), (MARGIN, MARGIN)]), later)
        at = whole if later < NEARLY_WHOLE else whole - MARGIN
        low, high = max(0, at), min(frames, at + row.shape[1])
        if high > low:
            song[:, low:high] += row[:, low - at : high - at]
    return song


def shifted(piece: Samples, later: float) -> Samples:
    """Return a piece later by a fraction of a frame [shape=(..., frames)], which its ends must have room for."""
    size = fft.next_fast_len(piece.shape[-1] + MARGIN, real=True)
    turn = np.exp(-2j * np.pi * later * np.arange(size // 2 + 1) / size).astype(np.complex64)
    return np.asarray(fft.irfft(fft.rfft(piece, size, axis=-1) * turn, size, axis=-1)[..., : piece.shape[-1]])


def _split(start: float) -> tuple[int, float]:
    whole = int(np.floor(start + NEARLY_WHOLE))
    return whole, max(0.0, start - whole)


def _copy(samples: Samples, start: int, piece: Samples) -> None:
    low, high = max(0, start), min(samples.shape[1], start + piece.shape[1])
    if high > low:
        piece[:, low - start : high - start] = samples[:, low:high]

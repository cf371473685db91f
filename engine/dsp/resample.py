"""Between sample rates, frame-exact: sample 0 stays sample 0, and the length is the rounded exact one."""

from collections.abc import Iterator

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
        Wanted length; by default the exact one, rounded, but at least one frame. The end is cut or filled with
        silence by what rounding left.
    """
    if from_rate == to_rate and frames is None:
        return samples
    wanted = max(1, round(samples.shape[-1] * to_rate / from_rate)) if frames is None else frames
    flat = samples.reshape(-1, samples.shape[-1])
    moved = soxr.resample(flat.T, from_rate, to_rate, quality="VHQ").T
    out = np.zeros((flat.shape[0], wanted), dtype=np.float32)
    got = min(wanted, moved.shape[1])
    out[:, :got] = moved[:, :got]
    return out.reshape(*samples.shape[:-1], wanted)


def resampled_blocks(blocks: Iterator[Samples], from_rate: int, to_rate: int, frames: int) -> Iterator[Samples]:
    """Yield a signal that comes in blocks [shape=(..., n), float32] at another rate: what `resampled` gives, piece by piece.

    Parameters
    ----------
    frames : int
        Wanted length in all; the end is cut or filled with silence by what rounding left.
    """
    left, shape = frames, (0,)
    for block in blocks if from_rate == to_rate else _streamed(blocks, from_rate, to_rate):
        shape = block.shape[:-1]
        piece = block[..., :left]
        left -= piece.shape[-1]
        if piece.shape[-1]:
            yield np.ascontiguousarray(piece)
    if left:
        yield np.zeros((*shape, left), dtype=np.float32)


def _streamed(blocks: Iterator[Samples], from_rate: int, to_rate: int) -> Iterator[Samples]:
    stream: soxr.ResampleStream | None = None
    shape: tuple[int, ...] = ()
    for block in blocks:
        shape = block.shape[:-1]
        flat = np.ascontiguousarray(block.reshape(-1, block.shape[-1]).T)
        stream = stream or soxr.ResampleStream(from_rate, to_rate, flat.shape[1], dtype="float32", quality="VHQ")
        yield np.ascontiguousarray(stream.resample_chunk(flat).T).reshape(*shape, -1)
    if stream is not None:
        empty = np.zeros((0, int(np.prod(shape))), dtype=np.float32)
        yield np.ascontiguousarray(stream.resample_chunk(empty, last=True).T).reshape(*shape, -1)

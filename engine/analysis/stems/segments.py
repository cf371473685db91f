"""A song through Demucs, a segment at a time, in memory that does not grow with it.

The maths is `demucs.apply.apply_model` with `shifts=0` and `overlap=0.1`: segments of the model's own length, added up under
triangles. Mean and standard deviation are the whole song's (Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm
for computing sample variances", 1979), so the result is that of the whole song at once. The song is run through twice, once for
these two and once for the stems, and only what a segment sees is held at the model's rate.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.analysis.stems.computing import FASTEST, Computing, less_memory, no_memory
from engine.dsp.resample import resampled_blocks
from engine.model.audio import Audio, Progress, Samples, no_progress

OVERLAP = 0.1
TINY = 1e-8
"""What Demucs adds to the standard deviation."""
PIECE = 1 << 18
"""Frames of the song that are taken up at a time."""


def segments(
    model: Any,  # noqa: ANN401 - demucs has no types
    audio: Audio,
    progress: Progress = no_progress,
    computing: Computing = FASTEST,
) -> Iterator[Samples]:
    """Yield what the model makes of a song.

    Parameters
    ----------
    model : demucs.apply.BagOfModels
    audio : Audio
        At any rate.
    progress : Progress
    computing : Computing

    Yields
    ------
    ndarray [shape=(model's sources, 2, n), float32], at the model's rate and together as long as the song.

    Raises
    ------
    RemixtureError
        If the device has too little memory.
    """
    size = int(model.samplerate * min(m.segment for m in model.models))
    stride = int((1 - OVERLAP) * size)
    frames, mean, scale = _levels(_at_rate(audio, model.samplerate))
    song = _Nearby(_at_rate(audio, model.samplerate), audio.channels)
    weight = _triangle(size)
    total, weights = np.zeros((len(model.sources), 2, size), np.float32), np.zeros(size, np.float32)
    for start in range(0, frames, stride):

        def report(share: float, start: int = start) -> None:
            progress(min(1.0, (start + share * stride) / frames))

        first = max(0, start - size)
        near = (song.between(first, start + 2 * size) - mean) / scale
        stems = _one_segment(model, near, start - first, size, report, computing)
        n = stems.shape[-1]
        total[..., :n] += weight[:n] * stems
        weights[:n] += weight[:n]
        ready = min(stride, frames - start)
        yield total[..., :ready] / weights[:ready] * scale + mean
        total, weights = _moved_on(total, stride), _moved_on(weights, stride)
    progress(1.0)


def _at_rate(audio: Audio, rate: int) -> Iterator[Samples]:
    """Yield the song piece by piece at another rate."""
    pieces = (audio.samples[:, start : start + PIECE] for start in range(0, audio.frames, PIECE))
    return resampled_blocks(pieces, audio.rate, rate, round(audio.frames * rate / audio.rate))


def _levels(pieces: Iterator[Samples]) -> tuple[int, np.float32, np.float32]:
    """Return frames, mean and standard deviation of a song's middle; never 0."""
    frames, mean, squares = 0, 0.0, 0.0
    for piece in pieces:
        middle = piece.mean(axis=0, dtype=np.float64)
        n, away = middle.size, float(middle.mean()) - mean
        squares += float(middle.var()) * n + away**2 * frames * n / (frames + n)
        frames += n
        mean += away * n / frames
    return frames, np.float32(mean), np.float32(np.sqrt(squares / max(frames, 1)) + TINY)


def _triangle(size: int) -> Samples:
    """Return how much each frame of a segment counts."""
    rise = np.arange(1, size // 2 + 1, dtype=np.float32)
    return np.concatenate([rise, np.arange(size - size // 2, 0, -1, dtype=np.float32)])


class _Nearby:
    """What is near the playhead of a song that comes in pieces [shape=(channels, n)]."""

    def __init__(self, pieces: Iterator[Samples], channels: int) -> None:
        self._pieces, self._held, self._start = pieces, np.zeros((channels, 0), np.float32), 0

    def between(self, start: int, stop: int) -> Samples:
        """Return frames `start` to `stop`, or to the song's end; what lies before `start` is gone from then on."""
        parts = [self._held[:, start - self._start :]]
        there = start + parts[0].shape[1]
        while there < stop and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            there += piece.shape[1]
        self._held, self._start = np.concatenate(parts, axis=1), start
        return self._held[:, : stop - start]


def _one_segment(
    model: Any,  # noqa: ANN401 - demucs has no types
    near: Samples,
    start: int,
    size: int,
    report: Callable[[float], None],
    computing: Computing,
) -> Samples:
    """Return the stems of up to `size` frames from `start` on [shape=(sources, 2, n)]; a short one sees what surrounds it."""
    import torch
    from demucs.apply import TensorChunk, apply_model

    def told(done: dict[str, Any]) -> None:
        report((done["model_idx_in_bag"] + (done["state"] == "end")) / done["models"])

    surroundings = torch.from_numpy(near).expand(2, -1)[None]
    chunk = TensorChunk(surroundings, start, size)  # type: ignore[no-untyped-call]
    device = next(model.parameters()).device
    try:
        with computing.context():
            stems = apply_model(model, chunk, shifts=0, split=False, device=device, callback=told)
        return np.asarray(stems[0].float().cpu().numpy())
    except RuntimeError as error:
        if not no_memory(error):
            raise
        raise less_memory(error, device.type, size / model.samplerate) from error


def _moved_on(buffer: Samples, frames: int) -> Samples:
    """Return the buffer without its first frames, filled up with silence."""
    return np.concatenate([buffer[..., frames:], np.zeros_like(buffer[..., :frames])], axis=-1)

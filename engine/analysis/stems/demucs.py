"""Demucs in bounded memory (Rouard, Massa & Défossez, "Hybrid transformers for music source separation", ICASSP 2023).

The maths is `demucs.apply.apply_model` with `shifts=0` and `overlap=0.1`: segments of the model's own length, added up under
triangles. It is done here segment by segment, so that stems come out while the song is still running and only one segment of
them is held; the result is that of the whole song at once, since mean and standard deviation are the whole song's.

Other rates go to the model's and back (what lies above its range stays in the residual); mono is fed as stereo.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import soxr

from engine.analysis.stems.parts import STEM_IDS, stem_parts
from engine.analysis.stems.weights import Weights
from engine.dsp.resample import resampled
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.errors import RemixtureError
from engine.model.separation import Provenance, Separation, SettingValue

VERSION = 1
OVERLAP = 0.1
TINY = 1e-8
"""What Demucs adds to the standard deviation."""


@dataclass(frozen=True, slots=True)
class DemucsSeparator:
    """Takes any song apart with a model. `device` None: the fastest there is."""

    weights: Weights
    device: str | None = None

    @property
    def provenance(self) -> Provenance:
        """The device is no part of it: all compute float32, and differ by rounding."""
        params: dict[str, SettingValue] = {
            "model": self.weights.name,
            "overlap": OVERLAP,
            "shifts": 0,
            "segment": self.weights.segment,
        }
        return Provenance("demucs", VERSION, params, self.weights.sha256)

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Load the model, unless it was the last one used, and return its stems, a segment at a time.

        Raises
        ------
        RemixtureError
            If the weights do not fit their own description, or if the device is not there.
        """
        model = loaded(self.weights, self.device or best_device())
        known = [i for i in STEM_IDS if i in model.sources]
        ids = (*known, *(i for i in model.sources if i not in STEM_IDS))
        order = [model.sources.index(i) for i in ids]
        wav = resampled(audio.samples, audio.rate, model.samplerate)
        blocks: Iterator[Samples] = (block[order] for block in segments(model, wav, progress))
        if audio.channels == 1:
            blocks = (block.mean(axis=1, keepdims=True) for block in blocks)
        if model.samplerate != audio.rate:
            blocks = _at_rate(blocks, model.samplerate, audio.rate)
        return Separation(stem_parts(ids), self.provenance, _of_length(blocks, audio.frames))


def best_device() -> str:
    """Return cuda, mps or cpu: the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@lru_cache(maxsize=1)
def loaded(weights: Weights, device: str) -> Any:  # noqa: ANN401 - demucs has no types
    """Return the model, ready on a device; a bag of one where it is single."""
    from demucs.apply import BagOfModels
    from demucs.hf import load_safetensors_model

    try:
        models = [load_safetensors_model(file) for file in weights.files]
        shares = [list(row) for row in weights.shares] if weights.shares else None
        bag = BagOfModels(models, shares, weights.segment)
    except (RuntimeError, TypeError, ValueError, LookupError, AttributeError, AssertionError, SystemExit) as error:
        what = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RemixtureError(
            f"the weights of {weights.name} do not fit their own description ({what}): get them again"
        ) from error
    if bag.audio_channels != 2:
        raise RemixtureError(f"the model {weights.name} takes {bag.audio_channels} channels, only stereo models serve")
    try:
        return bag.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        raise RemixtureError(f"cannot compute on {device!r}: not there, or out of memory; try --device cpu") from error


def segments(model: Any, wav: Samples, progress: Progress = no_progress) -> Iterator[Samples]:  # noqa: ANN401 - demucs has no types
    """Yield what the model makes of a song at its own rate.

    Parameters
    ----------
    model : demucs.apply.BagOfModels
    wav : ndarray [shape=(1 or 2, frames), float32]

    Yields
    ------
    ndarray [shape=(model's sources, 2, n), float32], together `frames`.
    """
    frames = wav.shape[1]
    size = int(model.samplerate * min(m.segment for m in model.models))
    stride = int((1 - OVERLAP) * size)
    mono = wav.mean(axis=0, dtype=np.float64)
    mean, scale = np.float32(mono.mean()), np.float32(mono.std() + TINY)
    rise = np.arange(1, size // 2 + 1, dtype=np.float32)
    weight = np.concatenate([rise, np.arange(size - size // 2, 0, -1, dtype=np.float32)])
    total, weights = np.zeros((len(model.sources), 2, size), np.float32), np.zeros(size, np.float32)
    for start in range(0, frames, stride):

        def report(share: float, start: int = start) -> None:
            progress(min(1.0, (start + share * stride) / frames))

        first = max(0, start - size)
        near = (wav[:, first : start + 2 * size] - mean) / scale
        stems = _one_segment(model, near, start - first, size, report)
        n = stems.shape[-1]
        total[..., :n] += weight[:n] * stems
        weights[:n] += weight[:n]
        ready = min(stride, frames - start)
        yield total[..., :ready] / weights[:ready] * scale + mean
        total, weights = _moved_on(total, stride), _moved_on(weights, stride)
    progress(1.0)


def _one_segment(model: Any, near: Samples, start: int, size: int, report: Callable[[float], None]) -> Samples:  # noqa: ANN401
    """Return the stems of up to `size` frames from `start` on [shape=(sources, 2, n)]; a short one sees what surrounds it."""
    import torch
    from demucs.apply import TensorChunk, apply_model

    def told(done: dict[str, Any]) -> None:
        report((done["model_idx_in_bag"] + (done["state"] == "end")) / done["models"])

    surroundings = torch.from_numpy(near).expand(2, -1)[None]
    chunk = TensorChunk(surroundings, start, size)  # type: ignore[no-untyped-call]
    device = next(model.parameters()).device
    stems = apply_model(model, chunk, shifts=0, split=False, device=device, callback=told)
    return np.asarray(stems[0].cpu().numpy(), dtype=np.float32)


def _moved_on(buffer: Samples, frames: int) -> Samples:
    """Return the buffer without its first frames, filled up with silence."""
    return np.concatenate([buffer[..., frames:], np.zeros_like(buffer[..., :frames])], axis=-1)


def _at_rate(blocks: Iterator[Samples], from_rate: int, to_rate: int) -> Iterator[Samples]:
    """Yield the blocks at another rate, in time with the song."""
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


def _of_length(blocks: Iterator[Samples], frames: int) -> Iterator[Samples]:
    """Yield blocks of together `frames`: the end is cut or filled with silence by what rounding between rates left."""
    left, shape = frames, (0, 0)
    for block in blocks:
        shape = block.shape[:-1]
        piece = block[..., :left]
        left -= piece.shape[-1]
        if piece.shape[-1]:
            yield np.ascontiguousarray(piece)
    if left:
        yield np.zeros((*shape, left), dtype=np.float32)

"""Demucs in bounded memory (Rouard, Massa & Défossez, "Hybrid transformers for music source separation", ICASSP 2023).

Stems come out while the song is still running (`segments`). Other rates go to the model's and back (what lies above its range
stays in the residual); mono is fed as stereo.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.analysis.stems.computing import FASTEST, Computing, Precision, no_memory
from engine.analysis.stems.parts import STEM_IDS, stem_parts
from engine.analysis.stems.segments import OVERLAP, segments
from engine.analysis.stems.weights import Weights, first_line
from engine.dsp.resample import resampled_blocks
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.errors import RemixtureError
from engine.model.separation import Provenance, Separation, SettingValue

VERSION = 1


@dataclass(frozen=True, slots=True)
class DemucsSeparator:
    """Takes any song apart with a model."""

    weights: Weights
    computing: Computing = FASTEST

    @property
    def provenance(self) -> Provenance:
        """The device is no part of it: all that compute float32 differ by rounding only. bfloat16 differs by more."""
        params: dict[str, SettingValue] = {
            "model": self.weights.name,
            "overlap": OVERLAP,
            "shifts": 0,
            "segment": self.computing.segment or self.weights.segment,
        }
        if self.computing.precision is not Precision.FLOAT32:
            params["precision"] = str(self.computing.precision)
        return Provenance("demucs", VERSION, params, self.weights.sha256)

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Load the model, unless it was the last one used, and return its stems, a segment at a time.

        Raises
        ------
        RemixtureError
            If the weights do not fit their own description, or if the device is not there, has too little memory, or cannot
            do what was asked.
        """
        self.computing.check()
        model = loaded(self._weights(), self.computing.place())
        self._check_segment(model)
        known = [i for i in STEM_IDS if i in model.sources]
        ids = (*known, *(i for i in model.sources if i not in STEM_IDS))
        order = [model.sources.index(i) for i in ids]
        blocks: Iterator[Samples] = (block[order] for block in segments(model, audio, progress, self.computing))
        if audio.channels == 1:
            blocks = (block.mean(axis=1, keepdims=True) for block in blocks)
        blocks = resampled_blocks(blocks, model.samplerate, audio.rate, audio.frames)
        return Separation(stem_parts(ids), self.provenance, blocks)

    def _weights(self) -> Weights:
        segment = self.computing.segment
        return self.weights if segment is None else dataclasses.replace(self.weights, segment=segment)

    def _check_segment(self, model: Any) -> None:  # noqa: ANN401 - demucs has no types
        """Refuse what Demucs would pass over in silence: a transformer knows nothing longer than it was trained on."""
        most, segment = float(model.max_allowed_segment), self.computing.segment
        if segment is not None and segment > most:
            raise RemixtureError(f"{self.weights.name} takes segments of up to {most:g} s, got {segment:g}")


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
        raise RemixtureError(
            f"the weights of {weights.name} do not fit their own description ({first_line(error)}): get them again"
        ) from error
    if bag.audio_channels != 2:
        raise RemixtureError(f"the model {weights.name} takes {bag.audio_channels} channels, only stereo models serve")
    try:
        return bag.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        if no_memory(error):
            raise RemixtureError(
                f"{device} has too little memory for {weights.name}: close what else uses it, or --device cpu"
            ) from error
        raise RemixtureError(f"cannot compute on {device!r} ({first_line(error)}): try --device cpu") from error

"""Weights of the drums' models in one file with one card; `engine.train.drums.refined.models` reads them again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.train.drums.refined.choice import Choice
from engine.train.drums.refined.models import CHOICE
from engine.train.written import write_weights


def write(
    file: Path, models: Mapping[str, Mapping[str, Tensor]], choice: Choice | None, widths: tuple[int, ...],
    told: Mapping[str, Any], data: Mapping[str, str],
) -> None:  # fmt: skip
    """Write weights and card."""
    tensors = {f"{name}.{key}": value for name, weights in models.items() for key, value in weights.items()}
    header: dict[str, Any] = {"models": list(models), "widths": list(widths)}
    if choice is not None:
        tensors |= {f"{CHOICE}.{name}": torch.from_numpy(value) for name, value in choice.tensors().items()}
        header[CHOICE] = list(choice.genres)
    write_weights(file, tensors, header, {"what": "Remixture's refinement of drums", **told}, data)

"""What a training leaves: the weights, the card that describes them, the losses as a picture."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from engine.analysis.stems.small_net import Weights
from engine.store.files import written_beside
from engine.train.checkpoint import State
from engine.train.scores import kept_back
from engine.train.training import Plan

LICENCE = "GPL-3.0-or-later, as the program; attribution for vocadito (CC BY 4.0) in `data`"


def tensors_of(state: State, kept: float = 1.0) -> Weights:
    """Return the mean weights, with only a share of their correction kept (`engine.train.scores`)."""
    return kept_back({name: value.cpu().numpy() for name, value in state.mean.items()}, kept)


def write(file: Path, weights: Weights, state: State, plan: Plan, data: Mapping[str, str], heard: Mapping[str, Any]) -> None:
    """Write weights of the small separator and their card; `heard` is what they came to on songs kept from training."""
    told = {
        "what": "Remixture's small separator: drums, bass, vocals, other",
        "steps": state.step,
        "settings": plan.settings(),
        "loss": round(float(np.mean(state.losses[-100:])), 4) if state.losses else None,
        "on_songs_kept_from_training": dict(heard),
    }
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    write_weights(file, tensors, {"shape": plan.shape.described()}, told, data)


def write_weights(
    file: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any], told: Mapping[str, Any], data: Mapping[str, str]
) -> None:
    """Write weights in half precision, plain values in their header, and beside them (`.json`) the card.

    The card tells what is `told`, the checksum, and the licence of each of the `data`.
    """
    half = {name: value.detach().cpu().to(torch.float16).contiguous() for name, value in tensors.items()}
    content = save(half, metadata={name: json.dumps(value) for name, value in header.items()})
    with written_beside(file) as part:
        part.write_bytes(content)
    card = {"sha256": hashlib.sha256(content).hexdigest(), "licence": LICENCE, "data": dict(data)}
    with written_beside(file.with_suffix(".json")) as part:
        part.write_text(json.dumps({**told, **card}, indent=2) + "\n", encoding="utf-8")


def plot(file: Path, losses: list[float], title: str = "Training of the small separator") -> None:
    """Draw the loss of each step and its running mean."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses, color="0.8", linewidth=0.6, label="each step")
    width = max(1, len(losses) // 40)
    mean = np.convolve(losses, np.ones(width) / width, mode="valid") if losses else np.zeros(0)
    axes.plot(np.arange(mean.size) + width / 2, mean, label=f"mean of {width}")
    axes.set(xlabel="step", ylabel="loss", title=title)
    axes.legend()
    with written_beside(file) as part:
        figure.savefig(part, dpi=110)

"""What a training leaves: the weights, the card that describes them, the losses as a picture."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from engine.train.checkpoint import State
from engine.train.sources import LICENCES
from engine.train.training import Plan

LICENCE = "GPL-3.0-or-later, as the program; attribution for vocadito (CC BY 4.0) in `data`"


def write(file: Path, state: State, plan: Plan, used: tuple[str, ...]) -> None:
    """Write the mean weights in half precision, with the network's shape in the header, and the card beside them."""
    tensors = {name: value.detach().cpu().to(torch.float16).contiguous() for name, value in state.mean.items()}
    content = save(tensors, metadata={"shape": json.dumps(plan.shape.described())})
    file.write_bytes(content)
    card = {
        "what": "Remixture's small separator: drums, bass, vocals, other",
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": LICENCE,
        "data": {name: LICENCES[name] for name in used},
        "steps": state.step,
        "settings": plan.settings(),
        "loss": round(float(np.mean(state.losses[-100:])), 4) if state.losses else None,
    }
    file.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def plot(file: Path, losses: list[float]) -> None:
    """Draw the loss of each step and its running mean."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses, color="0.8", linewidth=0.6, label="each step")
    width = max(1, len(losses) // 40)
    mean = np.convolve(losses, np.ones(width) / width, mode="valid") if losses else np.zeros(0)
    axes.plot(np.arange(mean.size) + width / 2, mean, label=f"mean of {width}")
    axes.set(xlabel="step", ylabel="loss", title="Training of the small separator")
    axes.legend()
    figure.savefig(file, dpi=110)

"""Where training stands: tensors as safetensors, the rest in its JSON header. Nothing is pickled."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.model.errors import RemixtureError
from engine.store.files import written_beside


@dataclass(slots=True)
class State:
    """A network in training: Adam's two moments, the running mean of its weights, the steps done and the losses so far."""

    net: nn.Module
    first: dict[str, Tensor]
    second: dict[str, Tensor]
    mean: dict[str, Tensor]
    step: int
    losses: list[float]


def save(file: Path, state: State, settings: dict[str, Any]) -> None:
    """Write a checkpoint in one move, so that a broken-off write leaves the one before."""
    tensors = {f"net.{name}": value for name, value in state.net.state_dict().items()}
    tensors |= {f"mean.{name}": value for name, value in state.mean.items()}
    tensors |= {f"first.{name}": value for name, value in state.first.items()}
    tensors |= {f"second.{name}": value for name, value in state.second.items()}
    header = {"state": json.dumps({"step": state.step, "losses": state.losses, "settings": settings})}
    with written_beside(file) as part:
        save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, part, metadata=header)


def load(file: Path, state: State, settings: dict[str, Any]) -> None:
    """Put a checkpoint into a state of the same shape.

    Raises
    ------
    RemixtureError
        If the file is no checkpoint, or one of other settings.
    """
    try:
        with safe_open(file, framework="pt") as tensors:
            kept = json.loads((tensors.metadata() or {})["state"])
            values = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError, ValueError, LookupError) as error:
        raise RemixtureError(f"{file} is no checkpoint of this training: start without --resume") from error
    different = [f"{k} {kept['settings'].get(k)!r}, not {v!r}" for k, v in settings.items() if kept["settings"].get(k) != v]
    if different:
        raise RemixtureError(
            f"{file} was trained with {'; '.join(different)}: give the same settings, or start without --resume"
        )
    state.net.load_state_dict(_under("net.", values))
    device = next(state.net.parameters()).device
    state.first, state.second, state.mean = (
        {name: value.to(device) for name, value in _under(beginning, values).items()}
        for beginning in ("first.", "second.", "mean.")
    )
    state.step, state.losses = kept["step"], kept["losses"]


def _under(beginning: str, values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(beginning): value for name, value in values.items() if name.startswith(beginning)}

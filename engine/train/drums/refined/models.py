"""The models that a file of weights holds: never without the checksum that its card tells."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.analysis.stems.small import checked_weights
from engine.model.errors import RemixtureError
from engine.train.drums.refined.choice import Choice
from engine.train.drums.refined.generator import Generator

CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Models:
    """Generators by the name of their chapter, and how one chooses among the genres' (None: there is one genre only)."""

    generators: dict[str, Generator]
    choice: Choice | None

    def best(self, genre: str | None) -> str:
        """Return the name of the model for a genre: the last that was trained for it, or the last of all."""
        own = [name for name in self.generators if genre is not None and name.startswith(genre)]
        return (own or list(self.generators))[-1]


def read(file: Path) -> Models:
    """Return the models of a file.

    Raises
    ------
    RemixtureError
        If the file is not what its card says, or holds no such models.
    """
    checked_weights(file)
    try:
        with safe_open(file, framework="pt") as tensors:
            header = {name: json.loads(value) for name, value in (tensors.metadata() or {}).items()}
            values = {name: tensors.get_tensor(name).float() for name in tensors.keys()}  # noqa: SIM118 - not a dict
        generators = {name: generator(tuple(header["widths"]), _under(name, values)) for name in header["models"]}
        names = tuple(header.get(CHOICE, ()))
        choice = Choice(names, **{k: v.numpy() for k, v in _under(CHOICE, values).items()}) if names else None
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, RuntimeError) as error:
        raise RemixtureError(f"{file} holds no models of drums: train them with python -m engine.train.drums") from error
    return Models(generators, choice)


def generator(widths: tuple[int, ...], weights: Mapping[str, Tensor]) -> Generator:
    """Return the generator that has these weights."""
    net = Generator(widths)
    net.load_state_dict(dict(weights))
    return net.eval()


def _under(name: str, values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")}

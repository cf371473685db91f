"""Weights of remixing networks: checked against their card, opened as safetensors only."""

import json
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError, safe_open

from engine.analysis.remix.net import RemixNet
from engine.analysis.remix.shape import Shape
from engine.analysis.stems.small import SmallWeights, checked_weights
from engine.model.errors import RemixtureError

TRAINED_BY = "python -m engine.train.remix"


def checked(file: Path) -> SmallWeights:
    """Return weights after checking them against the card beside them (`.json`).

    Raises
    ------
    RemixtureError
        If either is not there, or the checksum differs.
    """
    return checked_weights(file, TRAINED_BY)


@lru_cache(maxsize=2)
def loaded(weights: SmallWeights) -> RemixNet:
    """Return the network, ready to compute.

    Raises
    ------
    RemixtureError
        If the file holds no such network.
    """
    try:
        with safe_open(weights.file, framework="pt") as tensors:
            shape = Shape.told(json.loads((tensors.metadata() or {})["shape"]))
            values = {name: tensors.get_tensor(name).float() for name in tensors.keys()}  # noqa: SIM118 - not a dict
        net = RemixNet(shape)
        net.load_state_dict(values)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, RuntimeError) as error:
        raise RemixtureError(f"{weights.file} holds no remixing network: train one with {TRAINED_BY}") from error
    return net.requires_grad_(requires_grad=False).eval()

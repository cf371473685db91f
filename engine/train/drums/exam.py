"""How well models find the drums of songs that are played with what they never heard."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from engine.model.audio import Samples
from engine.train.batches import Batch, Pool, mixture
from engine.train.drums.lessons import sdr_db, tensors, there
from engine.train.drums.refined.generator import Generator
from engine.train.training import heard

ELSEWHERE, CHOOSING = 900_000_000, 800_000_000
"""Where the numbers of the songs begin that all is scored on and that the choice is learnt from: no course gets there."""
SONGS = 6
"""A mixture is made of so many songs."""


def mixtures(make: Callable[[int], Samples], seed: int, count: int, frames: int, first: int = ELSEWHERE) -> list[Batch]:
    """Return mixtures, each of a song more and of those before it; `make` gives the song of a number from `first` on."""
    many = Pool(lambda i: make(first + i), SONGS, 1, SONGS)
    return [mixture(many.at(i), seed, first + i, frames, guided=True, asked=1) for i in range(count)]


@torch.no_grad()
def mean_sdr_db(net: Generator | None, mixtures: list[Batch]) -> float:
    """Return the mean SDR in dB of the drums, where there are any; None: of the built-in separator's."""
    found = []
    for one in mixtures:
        sources, shared, parts = tensors(Batch(one.sources[None], one.shared[None], one.parts[None]))
        if there(sources, parts).item():
            shares = builtin(parts) if net is None else net(heard(parts))
            found.append(sdr_db(shares, sources, shared, parts).item())
    return float(np.mean(found)) if found else float("nan")


def builtin(parts: Tensor) -> Tensor:
    """Return the shares that leave the built-in drums what they are."""
    shares = torch.zeros(len(parts), 1, 4, *parts.shape[2:])
    shares[:, :, 0] = 1
    return shares


def scores(nets: Mapping[str, Generator], held_out: Mapping[str, list[Batch]]) -> dict[str, dict[str, float]]:
    """Return for each genre the SDR in dB of the built-in drums and of each model's."""
    every: dict[str, Generator | None] = {"builtin": None, **nets}
    return {genre: {name: round(mean_sdr_db(net, some), 2) for name, net in every.items()} for genre, some in held_out.items()}

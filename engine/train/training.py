"""The training of the small separator: its plan and what it does at a step."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.analysis.stems.small_net import SOURCES, Shape, widths
from engine.model.audio import Samples
from engine.train import steps
from engine.train.batches import Batch, Pool, batch, beside, mixture
from engine.train.checkpoint import State
from engine.train.loss import loss
from engine.train.network import SmallNet
from engine.train.steps import Found, Told, Work, nobody


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and how.

    `steps` sets where the learning rate ends. A batch has `batch` crops of `frames` frames out of mixtures of `mixture` frames;
    `first` mixtures are made before the first step and `fresh` with each; the last `pool` are kept. Each is drawn from `songs`
    songs; `real` is the share of them that are excerpts of real ones.
    """

    steps: int
    seed: int = 0
    batch: int = 4
    frames: int = 160
    pool: int = 300
    fresh: float = 0.25
    first: int = 12
    songs: int = 8
    mixture: int = 256
    real: float = 0.0
    rate: float = 2e-3
    warm: int = 20
    shape: Shape = field(default_factory=Shape)
    device: str = "cpu"

    def learning_rate(self, step: int) -> float:
        """Return the learning rate at a step."""
        return steps.learning_rate(step, self.steps, self.rate, self.warm)

    def settings(self) -> dict[str, Any]:
        """Return what two runs must share for one to go on with the other's checkpoint."""
        plain = {name: value for name, value in asdict(self).items() if name not in {"device", "shape", "steps"}}
        return plain | self.shape.described()


def begun(plan: Plan) -> State:
    """Return an untrained state."""
    torch.manual_seed(plan.seed)
    return steps.untrained(SmallNet(plan.shape).to(plan.device))


def train(
    plan: Plan,
    make: Callable[[int], Samples],
    checkpoint: Path,
    *,
    resume: bool = False,
    until: float = math.inf,
    every: int = 100,
    told: Told = nobody,
) -> State:
    """Train to the planned end or until a time.

    Parameters
    ----------
    make : int -> multitrack
        The song of an index.
    checkpoint : Path
        Written every so many steps and at the end.
    until : float
        `time.monotonic()` after which no step is begun.

    Returns
    -------
    State; its `mean` are the weights to use.
    """
    pool = mixtures(plan, make)

    def prepared(number: int) -> Batch:
        return batch(pool.at(number), plan.seed, number, plan.batch, plan.frames)

    work = Work(plan.steps, plan.settings(), prepared, lambda state, here: step(state, here, plan))
    return steps.run(begun(plan), work, checkpoint, resume=resume, until=until, every=every, told=told)


def mixtures(plan: Plan, make: Callable[[int], Samples]) -> Pool[Batch]:
    """Return the pool of mixtures: number `i` is made of the songs from `i` on."""
    songs = Pool(make, plan.songs, 1, plan.songs)
    return Pool(
        lambda i: beside(mixture(songs.at(i), plan.seed, i, plan.mixture, guided=plan.shape.guided)),
        plan.pool, plan.fresh, plan.first,
    )  # fmt: skip


def step(state: State, here: Batch, plan: Plan) -> Found:
    """Take one step in place; return the loss before it, and the SDR of the four sources."""
    sources, shared, parts = (torch.from_numpy(x).to(plan.device) for x in (here.sources, here.shared, here.parts))
    shares = state.net(parts.flatten(1, 2) / per_cell(parts.device))
    value, sdr = loss(shares[:, :, None], sources, shared, parts[:, :1])
    state.net.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    return steps.taken(state, value.item(), plan.learning_rate(state.step)), sdr.cpu().numpy()


def heard(parts: torch.Tensor) -> torch.Tensor:
    """Return what a network hears of a batch whose parts are the built-in stems [shape=(batch, heard, frames, CELLS)]."""
    found = torch.cat([parts.sum(dim=1, keepdim=True).clamp_min(0), parts[:, :SOURCES]], dim=1)
    return found.flatten(1, 2) / per_cell(parts.device)


def per_cell(device: torch.device) -> torch.Tensor:
    """Return how many bins each cell has."""
    return torch.from_numpy(widths().astype(np.float32)).to(device)

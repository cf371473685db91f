"""The training itself: Adam, a warm start, a rate that falls along a cosine to the planned end, a running mean of weights."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.analysis.stems.small_net import SOURCES, Shape, widths
from engine.model.audio import Samples
from engine.train.batches import Batch, Pool, batch, mixture
from engine.train.checkpoint import State, load, save
from engine.train.loss import loss
from engine.train.network import SmallNet

Told = Callable[[int, float, "np.ndarray[Any, np.dtype[np.float32]]"], None]
"""Told after each step: its number, its loss, the SDR of the four sources in dB against the mixture."""


FIRST, SECOND = 0.9, 0.99
"""How much Adam's moments keep of themselves from step to step."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and how.

    `steps` sets where the learning rate ends. A batch has `batch` crops of `frames` frames out of mixtures of `mixture` frames;
    `first` mixtures are made before the first step and `fresh` with each; the last `pool` are kept. Each is drawn from `songs`
    songs.
    """

    steps: int
    seed: int = 0
    batch: int = 4
    frames: int = 128
    pool: int = 64
    fresh: float = 0.25
    first: int = 10
    songs: int = 8
    mixture: int = 256
    rate: float = 2e-3
    warm: int = 20
    shape: Shape = field(default_factory=Shape)
    device: str = "cpu"

    def learning_rate(self, step: int) -> float:
        """Return the learning rate at a step."""
        return (
            self.rate
            * min(1.0, (step + 1) / self.warm)
            * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps))))
        )

    def settings(self) -> dict[str, Any]:
        """Return what two runs must share for one to go on with the other's checkpoint."""
        plain = {name: value for name, value in asdict(self).items() if name not in {"device", "shape", "steps"}}
        return plain | self.shape.described()


def begun(plan: Plan) -> State:
    """Return an untrained state."""
    torch.manual_seed(plan.seed)
    net = SmallNet(plan.shape).to(plan.device)
    first, second = ({name: torch.zeros_like(value) for name, value in net.named_parameters()} for _ in range(2))
    return State(net, first, second, {name: value.detach().clone() for name, value in net.state_dict().items()}, 0, [])


def train(
    plan: Plan,
    make: Callable[[int], Samples],
    checkpoint: Path,
    *,
    resume: bool = False,
    until: float = math.inf,
    every: int = 100,
    told: Told = lambda *_: None,
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
    state = begun(plan)
    if resume and checkpoint.exists():
        load(checkpoint, state, plan.settings())
    pool = mixtures(plan, make)

    def prepared(number: int) -> Batch:
        return batch(pool.at(number), plan.seed, number, plan.batch, plan.frames)

    def going_on() -> bool:
        return state.step < plan.steps and time.monotonic() < until

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(prepared, state.step) if going_on() else None
        while coming is not None and going_on():
            here, coming = coming.result(), ahead.submit(prepared, state.step + 1)
            value, sdr = step(state, here, plan)
            told(state.step, value, sdr)
            if state.step % every == 0:
                save(checkpoint, state, plan.settings())
    save(checkpoint, state, plan.settings())
    return state


def mixtures(plan: Plan, make: Callable[[int], Samples]) -> Pool[Batch]:
    """Return the pool of mixtures: number `i` is made of the songs from `i` on."""
    songs = Pool(make, plan.songs, 1, plan.songs)
    return Pool(
        lambda i: mixture(songs.at(i), plan.seed, i, plan.mixture, guided=plan.shape.guided), plan.pool, plan.fresh, plan.first
    )


def step(state: State, here: Batch, plan: Plan) -> "tuple[float, np.ndarray[Any, np.dtype[np.float32]]]":
    """Take one step in place; return the loss before it, and the SDR of the four sources."""
    sources, shared, parts = (torch.from_numpy(x).to(plan.device) for x in (here.sources, here.shared, here.parts))
    per_cell = torch.from_numpy(widths().astype(np.float32)).to(plan.device)
    heard = parts.sum(dim=1, keepdim=True).clamp_min(0)
    if plan.shape.guided:
        heard = torch.cat([heard, parts[:, :SOURCES]], dim=1)
    value, sdr = loss(state.net(heard.flatten(1, 2) / per_cell), sources, shared, parts)
    state.net.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.net.parameters(), 1.0)
    state.step += 1
    adam(state, plan.learning_rate(state.step - 1))
    share = min(0.995, state.step / (state.step + 10))
    with torch.no_grad():
        for name, new in state.net.state_dict().items():
            state.mean[name].lerp_(new, 1 - share)
    state.losses.append(round(value.item(), 4))
    return state.losses[-1], sdr.cpu().numpy()


@torch.no_grad()
def adam(state: State, rate: float) -> None:
    """Take one step of Adam (Kingma & Ba, ICLR 2015) in place. torch's own loads a compiler first, for seconds."""
    of_first, of_second = 1 - FIRST**state.step, 1 - SECOND**state.step
    for name, parameter in state.net.named_parameters():
        if parameter.grad is None:
            continue
        state.first[name].lerp_(parameter.grad, 1 - FIRST)
        state.second[name].lerp_(parameter.grad.square(), 1 - SECOND)
        parameter.sub_(rate / of_first * state.first[name] / ((state.second[name] / of_second).sqrt() + 1e-8))

"""The training of a remixing network: its plan and what it does at a step."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from engine.analysis.remix.net import RemixNet
from engine.analysis.remix.shape import Shape
from engine.model.audio import Samples
from engine.train import steps
from engine.train.checkpoint import State
from engine.train.remix.examples import Songs, examples
from engine.train.remix.loss import Weights, loss
from engine.train.steps import Found, Told, Work, nobody

EVEN = Weights(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and how.

    `steps` sets where the learning rate ends. A step learns from `batch` crops of `seconds` out of `songs` songs.
    """

    steps: int
    weights: Weights = EVEN
    seed: int = 0
    batch: int = 4
    seconds: float = 3.0
    songs: int = 120
    learning_rate: float = 2e-3
    warm: int = 20
    shape: Shape = field(default_factory=Shape)

    def settings(self) -> dict[str, Any]:
        """Return what two runs must share for one to go on with the other's checkpoint."""
        plain = {name: value for name, value in asdict(self).items() if name not in {"shape", "steps", "weights"}}
        return plain | {"weights": f"{self.weights.remix:g}:{self.weights.sources:g}"} | self.shape.described()


def begun(plan: Plan) -> State:
    """Return an untrained state."""
    torch.manual_seed(plan.seed)
    return steps.untrained(RemixNet(plan.shape))


def train(
    plan: Plan,
    songs: Songs,
    checkpoint: Path,
    *,
    resume: bool = False,
    until: float = math.inf,
    every: int = 100,
    told: Told = nobody,
) -> State:
    """Train to the planned end or until a time; as `engine.train.training.train`, from songs [shape=(4 or 5, 2, n)]."""
    frames = round(plan.seconds * plan.shape.rate)

    def prepared(number: int) -> tuple[Samples, Samples]:
        return examples(songs, plan.songs, plan.seed, number, plan.batch, frames, plan.shape.sources)

    work = Work(plan.steps, plan.settings(), prepared, lambda state, here: step(state, here, plan))
    return steps.run(begun(plan), work, checkpoint, resume=resume, until=until, every=every, told=told)


def step(state: State, here: tuple[Samples, Samples], plan: Plan) -> Found:
    """Take one step in place; return the loss before it, and the SDR of the remix in dB [shape=(1,)]."""
    if not isinstance(state.net, RemixNet):
        raise TypeError("no remixing network")
    truth, gains = (torch.from_numpy(x) for x in here)
    remix, found = state.net.both(truth.sum(dim=1), gains, sources=plan.weights.sources > 0)
    value, of_remix = loss(remix, found, truth, gains, plan.weights)
    state.net.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    rate = steps.learning_rate(state.step, plan.steps, plan.learning_rate, plan.warm)
    return steps.taken(state, value.item(), rate), of_remix.reshape(1).numpy()

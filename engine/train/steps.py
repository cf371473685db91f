"""Step after step: Adam, a warm start, a rate that falls along a cosine, a running mean of weights, checkpoints.

What is learnt from and how a step finds its gradients is told by the callers: the small separator, drums, remixing networks.
"""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import nn

from engine.train.checkpoint import State, load, save

FIRST, SECOND = 0.9, 0.99
"""How much Adam's moments keep of themselves from step to step."""
WARM_STEPS = 20
CLIP = 1.0
"""Length that gradients are shortened to."""

Told = Callable[[int, float, "np.ndarray[Any, np.dtype[np.float32]]"], None]
"""Told after each step: its number, its loss, and what else it found, in dB."""
Found = tuple[float, "np.ndarray[Any, np.dtype[np.float32]]"]
Item = TypeVar("Item")


def nobody(_step: int, _loss: float, _found: "np.ndarray[Any, np.dtype[np.float32]]") -> None:
    """Tell nobody."""


def learning_rate(step: int, steps: int, rate: float, warm: int = WARM_STEPS) -> float:
    """Return the learning rate at a step: up in `warm` steps, then down along a cosine to a fiftieth of `rate`."""
    return rate * min(1.0, (step + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))


def untrained(net: nn.Module) -> State:
    """Return the state of a network before its first step."""
    first, second = ({name: torch.zeros_like(value) for name, value in net.named_parameters()} for _ in range(2))
    return State(net, first, second, {name: value.detach().clone() for name, value in net.state_dict().items()}, 0, [])


@dataclass(frozen=True, slots=True)
class Work(Generic[Item]):
    """What is done at each step. `prepared` makes what a step learns from, in a thread of its own; `step` learns from it.

    `settings` is what two runs must share for one to go on with the other's checkpoint.
    """

    steps: int
    settings: dict[str, Any]
    prepared: Callable[[int], Item]
    step: Callable[[State, Item], Found]


def run(
    state: State, work: Work[Item], checkpoint: Path, *, resume: bool, until: float, every: int = 100, told: Told = nobody
) -> State:
    """Go to the last step or until a time (`time.monotonic()`), from a checkpoint if there is one and `resume` wants it."""
    if resume and checkpoint.exists():
        load(checkpoint, state, work.settings)

    def going_on() -> bool:
        return state.step < work.steps and time.monotonic() < until

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(work.prepared, state.step) if going_on() else None
        while coming is not None and going_on():
            here, coming = coming.result(), ahead.submit(work.prepared, state.step + 1)
            value, found = work.step(state, here)
            told(state.step, value, found)
            if state.step % every == 0:
                save(checkpoint, state, work.settings)
    save(checkpoint, state, work.settings)
    return state


def taken(state: State, value: float, rate: float) -> float:
    """Take the step that the network's gradients tell of, in place; note and return its loss."""
    torch.nn.utils.clip_grad_norm_(state.net.parameters(), CLIP)
    state.step += 1
    adam(state, rate)
    share = min(0.995, state.step / (state.step + 10))
    with torch.no_grad():
        for name, new in state.net.state_dict().items():
            state.mean[name].lerp_(new, 1 - share)
    state.losses.append(round(value, 4))
    return state.losses[-1]


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

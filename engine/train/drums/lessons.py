"""What one step learns: first how far refined drums are from the true ones, then also whether a critic takes them for real.

The first stage is the mean squared error on pairs of a mixture and its drums: of the samples, since with shares that are one
number per cell it follows exactly from powers and cross powers (`engine.train.batches`). It is taken against the drums' power,
and in a logarithm, so that songs count alike whose drums are loud or quiet; songs without drums do not count (where they did,
or where the error was taken against the whole song, suppressing every quiet drum was learnt first: the drums of songs that
were held out fell from 4.4 to 1.6 dB in 200 steps).

The second stage keeps it and adds a least-squares critic (Mao et al., "Least squares generative adversarial networks", ICCV
2017), which sees refined drums of mixtures and real drums of other recordings: no pairs. Generator and critic step at once.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.model.audio import Samples
from engine.train import steps
from engine.train.batches import Batch, pairs_of
from engine.train.checkpoint import State
from engine.train.drums.critic import Critic
from engine.train.drums.refined.generator import Generator
from engine.train.loss import error_power
from engine.train.steps import Found
from engine.train.training import heard

DB = 10 / math.log(10)
TINY = 1e-6
AUDIBLE = 0.01
"""Of the mixture's power: songs with quieter drums do not count."""
GROWING_STEPS = 100
"""Until what the critic says counts in full: it has to learn first."""


class Pair(nn.Module):
    """A generator and its critic, with one optimiser and one checkpoint."""

    def __init__(self, generator: Generator, critic: Critic) -> None:
        super().__init__()
        self.generator, self.critic = generator, critic


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch of pairs, and real drums [shape=(batch, frames, CELLS)]."""

    pairs: Batch
    real: Samples


def by_error(state: State, here: Batch, rate: float) -> Found:
    """Take a step of the first stage in place; return the loss, and the drums' SDR in dB [shape=(1,)]."""
    sources, shared, parts = tensors(here)
    found = sdr_db(state.net(heard(parts)), sources, shared, parts)
    value = -mean_of(found, there(sources, parts)) / DB
    state.net.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    return steps.taken(state, value.item(), rate), np.array([-DB * value.item()], np.float32)


def by_critic(state: State, here: Lesson, rate: float, weight: float) -> Found:
    """Take a step of the second stage in place.

    Returns the loss without the critic, and [shape=(3,)] the drums' SDR in dB, the mean verdict on refined and on real drums.
    """
    pair = state.net
    if not isinstance(pair, Pair):
        raise TypeError("this stage trains a Pair")
    sources, shared, parts = tensors(here.pairs)
    shares = pair.generator(heard(parts))
    refined, audible = power_of(shares, parts), there(sources, parts)
    value = -mean_of(sdr_db(shares, sources, shared, parts), audible) / DB
    on_real, on_refined = pair.critic(torch.from_numpy(here.real)), pair.critic(refined.detach())
    judged = (on_real - 1).square().mean() + mean_of(on_refined.square(), audible)
    believed = mean_of((pair.critic(refined) - 1).square(), audible)
    total = value + weight * min(1.0, state.step / GROWING_STEPS) * believed
    pair.zero_grad()
    judged.backward(inputs=list(pair.critic.parameters()))
    total.backward(inputs=list(pair.generator.parameters()))  # type: ignore[no-untyped-call]
    told = torch.stack([-DB * value, mean_of(on_refined, audible), on_real.mean()]).detach()
    return steps.taken(state, value.item(), rate), told.numpy()


def sdr_db(shares: Tensor, sources: Tensor, shared: Tensor, parts: Tensor) -> Tensor:
    """Return the SDR of the drums of each mixture in dB [shape=(batch,)]; parameters as in `engine.train.loss`."""
    error = error_power(shares, sources, shared, parts).sum(dim=(1, 2, 3, 4))
    return DB * (torch.log(sources.sum(dim=(1, 2, 3, 4)) + TINY) - torch.log(error + TINY))


def tensors(here: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return a batch's sources, shared and parts."""
    return torch.from_numpy(here.sources), torch.from_numpy(here.shared), torch.from_numpy(here.parts)


def power_of(shares: Tensor, parts: Tensor) -> Tensor:
    """Return the power of the refined drums, middle and side together [shape=(batch, frames, CELLS)]."""
    own = shares[:, 0]
    power = sum((own[:, i] * own[:, j] * parts[:, k] for k, (i, j) in enumerate(pairs_of(own.shape[1]))), torch.zeros(()))
    return power.sum(dim=1).clamp_min(0)


def there(sources: Tensor, parts: Tensor) -> Tensor:
    """Return 1 for each mixture that has audible drums, else 0 [shape=(batch,)]."""
    return (sources.sum(dim=(1, 2, 3, 4)) > AUDIBLE * parts.sum(dim=(1, 2, 3, 4))).float()


def mean_of(values: Tensor, counted: Tensor) -> Tensor:
    """Return the mean of those that count; 0 if none does."""
    return (values * counted).sum() / counted.sum().clamp_min(1)

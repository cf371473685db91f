"""How far the remix and the sources that a network makes are from the true ones: negative SDR in dB, nothing else."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

SILENT = 1e-3
"""Of the mixture's power, added to signal and error alike: where a source is silent, silence scores 0 dB and no more. Added to
the signal alone, it would pay so well there that networks learn to say nothing (measured)."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much the remix (psi) and the mean over the sources (lambda) count."""

    remix: float
    sources: float

    @classmethod
    def told(cls, text: str, sources: int) -> "Weights":
        """Return the weights of `1:1`, `K:1` (K is the number of sources), `1:0` or `0:1`; ValueError for anything else."""
        remix, colon, rest = text.partition(":")
        found = cls(float(sources) if remix == "K" else float(remix), float(rest))
        if not colon or min(found.remix, found.sources) < 0 or not 0 < found.remix + found.sources < math.inf:
            raise ValueError(text)
        return found


def sdr(estimate: Tensor, truth: Tensor, mixture: Tensor) -> Tensor:
    """Return the SDR in dB [shape=(...)] of signals [shape=(..., n)]; the mixture says what is silent."""
    least = SILENT * mixture.square().sum(dim=-1) + 1e-9
    return 10 * torch.log10((truth.square().sum(dim=-1) + least) / ((truth - estimate).square().sum(dim=-1) + least))


def loss(remix: Tensor, found: Tensor | None, truth: Tensor, gains: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """Return the loss and, for people, the SDR of the remix in dB, both means over the batch.

    Parameters
    ----------
    remix : Tensor [shape=(batch, n)]
    found : Tensor [shape=(batch, sources, n)], or None where sources do not count
    truth : Tensor [shape=(batch, sources, n)]
    gains : Tensor [shape=(batch, sources), linear]
    """
    mixture = truth.sum(dim=1)
    wanted = (gains[..., None] * truth).sum(dim=1)
    of_remix = sdr(remix, wanted, wanted).mean()
    value = -weights.remix * of_remix
    if found is not None and weights.sources:
        value = value - weights.sources * sdr(found, truth, mixture[:, None]).mean()
    return value, of_remix.detach()

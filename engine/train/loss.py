"""How far the sources that a network makes are from the true ones."""

from torch import Tensor

from engine.train.batches import pairs_of

SILENT = 0.1
"""Of the mixture's power: a source far below it counts as if it had so much, lest what is silent matter most."""


def error_power(shares: Tensor, sources: Tensor, shared: Tensor, parts: Tensor) -> Tensor:
    """Return the power of each source's error in each cell [shape of sources]; parameters as in `loss`."""
    error = sources - 2 * (shares * shared).sum(dim=2)
    for k, (i, j) in enumerate(pairs_of(shares.shape[2])):
        error = error + shares[:, :, i] * shares[:, :, j] * parts[:, None, k]
    return error.clamp_min(0)


def loss(shares: Tensor, sources: Tensor, shared: Tensor, parts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and, for people, how far each source's error lies below the mixture in dB [shape=(asked,)].

    The loss is the amplitude of each source's error against that source (so all count alike, loud or not), plus half the mean
    of the error's magnitude over the cells, by which quiet high bands count. A logarithm of the error, as is common, would be
    lowered most by finding out which sources are silent.

    Parameters
    ----------
    shares : Tensor [shape=(batch, asked, parts, 2, frames, CELLS)]
    sources, shared, parts : Tensor
        As in `engine.train.batches.Batch`.
    """
    error = error_power(shares, sources, shared, parts)
    mixture = parts.sum(dim=1).clamp_min(0)
    whole, power = error.sum(dim=(2, 3, 4)), sources.sum(dim=(2, 3, 4))
    total = mixture.sum(dim=(1, 2, 3))[:, None] + 1e-6
    coarse = (whole / (power + SILENT * total) + 1e-6).sqrt().mean()
    fine = (error + 1e-6).sqrt().mean(dim=(1, 2, 3, 4)) / (mixture + 1e-6).sqrt().mean(dim=(1, 2, 3))
    return coarse + 0.5 * fine.mean(), -10 * (whole / total).detach().clamp_min(1e-3).log10().mean(dim=0)

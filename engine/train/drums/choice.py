"""Learning to choose among genres: on mixtures of each, scored on mixtures of drums that training never heard."""

import numpy as np
import torch
from scipy import optimize, special

from engine.model.audio import Samples
from engine.train.batches import Batch
from engine.train.drums.refined.choice import Choice, Features, features
from engine.train.training import heard

SMOOTH = 10.0
"""Weight of the squared coefficients against one example."""


def learnt(genres: tuple[str, str], first: list[Batch], second: list[Batch]) -> Choice:
    """Return the choice that tells the second genre's mixtures from the first's."""
    table = np.stack([features(powers_of(x)) for x in (*first, *second)])
    sign = np.repeat([-1.0, 1.0], [len(first), len(second)])
    mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-3
    rows = (table - mean) / scale

    def cost(at: Features) -> tuple[float, Features]:
        margin = sign * (rows @ at[:-1] + at[-1])
        slope = -sign * special.expit(-margin)
        kept = np.append(at[:-1], 0.0)
        return float(np.logaddexp(0, -margin).sum() + 0.5 * SMOOTH * kept @ kept), np.append(
            rows.T @ slope, slope.sum()
        ) + SMOOTH * kept

    found = optimize.minimize(cost, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B").x.astype(np.float32)
    return Choice(genres, found[:-1], mean.astype(np.float32), scale.astype(np.float32), found[-1:])


def accuracy(choice: Choice, first: list[Batch], second: list[Batch]) -> float:
    """Return the share of mixtures whose genre is found."""
    right = [choice.of(features(powers_of(x))) == choice.genres[0] for x in first]
    right += [choice.of(features(powers_of(x))) == choice.genres[1] for x in second]
    return float(np.mean(right))


def powers_of(mixture: Batch) -> Samples:
    """Return what a generator hears of a mixture [shape=(HEARD, frames, CELLS)]."""
    return np.asarray(heard(torch.from_numpy(mixture.parts)[None])[0].numpy())

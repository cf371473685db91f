"""Which genre's model a song should have: logistic regression on how loud its bands are and how much they vary.

Heard are the song and the built-in separator's drums, their middle, in 38 bands: the mean over time of the log power and its
standard deviation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from engine.analysis.stems.small_net import PER_BAND, QUIETEST
from engine.model.audio import Samples

FRAMES = 128
"""Of a stretch that is asked about: 3 s."""
Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Two genres; the coefficients of the second against the first, and what features are brought to [shape=(features,)]."""

    genres: tuple[str, ...]
    weight: Samples
    mean: Samples
    scale: Samples
    bias: Samples

    def tensors(self) -> dict[str, Samples]:
        """Return all that is numbers."""
        return {"weight": self.weight, "mean": self.mean, "scale": self.scale, "bias": self.bias}

    def second(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Return how probable the second genre is for each row of features."""
        logits = (features - self.mean) / self.scale @ self.weight.astype(np.float64) + self.bias[0]
        return np.asarray(special.expit(logits), dtype=np.float64)

    def of(self, features: NDArray[Any]) -> str:
        """Return the genre of a song from the features of its stretches."""
        return self.genres[int(float(np.mean(self.second(np.atleast_2d(features)))) >= 0.5)]


def features(powers: Samples) -> Features:
    """Return the features of a stretch of a song [shape=(152,)] from what a generator hears of it.

    Parameters
    ----------
    powers : ndarray [shape=(HEARD, frames, CELLS), mean squared magnitude]
        Middle and side of the song, of its built-in drums, and more.
    """
    song, drums = powers[0], powers[2]
    bands = np.log(np.stack([song, drums]).reshape(2, len(song), -1, PER_BAND).mean(axis=-1) + QUIETEST)
    return np.concatenate([bands.mean(axis=1).ravel(), bands.std(axis=1).ravel()]).astype(np.float64)

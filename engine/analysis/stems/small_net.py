"""The network of the small separator: band-split, dilated convolutions in time, mixing across bands, softmax masks.

After Luo & Yu ("Music source separation with band-split RNN", IEEE/ACM TASLP 31, 2023), far smaller, and with depthwise
convolutions (after Luo & Mesgarani, "Conv-TasNet", IEEE/ACM TASLP 27(8), 2019) in place of recurrent layers, so that what a
frame depends on is bounded: a song may be worked through in pieces that do not show.

A guided network hears, beside the song, the four stems that the built-in separator makes of it; it begins with sharing the song
out by their powers and learns what to correct. The shares of the four sources add up to one in every cell, so the sources add
up to the song (mixture consistency; Wisdom et al., "Differentiable consistency constraints for improved deep speech
enhancement", ICASSP 2019).

Computed by numpy alone, so that stems need no torch; `engine.train.network` is the same network for training.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from engine.model.audio import Samples

RATE, SIZE, HOP = 44_100, 4096, 1024
SOURCES = 4
WIDTHS = ((128, 1), (64, 2), (64, 4), (32, 16), (16, 64))
"""How many cells there are of so many bins, from the lowest up: about the ear's resolution."""
CELLS, PER_BAND = 304, 8
BANDS = CELLS // PER_BAND
QUIETEST, FAINTEST = np.float32(1e-5), np.float32(1e-6)
"""Power below which nothing is heard of the song, and of a stem."""
LEAST_PRIOR = np.float32(-5.0)
"""Logarithm of the smallest share that a guide gives a source."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a network is.

    `causal`: no frame depends on a later one (but on the window's own length). `guided`: it also hears what the built-in
    separator makes of the song.
    """

    features: int = 32
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    causal: bool = False
    guided: bool = True

    @property
    def heard(self) -> int:
        """How many powers each cell has: of middle and side, for the song and each stem."""
        return 2 * (1 + SOURCES * self.guided)

    @property
    def reach(self) -> int:
        """How many frames away something may lie and still count."""
        return sum(self.dilations) * (2 if self.causal else 1)

    def described(self) -> dict[str, object]:
        """Return the shape as plain values, for a header."""
        return {**asdict(self), "dilations": list(self.dilations)}


def widths() -> NDArray[np.int64]:
    """Return how many bins each cell has [shape=(CELLS,)]; the last takes the last bin too."""
    found = np.array([width for count, width in WIDTHS for _ in range(count)], dtype=np.int64)
    found[-1] += 1
    return found


def pooled(bins: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums over the bins of each cell [shape=(..., bins) -> (..., CELLS)]."""
    starts = np.concatenate([[0], np.cumsum(widths())[:-1]])
    return np.asarray(np.add.reduceat(bins, starts, axis=-1), dtype=np.float32)


Weights = Mapping[str, Samples]


def shares(weights: Weights, shape: Shape, power: Samples) -> Samples:
    """Return how the song is shared out.

    Parameters
    ----------
    weights : Mapping
        The tensors of `engine.train.network.SmallNet`, float32.
    power : ndarray [shape=(shape.heard, frames, CELLS), mean squared magnitude]
        Of middle and side of a song at about -20 dBFS, then, for a guided network, of middle and side of each stem.

    Returns
    -------
    ndarray [shape=(SOURCES, 2, frames, CELLS), within 0..1, adding up to 1 over the sources]
    """
    frames = power.shape[1]
    heard = (np.log(power[:2] + QUIETEST) + np.float32(4.0)) / np.float32(4.0)
    prior = (
        _prior(power[2:].reshape(SOURCES, 2, frames, CELLS)) if shape.guided else np.zeros((0, 2, frames, CELLS), np.float32)
    )
    heard = np.concatenate([heard, (prior / np.float32(2.5) + 1).reshape(-1, frames, CELLS)])
    bands = heard.reshape(-1, frames, BANDS, PER_BAND).transpose(2, 1, 0, 3).reshape(BANDS, frames, -1)
    x = np.ascontiguousarray((bands @ weights["split"] + weights["place"]).transpose(1, 0, 2))
    for i, dilation in enumerate(shape.dilations):
        x = _block(weights, f"blocks.{i}.", x, dilation, causal=shape.causal)
    x = _normed(weights, "norm", x).transpose(1, 0, 2)
    logits = (x @ weights["masks"] + weights["bias"]).reshape(BANDS, frames, SOURCES, 2, PER_BAND)
    logits = logits.transpose(2, 3, 1, 0, 4).reshape(SOURCES, 2, frames, CELLS)
    if shape.guided:
        logits = logits + weights["trust"] * prior
    found = np.exp(logits - logits.max(axis=0))
    return np.asarray(found / found.sum(axis=0), dtype=np.float32)


def _prior(stems: Samples) -> Samples:
    """Return the logarithm of each stem's share of all power in a cell."""
    share = np.log(stems + FAINTEST) - np.log(stems.sum(axis=0) + SOURCES * FAINTEST)
    return np.asarray(np.maximum(share, LEAST_PRIOR), dtype=np.float32)


def _block(weights: Weights, name: str, x: Samples, dilation: int, *, causal: bool) -> Samples:
    """Look around in time, then across the bands [shape=(frames, bands, features)]."""
    frames, before = len(x), (2 if causal else 1) * dilation
    padded = np.pad(_normed(weights, f"{name}time_norm", x), ((before, 2 * dilation - before), (0, 0), (0, 0)))
    taps = sum(padded[i * dilation : i * dilation + frames] * weights[f"{name}taps"][i] for i in range(3))
    x = x + _linear(weights, f"{name}down", _gelu(_linear(weights, f"{name}up", np.asarray(taps))))
    across = np.ascontiguousarray(_normed(weights, f"{name}band_norm", x).transpose(0, 2, 1))
    across = _linear(weights, f"{name}narrow", _gelu(_linear(weights, f"{name}wide", across)))
    return x + across.transpose(0, 2, 1)


def _linear(weights: Weights, name: str, x: Samples) -> Samples:
    matrix = weights[f"{name}.weight"]
    return np.asarray((x.reshape(-1, x.shape[-1]) @ matrix.T + weights[f"{name}.bias"]).reshape(*x.shape[:-1], len(matrix)))


def _normed(weights: Weights, name: str, x: Samples) -> Samples:
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt(np.mean(np.square(centred), axis=-1, keepdims=True) + np.float32(1e-5))
    return np.asarray(centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _gelu(x: Samples) -> Samples:
    """Return the Gaussian error linear unit (Hendrycks & Gimpel, 2016)."""
    return np.asarray(x * (np.float32(0.5) + np.float32(0.5) * special.erf(x * np.float32(0.5**0.5))))

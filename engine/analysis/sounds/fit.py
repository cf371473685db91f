"""The waveforms of sounds by least squares, given the steps at which they begin.

A sound may ring over several steps, so the song is a convolution of sounds and onsets. As all onsets lie on steps, that
convolution acts on whole steps: block s of the song is the sum of block q of every sound that began q steps before. The same
small matrix therefore serves every frame of a step, and a fit is a matrix product and a few Cholesky factors.
"""

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.ndimage import uniform_filter1d

from engine.analysis.sounds.steps import Blocks

Onsets = NDArray[np.float32]
"""[shape=(sounds, steps)]: 1 where a sound begins."""
Matrix = NDArray[np.float32]

NEVER = 1e5
"""Ridge at which nothing is left of a waveform."""
ATTACK_S = 0.06
"""A sound may grow for so long; what grows louder later is another sound."""
GROWS = 3.0
"""How many times its power has to rise for that."""


def design(onsets: Onsets, blocks: int) -> Matrix:
    """Return which block of which sound is heard in each step [shape=(steps, sounds * blocks)]."""
    sounds, steps = onsets.shape
    heard = np.zeros((steps, sounds, blocks), dtype=np.float32)
    for block in range(min(blocks, steps)):
        heard[block:, :, block] = onsets[:, : steps - block].T
    return heard.reshape(steps, -1)


def pieces(width: int, rate: int, seconds: float) -> NDArray[np.int64]:
    """Return the edges of pieces of a step, each with ridges of its own [shape=(pieces + 1,), frames]."""
    return np.linspace(0, width, max(2, int(width / rate / seconds)) + 1).astype(np.int64)


def ages(sounds: int, blocks: int, edges: NDArray[np.int64], rate: int) -> Matrix:
    """Return how long after its onset each piece of a sound is [shape=(sounds * blocks, pieces), seconds]."""
    middles = (edges[:-1] + edges[1:]) / 2.0
    one = (np.arange(blocks)[:, None] * edges[-1] + middles) / rate
    return np.tile(one, (sounds, 1)).astype(np.float32)


def solved(heard: Matrix, song: Blocks, ridges: Matrix, edges: NDArray[np.int64]) -> Matrix:
    """Return the waveforms [shape=(sounds * blocks, channels, width)] with the least squared error and ridge.

    Parameters
    ----------
    heard : ndarray [shape=(steps, sounds * blocks)]
    song : Blocks
    ridges : ndarray [shape=(sounds * blocks, pieces)]
        Price of a waveform's energy there.
    edges : ndarray [shape=(pieces + 1,), frames]
    """
    normal = heard.T @ heard
    crossed = (heard.T @ song.reshape(len(song), -1)).reshape(len(normal), *song.shape[1:])
    found = np.empty_like(crossed)
    diagonal = np.arange(len(normal))
    for piece, (low, high) in enumerate(itertools.pairwise(edges)):
        system = normal.copy()
        system[diagonal, diagonal] += ridges[:, piece] + np.float32(1e-4)
        factor = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        right = crossed[..., low:high]
        found[..., low:high] = cho_solve(factor, right.reshape(len(normal), -1), check_finite=False).reshape(right.shape)
    return found


def made(heard: Matrix, waveforms: Matrix) -> Blocks:
    """Return the song that waveforms make [shape=(steps, channels, width)]."""
    flat = heard @ waveforms.reshape(len(waveforms), -1)
    return np.asarray(flat.reshape(len(heard), *waveforms.shape[1:]))


def power(waveforms: Matrix, edges: NDArray[np.int64], other: Matrix | None = None) -> Matrix:
    """Return the mean of a waveform's square, or of its product with another, in every piece [shape=(rows, pieces)]."""
    product = waveforms * (waveforms if other is None else other)
    return np.stack([product[..., a:b].mean(axis=(1, 2)) for a, b in itertools.pairwise(edges)], axis=1)


def smooth(values: Matrix, sounds: int, width: int) -> Matrix:
    """Return values [shape=(sounds * blocks, pieces)] averaged over `width` pieces along each sound."""
    return np.asarray(uniform_filter1d(values.reshape(sounds, -1), max(1, width), axis=1).reshape(values.shape))


def rising(age: Matrix, base: float, rise_s: float) -> Matrix:
    """Return a ridge that grows with the age of a sound."""
    return np.asarray(base * np.exp(np.minimum(age / rise_s, 30.0)), dtype=np.float32)


def over(waveforms: Matrix, sounds: int, edges: NDArray[np.int64], rate: int) -> NDArray[np.bool_]:
    """Tell which pieces come after a sound's end [shape=(sounds * blocks, pieces)]: where its power rises once more.

    Where an open hat is always followed by the kick, nothing else tells that the kick is not the hat's.
    """
    level = smooth(power(waveforms, edges), sounds, 3).reshape(sounds, -1)
    attack = max(1, round(ATTACK_S * rate / (edges[-1] / (len(edges) - 1))))
    peak = level[:, :attack].max(axis=1, keepdims=True)
    so_far = np.minimum.accumulate(np.concatenate([peak, level[:, attack:]], axis=1), axis=1)[:, :-1]
    rises = level[:, attack:] > GROWS * np.maximum(so_far, 1e-3 * peak)
    ended = np.zeros_like(level, dtype=np.bool_)
    # The power is smoothed: what rises began one piece before.
    ended[:, attack - 1 : -1] = np.logical_or.accumulate(rises, axis=1)
    ended[:, -1] = ended[:, -2]
    return np.asarray(ended.reshape(len(waveforms), -1))

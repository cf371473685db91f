"""Sounds grouped into the few sources that a person plays: what sounds alike goes together, what is faint joins first."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sounds.fit import Matrix, Onsets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BANDS = 24
LOWEST, HIGHEST = 50.0, 16_000.0
"""Hz."""
UNLIKE = 1.5
"""Cost of joining two sounds that have nothing in common, and of two that are alike 0.5 (times their loudness)."""
LOUDNESS = 0.2
"""Exponent of energy for the loudness of the fainter one."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What sounds are like.

    `energy` [shape=(sounds,)] in the whole song, `bands` [shape=(sounds, BANDS + 1)] the share of each
    band in it, `length_s` [shape=(sounds,)] until nine tenths of the energy have been heard.
    """

    energy: Floats
    bands: Floats
    length_s: Floats


def band_edges() -> Floats:
    """Return the edges of the bands [shape=(BANDS + 2,), Hz]; the first holds all that is below `LOWEST`."""
    return np.concatenate([[0.0], np.geomspace(LOWEST, HIGHEST, BANDS + 1)])


def portrait(waveforms: Matrix, onsets: Onsets, rate: int) -> Portrait:
    """Return what sounds are like, from their waveforms [shape=(sounds, blocks, channels, width)] and onsets."""
    whole = waveforms.swapaxes(1, 2).reshape(len(waveforms), waveforms.shape[2], -1)
    running = np.cumsum(np.square(whole, dtype=np.float64).sum(axis=1), axis=1)
    length = (running < 0.9 * running[:, -1:]).sum(axis=1) / rate
    spectrum = np.square(np.abs(np.fft.rfft(whole, axis=-1))).sum(axis=1)
    hz = np.fft.rfftfreq(whole.shape[-1], 1.0 / rate)
    edges = band_edges()
    bands = np.stack([spectrum[:, (hz >= a) & (hz < b)].sum(axis=1) for a, b in itertools.pairwise(edges)], axis=1)
    shares = bands / (bands.sum(axis=1, keepdims=True) + 1e-20)
    return Portrait(running[:, -1] * np.square(onsets).sum(axis=1), shares, length)


def grouped(sounds: Portrait, most: int) -> Ints:
    """Return the source of every sound [shape=(sounds,)], at most so many of them.

    The pair with the least `(1.5 - likeness) * loudness of the fainter` is joined until few enough are left; likeness is the
    cosine of the roots of the band shares.
    """
    roots = np.sqrt(sounds.bands)
    likeness = roots @ roots.T
    groups = [[k] for k in range(len(roots))]
    while len(groups) > most:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i)]
        i, j = min(pairs, key=lambda pair: _price(groups[pair[0]], groups[pair[1]], likeness, sounds.energy))
        groups[j] += groups.pop(i)
    owners = np.empty(len(roots), dtype=np.int64)
    for owner, members in enumerate(groups):
        owners[members] = owner
    return owners


def _price(one: list[int], two: list[int], likeness: Floats, energy: Floats) -> float:
    weights = np.outer(energy[one], energy[two]) + 1e-30
    alike = float((likeness[np.ix_(one, two)] * weights).sum() / weights.sum())
    fainter = min(float(energy[one].sum()), float(energy[two].sum()))
    return float((UNLIKE - alike) * fainter**LOUDNESS)

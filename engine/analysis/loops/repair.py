"""Waveforms made good where something else was in the song: least squares again, region by region, bars believed or doubted.

What is left of the song is cut at the bars and told in short spectra; in every region (a band for a moment, at the same place
in each bar) what believed bars still share is added to the waveforms.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.analysis.loops.belief import belief, fitted
from engine.analysis.loops.stack import cut
from engine.analysis.loops.waveforms import Bed
from engine.dsp.spectra import window
from engine.model.audio import Samples

SIZE = 2048
"""Samples of the window at 44.1 kHz; half of it is the hop."""
BANDS = 24
ROUNDS = 2
TURNS = 3
"""How often the belief follows the fit, in each round."""
FLOOR = 1e-5
"""Share of a frame's mean energy that may be left anywhere."""

Floats = NDArray[np.float64]
Spectra = NDArray[np.complex64]


def repaired(samples: Samples, bed: Bed, waveforms: Samples, rate: int) -> Samples:
    """Return better waveforms [shape=(columns, channels, length)] for a song that holds more than loops."""
    better = waveforms.copy()
    for _ in range(ROUNDS):
        left = samples - bed.song(better, samples.shape[1])
        better[..., : bed.period] = _agreed(left, bed, better, 1 << max(6, round(np.log2(SIZE * rate / 44_100))))
    return better


def _agreed(left: Samples, bed: Bed, waveforms: Samples, size: int) -> Samples:
    """Return the waveforms with what believed bars still share, less what may be chance [shape=(columns, channels, period)]."""
    hop = size // 2
    count = -(-bed.period // hop) + 1
    rows = cut(left, bed.starts - hop, (count + 1) * hop)
    known = np.pad(waveforms[..., : bed.period], [(0, 0), (0, 0), (hop, (count + 1) * hop - hop - bed.period)])
    agreed = np.zeros_like(known)
    edges = np.unique(np.rint(np.geomspace(2, size // 2 + 1, BANDS + 1)).astype(np.int64))
    edges[0] = 0
    bands = [slice(int(low), int(high)) for low, high in pairwise(edges)]
    for frame in range(count):
        piece = slice(frame * hop, frame * hop + size)
        spectra = fft.rfft(rows[..., piece] * window(size), axis=-1)
        added, chance = _added(spectra, bands, bed.gains)
        found = fft.rfft(known[..., piece] * window(size), axis=-1) + added
        agreed[..., piece] += fft.irfft(found * _surely(found, chance), size, axis=-1) * window(size)
    return agreed[..., hop : hop + bed.period]


def _surely(found: Spectra, chance: Samples) -> Samples:
    """Return the share of each bin that is no chance (Wiener), judged together with its neighbours."""
    return np.asarray(np.clip(1.0 - _smooth(chance) / (_smooth(_power(found)) + 1e-20), 0.0, 1.0))


def _smooth(power: Samples) -> Samples:
    wide = np.concatenate([power[..., :1], power, power[..., -1:]], axis=-1)
    return np.asarray((wide[..., :-2] + 2.0 * power + wide[..., 2:]) / 4.0)


def _power(spectra: Spectra) -> Samples:
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag))


def _added(spectra: Spectra, bands: list[slice], gains: Floats) -> tuple[Spectra, Samples]:
    """Return what each column adds to what the bars have, and the power that it may have by chance.

    Parameters
    ----------
    spectra : ndarray [shape=(bars, channels, bins)]
    bands : list of slice, bins
    gains : ndarray [shape=(bars, columns)]

    Returns
    -------
    added, chance : ndarray [shape=(columns, channels, bins)]
    """
    regions = [np.ascontiguousarray(spectra[..., band]).reshape(len(spectra), -1) for band in bands]
    rows = [region.view(np.float32) for region in regions]
    grams = np.stack([row @ row.T for row in rows])
    heard = np.einsum("gbb->gb", grams)
    floor = FLOOR * float(heard.mean()) + 1e-20
    solutions = fitted(grams, gains, belief(heard, floor), floor, TURNS).solution
    layout = gains.astype(np.float32)
    free = np.float32(max(1.0 - layout.shape[1] / len(layout), 1.0 / len(layout)))
    added = np.empty((layout.shape[1], *spectra.shape[1:]), dtype=np.complex64)
    chance = np.empty(added.shape, dtype=np.float32)
    for band, region, solution in zip(bands, regions, solutions, strict=True):
        shape = added[..., band].shape
        own = solution @ region
        added[..., band] = own.reshape(shape)
        chance[..., band] = (np.square(solution) @ _power(region - layout @ own) / free).reshape(shape)
    return added, chance

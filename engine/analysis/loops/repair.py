"""Waveforms made good where something else was in the song: least squares again, region by region, bars believed or doubted.

What is left of the song is cut at the bars and told in short spectra. In every region (a band for a moment, at the same place
in each bar) the bars where much is left count little, as for errors of a Student's t distribution; what the others still
share is added to the waveforms.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

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
BELIEVED = 0.3
"""Share of the bars that every region surely has right."""
DOUBT = 3.0
"""How many times what those bars miss halves the belief in a bar."""
RIDGE = 1e-3


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
    layout = bed.gains.astype(np.float32)
    for frame in range(count):
        piece = slice(frame * hop, frame * hop + size)
        spectra = fft.rfft(rows[..., piece] * window(size), axis=-1)
        found = fft.rfft(known[..., piece] * window(size), axis=-1)
        for low, high in pairwise(edges):
            region = spectra[..., low:high]
            added, chance = _fitted(region.reshape(len(region), -1), layout)
            whole = found[..., low:high] + added.reshape(-1, *region.shape[1:])
            found[..., low:high] = whole * _surely(whole, chance.reshape(whole.shape))
        agreed[..., piece] += fft.irfft(found, size, axis=-1) * window(size)
    return agreed[..., hop : hop + bed.period]


def _surely(found: NDArray[np.complex64], chance: Samples) -> Samples:
    """Return the share of each bin that is no chance (Wiener), judged together with its neighbours."""
    power = _smooth(np.square(found.real) + np.square(found.imag))
    return np.asarray(np.clip(1.0 - _smooth(chance) / (power + 1e-20), 0.0, 1.0))


def _smooth(power: Samples) -> Samples:
    wide = np.pad(power, [(0, 0)] * (power.ndim - 1) + [(1, 1)], mode="edge")
    return np.asarray((wide[..., :-2] + 2.0 * wide[..., 1:-1] + wide[..., 2:]) / 4.0)


def _fitted(region: NDArray[np.complex64], layout: Samples) -> tuple[NDArray[np.complex64], Samples]:
    """Return what each column adds to what the bars have in a region, and the power that it may have by chance.

    Parameters
    ----------
    region : ndarray [shape=(bars, cells)]
    layout : ndarray [shape=(bars, columns)]

    Returns
    -------
    added, chance : ndarray [shape=(columns, cells)]
    """
    left = region
    solution = np.zeros(layout.T.shape, dtype=np.float32)
    for _ in range(TURNS):
        energy = np.square(left.real).sum(axis=1) + np.square(left.imag).sum(axis=1)
        usual = float(np.quantile(energy, BELIEVED)) + 1e-5 * float(energy.mean())
        weighted = layout.T / (1.0 + energy / (DOUBT * usual + 1e-20))
        normal = weighted @ layout
        normal[np.diag_indices_from(normal)] += RIDGE
        solution = np.linalg.solve(normal, weighted).astype(np.float32)
        left = region - layout @ (solution @ region)
    free = max(1.0 - layout.shape[1] / len(layout), 1.0 / len(layout))
    chance = np.square(solution) @ (np.square(left.real) + np.square(left.imag)) / np.float32(free)
    return np.asarray(solution @ region), np.asarray(chance)

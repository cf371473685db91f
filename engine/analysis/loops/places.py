"""Where exactly the bars start, to a small fraction of a frame: like bars are laid over one another.

A sequencer rounds every bar to a whole frame before the song is mixed, and a resampled song then has its bars between frames.
So the places are not on a line, and are measured one by one: the delays between bars that are alike, by the peak of their
cross-correlation, then places that agree with all delays.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.analysis.loops.stack import cut
from engine.model.audio import Samples

Floats = NDArray[np.float64]

REACH = 12
"""Frames that a bar may lie from its place on the grid."""
NEIGHBOURS = 4
"""Like bars that each bar is laid over."""
FINER = 8
"""Points per frame of a cross-correlation, before the parabola."""
WHOLE = 0.12
"""Mean distance of the delays from whole frames at which the sequencer is taken to have rounded; at random 0.25."""
LOW_SHARE = 1 / 16
"""Share of the spectrum in which likeness is judged, where a few frames of error do not matter."""


def placed(even: Samples, starts: Floats, length: int) -> Floats:
    """Return better starts of the bars [shape=(bars,), frames].

    Parameters
    ----------
    even : ndarray [shape=(channels, frames)]
        The whitened song.
    starts : ndarray [shape=(bars,), frames]
        Within `REACH` of the truth, but for an offset that all share.
    length : int, frames
    """
    first = np.rint(starts)
    mono = even.mean(axis=0, keepdims=True)
    pieces = cut(mono, first, length)[:, 0] * _fades(length)
    size = fft.next_fast_len(length + 2 * REACH, real=True)
    spectra = fft.rfft(pieces, size, axis=-1)
    pairs = _pairs(spectra)
    delays, weights = _delays(spectra, pairs, size)
    late = _agreed(pairs, delays, weights, starts - first)
    return np.asarray(np.rint(first + late) if _whole(delays, weights) else first + late)


def _whole(delays: Floats, weights: Floats) -> bool:
    """Tell whether all bars lie whole frames apart, as a sequencer leaves them."""
    apart = np.abs(delays - np.rint(delays))
    return float(np.average(np.minimum(apart, 0.25), weights=weights + 1e-12)) < WHOLE


def _fades(length: int) -> Samples:
    fade = np.ones(length, dtype=np.float32)
    n = min(256, length // 4)
    fade[:n] = np.linspace(0, 1, n)
    fade[-n:] = fade[:n][::-1]
    return fade


def _pairs(spectra: NDArray[np.complex64]) -> NDArray[np.int64]:
    """Return the pairs of bars that are most alike [shape=(pairs, 2)], the first the earlier."""
    low = spectra[:, : max(8, int(spectra.shape[1] * LOW_SHARE))]
    gram = (low.real @ low.real.T + low.imag @ low.imag.T).astype(np.float64)
    level = np.sqrt(np.maximum(np.diag(gram), 1e-20))
    like = gram / level[:, None] / level
    np.fill_diagonal(like, -np.inf)
    best = np.argsort(-like, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(gram) - 1)]
    pairs = {(min(i, int(j)), max(i, int(j))) for i in range(len(gram)) for j in best[i]}
    return np.array(sorted(pairs), dtype=np.int64)


def _delays(spectra: NDArray[np.complex64], pairs: NDArray[np.int64], size: int) -> tuple[Floats, Floats]:
    """Return how much later in its cut the second of each pair is [frames], and how much to believe it."""
    energy = np.square(np.abs(spectra)).sum(axis=1, dtype=np.float64)
    delays, weights = np.zeros(len(pairs)), np.zeros(len(pairs))
    for k, (i, j) in enumerate(pairs):
        peak, delays[k] = delay_of(spectra[j] * np.conj(spectra[i]), size)
        likeness = min(1.0, max(0.0, peak / np.sqrt(energy[i] * energy[j] + 1e-30)))
        weights[k] = likeness**2 / (1.0 - likeness**2 + 1e-4) * energy[i] / (energy.max() + 1e-30)
    return delays, weights


def delay_of(cross: NDArray[np.complex64], size: int) -> tuple[float, float]:
    """Return the height and the place [frames] of the peak of a correlation within `REACH`, in the spectra's unit of energy."""
    wide = fft.irfft(cross, size)
    near = np.concatenate([wide[-REACH:], wide[: REACH + 1]])
    whole = int(near.argmax()) - REACH
    # The band-limited correlation between frames, by its Fourier series around the peak.
    steps = np.arange(-FINER, FINER + 1) / FINER
    frequencies = 2j * np.pi * np.arange(cross.size) / size
    coarse = np.exp(frequencies[None, :: max(1, cross.size // 4096)] * (whole + steps[:, None]))
    curve = (coarse * cross[:: max(1, cross.size // 4096)]).real.sum(axis=1)
    k = min(max(int(curve.argmax()), 1), curve.size - 2)
    left, mid, right = curve[k - 1 : k + 2]
    bend = left - 2 * mid + right
    part = 0.5 * (left - right) / bend if abs(bend) > 1e-20 else 0.0
    return float(near.max()) * size / 2.0, float(whole + steps[k] + np.clip(part, -1, 1) / FINER)


def _agreed(pairs: NDArray[np.int64], delays: Floats, weights: Floats, expected: Floats) -> Floats:
    """Return the lateness of each bar that agrees best with all delays, and a little with what was expected."""
    bars = len(expected)
    doubt = np.ones(len(pairs))
    late: Floats = expected
    for _ in range(4):
        strength = weights * doubt + 1e-12
        normal = np.zeros((bars, bars))
        right = np.zeros(bars)
        np.add.at(normal, (pairs[:, 0], pairs[:, 0]), strength)
        np.add.at(normal, (pairs[:, 1], pairs[:, 1]), strength)
        np.add.at(normal, (pairs[:, 0], pairs[:, 1]), -strength)
        np.add.at(normal, (pairs[:, 1], pairs[:, 0]), -strength)
        np.add.at(right, pairs[:, 1], strength * delays)
        np.add.at(right, pairs[:, 0], -strength * delays)
        prior = 1e-4 * (float(np.median(weights)) + 1e-9)
        late = np.asarray(np.linalg.solve(normal + prior * np.eye(bars), right + prior * expected), dtype=np.float64)
        misfit = np.abs(late[pairs[:, 1]] - late[pairs[:, 0]] - delays)
        doubt = 1.0 / (1.0 + (misfit / 0.1) ** 2)
    return np.asarray(late)

"""Non-negative matrix factorisation: a magnitude spectrogram as templates times activations.

Multiplicative updates that lower the generalised Kullback-Leibler divergence (Lee & Seung, "Algorithms for non-negative matrix
factorization", NIPS 2001). A zero stays a zero, which is how knowledge comes in: a template that may only sound at its
partials, an activation that may only sound where the score has a note (Ewert & Müller, "Using score-informed constraints for
NMF-based source separation", ICASSP 2012).
"""

import os

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.dsp.hpss import Magnitude
from engine.model.audio import Progress, no_progress

TINY = np.float32(1e-9)


# Small products: a second thread costs more than it brings, several times so on a busy machine.
@threadpool_limits.wrap(limits=max(1, (os.cpu_count() or 1) // 2), user_api="blas")
def nmf_kl(
    v: Magnitude, w: Magnitude, h: Magnitude, iterations: int, *, learn: bool = True, progress: Progress = no_progress
) -> tuple[Magnitude, Magnitude]:
    """Return templates and activations whose product comes near a magnitude spectrogram.

    Parameters
    ----------
    v : ndarray [shape=(bins, frames), float32, >= 0]
    w, h : ndarray [shape=(bins, components), shape=(components, frames), float32, >= 0]
        Where to begin; what is zero stays zero.
    iterations : int
    learn : bool
        False: keep the templates as they are. Then every frame is found by itself, whatever stands beside it.
    progress : Progress

    Returns
    -------
    w, h : ndarray
        As before; the templates add up to 1 each, unless they were kept or are silent.
    """
    w, h = w.astype(np.float32), h.astype(np.float32)
    for i in range(iterations):
        h *= _correction(w.T @ (v / (w @ h + TINY)), w.sum(axis=0)[:, None])
        if learn:
            w *= _correction((v / (w @ h + TINY)) @ h.T, h.sum(axis=1)[None, :])
            scale = w.sum(axis=0)
            w /= scale + TINY
            h *= scale[:, None]
        progress((i + 1) / iterations)
    return w, h


def _correction(wanted: Magnitude, had: Magnitude) -> Magnitude:
    """Return by how much to multiply: 1 where there is nothing to go by, so that a template that is not heard stays."""
    return np.asarray((wanted + TINY) / (had + TINY), dtype=np.float32)


def kl_divergence(v: Magnitude, model: Magnitude) -> float:
    """Return the generalised Kullback-Leibler divergence of a model from what it models; 0 where they are equal."""
    x, y = v.astype(np.float64) + float(TINY), model.astype(np.float64) + float(TINY)
    return float(np.sum(x * np.log(x / y) - x + y))


def comb_templates(hz: NDArray[np.float64], size: int, rate: int, tolerance_semitones: float, most: int = 20) -> Magnitude:
    """Return a template for each fundamental: its partials, each as strong as 1 over its number, and nothing between.

    Parameters
    ----------
    hz : ndarray [shape=(n,)]
        Fundamentals.
    size : int
        Of the window, in samples.
    rate : int, Hz
    tolerance_semitones : float
        How far off a partial may lie; never less than the half width of the window's main lobe, 1.5 bins.
    most : int
        How many partials a note has at the most; those above half the rate are left out.

    Returns
    -------
    ndarray [shape=(size // 2 + 1, n), float32]
        Each adds up to 1, unless the fundamental lies above half the rate.
    """
    bins = np.arange(size // 2 + 1)[:, None] * (rate / size)
    number = np.arange(1, most + 1)
    comb = np.zeros((bins.size, hz.size), dtype=np.float32)
    for i, fundamental in enumerate(hz):
        partials = fundamental * number
        width = np.maximum(1.5 * rate / size, partials * (2 ** (tolerance_semitones / 12) - 1))
        near = (np.abs(bins - partials) <= width) & (partials < rate / 2)
        comb[:, i] = np.max(near / number, axis=1)
    return np.asarray(comb / (comb.sum(axis=0) + TINY), dtype=np.float32)

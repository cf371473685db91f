"""How like is an estimate to the truth? Ratios of energies in dB, over all channels and all of a signal.

- SDR: |s|^2 / |s - e|^2. The plain ratio, without any filter; in each window it is what BSS Eval v3 and v4 call the SDR of
  images (museval; Stöter, Liutkus & Ito, "The 2018 signal separation evaluation campaign", LVA/ICA 2018), over a whole song
  what the Music Demixing Challenges ranked by. It flatters quiet estimates: silence scores 0 dB.
- SI-SDR, scale-invariant (`engine.dsp.levels.si_sdr_db`), and SD-SDR, scale-dependent: |a s|^2 / |s - e|^2 with
  a = <e, s> / |s|^2 (Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019). SD-SDR punishes quiet estimates, SDR
  loud ones; their minimum, minSDR, punishes both.
- LD, the loudness difference of two remixes of the same sources: the sum over sources of |20 log10 (p / q)|, p and q being the
  least-squares gains of a source in either (Yang et al., "Don't separate, learn to remix", ICASSP 2022). 0 dB: every source
  is as loud as it was meant to be, whatever else is wrong.

All are held within -100..100 dB. Where the truth is silent there is nothing to be like: NaN.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]

LIMIT_DB = 100.0
PIECE = 1 << 18


def ratio_db(signal: float, error: float) -> float:
    """Return the ratio of two energies in dB; NaN if there is no signal."""
    if signal <= 0.0:
        return float("nan") if signal == 0.0 else -LIMIT_DB
    if error <= 0.0:
        return LIMIT_DB
    return float(np.clip(10.0 * np.log10(signal / error), -LIMIT_DB, LIMIT_DB))


def sdr_db(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Return the signal-to-distortion ratio in dB.

    Parameters
    ----------
    estimate, truth : array_like [same shape]
    """
    e, s = _pair(estimate, truth)
    return ratio_db(float(s @ s), _energy(s - e))


def sd_sdr_db(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Return the scale-dependent ratio in dB, `sdr_db` + 20 log10 |a|; -100 if the estimate has nothing of the truth.

    Parameters
    ----------
    estimate, truth : array_like [same shape]
    """
    e, s = _pair(estimate, truth)
    power = float(s @ s)
    if power == 0.0:
        return float("nan")
    found = float(e @ s) ** 2 / power
    return ratio_db(found, _energy(s - e)) if found > 0.0 else -LIMIT_DB


def min_sdr_db(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Return the lesser of SDR and SD-SDR in dB: no gain in level can raise it.

    Parameters
    ----------
    estimate, truth : array_like [same shape]
    """
    return float(np.minimum(sdr_db(estimate, truth), sd_sdr_db(estimate, truth)))


def inner_products(x: ArrayLike, y: ArrayLike) -> Signal:
    """Return the inner product of each row of one with each row of the other [shape=(m, k)], in float64, piece by piece.

    Parameters
    ----------
    x, y : array_like [shape=(m, n)], [shape=(k, n)]
    """
    a, b = np.asarray(x), np.asarray(y)
    total = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], PIECE):
        total += a[:, start : start + PIECE].astype(np.float64) @ b[:, start : start + PIECE].astype(np.float64).T
    return total


def source_gains(mixes: ArrayLike, sources: ArrayLike) -> Signal:
    """Return the least-squares gains of sources in mixes [shape=(mixes, sources), linear].

    Parameters
    ----------
    mixes : array_like [shape=(mixes, ...)]
    sources : array_like [shape=(sources, ...)]
        Of a mix's shape each. A silent one has gain 0.
    """
    s, m = (np.asarray(x).reshape(len(np.asarray(x)), -1) for x in (sources, mixes))
    gains = np.linalg.lstsq(inner_products(s, s), inner_products(s, m), rcond=1e-12)[0]
    return np.asarray(gains.T, dtype=np.float64)


def loudness_difference_db(obtained: ArrayLike, wanted: ArrayLike, sources: ArrayLike) -> float:
    """Return the loudness difference LD of two remixes in dB, summed over the sources that are not silent.

    Parameters
    ----------
    obtained, wanted : array_like [shape=(...)]
    sources : array_like [shape=(sources, ...)]
        The true ones.
    """
    audible = [one for one in np.asarray(sources) if one.any()]
    if not audible:
        return float("nan")
    gains = source_gains([np.asarray(wanted), np.asarray(obtained)], audible)
    return float(np.abs(np.subtract(*level_db(gains))).sum())


def level_db(gains: Signal) -> Signal:
    """Return the dB of linear gains of either sign, -100 at least."""
    return np.asarray(20.0 * np.log10(np.maximum(np.abs(gains), 10.0 ** (-LIMIT_DB / 20.0))))


def _pair(estimate: ArrayLike, truth: ArrayLike) -> tuple[Signal, Signal]:
    e, s = np.asarray(estimate, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if e.shape != s.shape:
        raise ValueError(f"an estimate of shape {e.shape} cannot be compared with a truth of shape {s.shape}")
    return e.ravel(), s.ravel()


def _energy(x: Signal) -> float:
    return float(x @ x)

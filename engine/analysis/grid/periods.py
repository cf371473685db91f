"""After which time a song repeats itself, to a fraction of a frame.

Music made of loops repeats sample by sample, so the autocorrelation of the whole song has peaks one sample wide. A peak found
at one lag is refined at 2, 4 ... 64 times that lag, where the same error is 64 times as far from the truth. Among periods,
the one in which the bars can be written as the fewest different patterns is right: minimum description length (Rissanen,
1978) over the rank of the bars' Gram matrix.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from engine.model.audio import Samples

Floats = NDArray[np.float64]

SHORTEST_S, LONGEST_S = 0.28, 9.0
"""From one beat at 214 bpm to two bars at 54."""

PEAKS = 28
FLOOR = 1e-4
"""Energy under which what patterns leave is called rounding."""

MOST_BARS = 160
"""Bars that the description length looks at; more say nothing new and cost their cube."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time after which the song repeats: frames of the analysed signal, autocorrelation there (1 is an exact copy)."""

    frames: float
    strength: float


def autocorrelation(signal: Samples, whitening: float = 0.7) -> Samples:
    """Return the normalised autocorrelation of a signal whose spectrum was flattened [shape=(n,), 1 at lag 0].

    Each lag is divided by its overlap, but by no less than a fifth of the song.
    """
    n = signal.size
    power = np.square(np.abs(fft.rfft(signal, fft.next_fast_len(2 * n, real=True))))
    smooth = uniform_filter1d(power, 4097, mode="nearest")
    power /= (smooth + np.float32(1e-6) * smooth.max() + np.float32(1e-30)) ** np.float32(whitening)
    lags: Samples = fft.irfft(power)[:n]
    overlap = np.maximum(0.2, 1.0 - np.arange(n, dtype=np.float32) / n)
    return np.asarray(lags / (max(float(lags[0]), 1e-30) * overlap), dtype=np.float32)


def find_periods(lags: Samples, rate: float) -> list[Period]:
    """Return the strongest distinct repeats of an autocorrelation, each refined, strongest first."""
    low, high = int(SHORTEST_S * rate), min(int(LONGEST_S * rate), int(lags.size * 0.6))
    if high <= low:
        return []
    part = lags[low:high]
    tops = np.flatnonzero((part == maximum_filter1d(part, 2 * int(0.004 * rate) + 1)) & (part > 0.01))
    tops = tops[np.argsort(-part[tops], kind="stable")][:PEAKS] + low
    found: list[Period] = []
    for top in tops.tolist():
        frames = refine(lags, float(top))
        if all(abs(frames - other.frames) > 3e-4 * frames for other in found):
            found.append(Period(frames, float(lags[top])))
    return found


def refine(lags: Samples, lag: float, most: int = 64) -> float:
    """Return a lag made exact at its multiples 1, 2, 4 ... `most`, frames.

    A multiple whose peak is under a quarter of the first is passed over; only lags up to 0.7 of the song are trusted.
    """
    strength = peak_near(lags, lag, 2e-4)
    multiple = 1
    while multiple <= most and multiple * lag < 0.7 * lags.size:
        reach = max(4, int((3e-4 if multiple == 1 else 1.5e-3 / multiple) * lag))
        first = round(multiple * lag) - reach
        piece = lags[first : first + 2 * reach + 1]
        top = int(np.argmax(piece))
        if 0 < top < 2 * reach and piece[top] > 0.25 * strength:
            lag = (first + top + _vertex(*piece[top - 1 : top + 2].tolist())) / multiple
        multiple *= 2
    return lag


def peak_near(lags: Samples | Floats, lag: float, tolerance: float = 3e-4) -> float:
    """Return the largest autocorrelation within a relative tolerance of a lag, 0 where the song is too short for it."""
    reach = max(2, int(tolerance * lag))
    first = max(0, round(lag) - reach)
    piece = lags[first : round(lag) + reach + 1]
    return float(piece.max()) if piece.size and lag < 0.8 * lags.size else 0.0


def _vertex(left: float, middle: float, right: float) -> float:
    """Return where the parabola through three points has its top, from the middle one."""
    bend = left - 2.0 * middle + right
    return 0.5 * (left - right) / bend if bend < 0.0 else 0.0


def cut(signal: Samples, first: float, period: float) -> Samples:
    """Return the bars of a signal [shape=(bars, int(period))]; `first` >= 0 and `period` in frames, fractions add up."""
    bars = min(MOST_BARS, int((signal.size - first) // period))
    starts = np.round(first + period * np.arange(bars)).astype(np.int64)
    starts = np.minimum(starts, signal.size - int(period))
    return np.asarray(signal[starts[:, None] + np.arange(int(period))])


def description_length(bars: Samples) -> float:
    """Return the description length of bars as sums of few patterns; lower is simpler, comparable within one song.

    `bars` [shape=(bars, frames)]. Nats per sample: half the log of what the best K patterns leave (never under `FLOOR`), plus
    half log(bars) for each of the K numbers per bar; the smallest over K up to half the bars.
    """
    count, size = bars.shape
    if count < 4:
        return 0.0
    values = np.maximum(np.linalg.eigvalsh((bars @ bars.T).astype(np.float64))[::-1], 0.0)
    left = np.maximum(1.0 - np.cumsum(values) / max(values.sum(), 1e-30), 0.0)
    rank = np.arange(1, count + 1)
    cost = 0.5 * np.log(left + FLOOR) + 0.5 * np.log(count) * rank * (1.0 / count + 1.0 / size)
    return float(cost[: max(1, count // 2)].min())

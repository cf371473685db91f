"""Beats from a curve that says how likely each moment is one: a tempo curve first, then the best path along it.

The tempo curve is the best path through the autocorrelations of overlapping windows, so the tempo may drift; beats follow by
dynamic programming (Ellis, "Beat tracking by dynamic programming", JNMR 2007) with the interval that the curve expects at
each moment.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.analysis.grid.meter import FASTEST, SLOWEST, SPREAD_OCTAVES, USUAL_BPM

Floats = NDArray[np.float64]

WINDOW_S, STRIDE_S = 10.0, 2.5
TEMPI = 120
"""Tempi looked at between the slowest and the fastest, equally far apart in octaves: 1.2 %."""

TIGHTNESS = 120.0
"""How much a beat off its expected place costs, per squared log of the interval's ratio."""


def tempo_curve(activation: Floats, fps: float) -> tuple[Floats, Floats]:
    """Return times in seconds, and the beat length in seconds at each of them [shapes=(windows,)]."""
    bpm = np.geomspace(SLOWEST, FASTEST, TEMPI)
    lags: Floats = np.asarray(60.0 / bpm * fps, dtype=np.float64)
    size, stride = min(activation.size, int(WINDOW_S * fps)), max(1, int(STRIDE_S * fps))
    starts = np.arange(0, max(1, activation.size - size + 1), stride)
    usual = -0.5 * (np.log2(bpm / USUAL_BPM) / SPREAD_OCTAVES) ** 2
    scores = np.stack([_comb(activation[s : s + size], lags) for s in starts]) * 8.0 + usual
    jump = np.abs(np.arange(TEMPI)[:, None] - np.arange(TEMPI)[None, :])
    path = _best_path(scores, -1.0 * jump)
    centres = (starts.astype(np.float64) + size / 2) / fps
    return np.asarray(centres, dtype=np.float64), np.asarray(60.0 / bpm[path], dtype=np.float64)


def _comb(piece: Floats, lags: Floats) -> Floats:
    """Return the normalised autocorrelation at each lag, helped by that at twice the lag."""
    x = piece - piece.mean()
    power = np.square(np.abs(fft.rfft(x, 2 * x.size)))
    values = fft.irfft(power)[: x.size] / max(power.mean(), 1e-12)
    at = np.arange(x.size)
    return np.asarray(np.interp(lags, at, values) + 0.5 * np.interp(2 * lags, at, values, right=0.0))


def _best_path(scores: Floats, move: Floats) -> NDArray[np.int64]:
    """Return the best state at each step (Viterbi) [shape=(steps,)]; `move` [shape=(states, states)] is the score of a step."""
    total, back = scores[0], []
    for row in scores[1:]:
        options = total[:, None] + move
        back.append(options.argmax(axis=0))
        total = options.max(axis=0) + row
    path = [int(total.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return np.array(path[::-1])


def follow(activation: Floats, fps: float) -> Floats:
    """Return the beats of an activation curve [shape=(beats,), seconds]; none where it has no peaks.

    `activation` [shape=(frames,), >= 0] at `fps` frames a second.
    """
    if activation.size < 4 or activation.max() <= 0.0:
        return np.zeros(0)
    times, lengths = tempo_curve(activation, fps)
    expected = np.interp(np.arange(activation.size) / fps, times, lengths) * fps
    local = activation / max(float(np.percentile(activation, 99)), 1e-9)
    score, before = local.copy(), np.full(activation.size, -1)
    for i in range(activation.size):
        low, high = max(0, i - int(1.6 * expected[i])), i - int(0.6 * expected[i])
        if high <= low:
            continue
        gaps = np.arange(i - low, i - high, -1)
        options = score[low:high] - TIGHTNESS / 10.0 * np.square(np.log(gaps / expected[i]))
        best = int(options.argmax())
        if options[best] > 0.0:
            score[i] += options[best]
            before[i] = low + best
    tail = max(0, activation.size - int(expected[-1] * 1.5))
    beats = [tail + int(score[tail:].argmax())]
    while before[beats[-1]] >= 0:
        beats.append(int(before[beats[-1]]))
    return np.array(beats[::-1]) / fps

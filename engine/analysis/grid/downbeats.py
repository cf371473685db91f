"""Where in a known tempo the beats lie, and which of them starts the bar.

The beat's phase comes from the attacks of the whole song laid over each other, to a millisecond. Every sixteenth of the bar
is then a candidate for the downbeat, and evidence adds up in log-odds: bass drum there and snare a beat later, a change of
harmony, loops that come and go there, bars that are simplest to describe when cut there, the song starting there. Most
weights were fitted to excerpts of songs with known bars and rounded; `PULSE_WEIGHT` and `START_LOGIT` are set by hand.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.analysis.grid.listen import Listening
from engine.analysis.grid.meter import standardised
from engine.analysis.grid.periods import cut, description_length

Floats = NDArray[np.float64]

STEPS_PER_BEAT = 4
ONSET_LEAD_S = 0.010
"""By how much the windowed onsets run ahead of the attack."""

EARLIEST_S = 0.010
"""Attacks this much before the strongest one may be the grid: a sample's own attack only ever comes late."""

APART_S = 0.012
LEAST_HEIGHT = np.log(0.5)
HEIGHT_WEIGHT = 4.0
"""Another phase of the attacks is thought of where they are half as strong at least; its log-odds are this times its log
height."""

FAINT, UNCHANGED = 0.05, 0.03
"""Sixteenths this far under the mean energy, and changes this small, say nothing."""

SMALL = 0.1
"""Deviations of evidence from repetition that count half; a song that is one loop has none, only rounding."""

PULSE_WEIGHT = 0.2
"""Log-odds of onsets on the beats rather than between them; more would serve straight music and hurt broken beats."""

START_LOGIT = 1.5
"""Weight of the song's first sound, or its very start, being a downbeat."""


def attack_phases(listening: Listening, step_s: float) -> list[tuple[float, float]]:
    """Return where on a grid of `step_s` the song's attacks lie: up to three, each with its log-odds.

    Seconds within [0, step_s), on the song's clock.
    """
    attack, rate = _attacks(listening)
    bins = max(8, round(step_s * 1000.0))
    if attack.size < bins:
        return [(0.0, 0.0)]
    at = listening.start + np.arange(attack.size) / rate
    index = np.minimum((at % step_s) / step_s * bins, bins - 1).astype(np.int64)
    folded = np.bincount(index, attack, bins) / np.maximum(np.bincount(index, minlength=bins), 1)
    folded = np.maximum(folded - np.median(folded), 1e-12)
    tops = np.flatnonzero(folded == maximum_filter1d(folded, 2 * round(APART_S * 1000.0) + 1, mode="wrap"))
    tops = tops[np.argsort(-folded[tops], kind="stable")][:3]
    found = []
    for top in tops.tolist():
        height = float(np.log(folded[top] / folded[tops[0]]))
        near = [
            top - back for back in range(1, round(EARLIEST_S * 1000.0) + 1) if folded[(top - back) % bins] > 0.4 * folded[top]
        ]
        if height > LEAST_HEIGHT:
            found.append(((min(near, default=top) + 1.0) / bins * step_s % step_s, HEIGHT_WEIGHT * height))
    return found


def _attacks(listening: Listening) -> tuple[Floats, float]:
    """Return how suddenly the sound grows at each millisecond [shape=(n,)], and how many there are a second."""
    size = max(1, round(listening.rate / 1000.0))
    power = np.square(listening.signal[: listening.signal.size // size * size]).reshape(-1, size).mean(axis=1, dtype=np.float64)
    if power.size == 0:
        return power, listening.rate / size
    total = np.cumsum(np.concatenate([np.zeros(9), power, np.zeros(2)]))
    here = np.arange(power.size) + 8
    after, before = (total[here + 2] - total[here]) / 2, (total[here] - total[here - 8]) / 8
    least = 1e-3 * power.mean() + 1e-12
    return np.square(np.maximum(np.log((after + least) / (before + least)), 0.0)), listening.rate / size


def snapped(listening: Listening, phase: float, step_s: float) -> float:
    """Return a phase moved onto the song's first sound (up to 3 ms before it) or its very start (up to 8 ms before it)."""
    sound = listening.sound if listening.sound > 0.005 else 0.0
    for anchor, reach in ((sound, 0.003), (0.0, 0.008)):
        late = (phase - anchor + step_s / 2) % step_s - step_s / 2
        if -0.002 <= late <= reach:
            return (phase - late) % step_s
    return phase


def accents(listening: Listening, steps: Floats, per_bar: int) -> Floats:
    """Return log-odds from onsets and harmony for each position in the bar [shape=(per_bar * 4,)].

    `steps` [shape=(n,), seconds] are sixteenths of possibly drifting beats; position 0 is `steps[0]`.
    """
    count = per_bar * STEPS_PER_BEAT
    bands = maximum_filter1d(standardised(listening.onsets), 5, axis=1)
    frame = np.clip(np.round((steps - ONSET_LEAD_S) * listening.fps).astype(np.int64), 0, bands.shape[1] - 1)
    low, mid, high = (by_position(band[frame], count) for band in bands)
    half = count // 2
    back = _later(mid, STEPS_PER_BEAT) + (_later(mid, 3 * STEPS_PER_BEAT) if per_bar >= 4 else _later(mid, half))
    harmony = by_position(harmony_change(listening, steps), count)
    beats = np.tile((low + mid + high).reshape(per_bar, -1).mean(axis=0), per_bar)
    return np.asarray(sum(w * (f - f.mean()) for w, f in ((0.8, low), (0.4, back), (1.0, harmony), (PULSE_WEIGHT, beats))))


def _later(profile: Floats, steps: int) -> Floats:
    """Return what lies `steps` after each position."""
    return np.roll(profile, -steps)


def by_position(values: Floats, count: int) -> Floats:
    """Return the mean over all bars at each of `count` positions; 0 where there is no value."""
    position = np.arange(values.size) % count
    return np.asarray(np.bincount(position, values, count) / np.maximum(np.bincount(position, minlength=count), 1))


def harmony_change(listening: Listening, steps: Floats) -> Floats:
    """Return how far the pitch classes of the beat after each step are from those before it, zero mean and unit variance."""
    chroma = np.log1p(0.3 * listening.chroma)
    chroma /= np.linalg.norm(chroma, axis=0) + 1e-6
    total = np.cumsum(np.pad(chroma, ((0, 0), (1, 0))), axis=1)
    edges = np.clip(np.round(steps * listening.chroma_fps + 0.5).astype(np.int64), 0, chroma.shape[1])
    near, far = edges, np.minimum(np.roll(edges, -STEPS_PER_BEAT), chroma.shape[1])
    parts = (total[:, far] - total[:, near]) / np.maximum(np.abs(far - near), 1)
    after, before = parts, np.roll(parts, STEPS_PER_BEAT, axis=1)
    norm = np.linalg.norm(after, axis=0) * np.linalg.norm(before, axis=0)
    change = 1.0 - (after * before).sum(axis=0) / (norm + 1e-9)
    change[norm < 1e-6] = 0.0
    change[:STEPS_PER_BEAT] = change[-STEPS_PER_BEAT:] = change.mean()
    return np.asarray((change - change.mean()) / (change.std() + 1e-6))


def repeats(listening: Listening, phases: Sequence[float], bar_s: float, per_bar: int) -> Floats:
    """Return log-odds from exact repetition for each sixteenth of the bar [shape=(phases, per_bar * 4)].

    Position 0 of each row is at that phase, seconds; rows can be compared.
    """
    count = per_bar * STEPS_PER_BEAT
    if listening.signal.size < 4.5 * bar_s * listening.rate:
        return np.zeros((len(phases), count))
    coarse = listening.signal[: listening.signal.size // 4 * 4].reshape(-1, 4).mean(axis=1)
    edges, simple = [], []
    for phase in phases:
        rises, falls = _comings_and_goings(listening, phase, bar_s, count)
        edges.append((rises, falls - _later(falls, count // 2)))
        starts = [((phase - listening.start + bar_s * i / count) % bar_s) * listening.rate / 4 for i in range(count)]
        simple.append([-description_length(cut(coarse, start, bar_s * listening.rate / 4)) for start in starts])
    come, go = (np.array([pair[i] for pair in edges]) for i in (0, 1))
    return 0.6 * _scaled(come) + 0.5 * _scaled(go) + 1.9 * _scaled(np.array(simple))


def _scaled(values: Floats) -> Floats:
    """Return values with zero mean and about unit deviation; differences well under `SMALL` do not count."""
    return np.asarray((values - values.mean()) / (values.std() + SMALL))


def _comings_and_goings(listening: Listening, phase: float, bar_s: float, count: int) -> tuple[Floats, Floats]:
    """Return how much what differs from the bar before rises and falls at each position, mean over the song."""
    x, rate = listening.signal, listening.rate
    lag, step = round(bar_s * rate), bar_s * rate / count
    first = ((phase - listening.start) % bar_s) * rate
    edges = np.round(first + step * np.arange(int((x.size - first) / step) + 1)).astype(np.int64)
    changed = np.zeros_like(x)
    changed[lag:] = x[lag:] - x[:-lag]
    power = np.add.reduceat(np.square(x), edges[:-1]).astype(np.float64)
    other = np.add.reduceat(np.square(changed), edges[:-1]).astype(np.float64)
    before = np.concatenate([np.zeros(count), power[:-count]])
    share = np.log(np.maximum(other / (power + before + FAINT * power.mean()), UNCHANGED))
    jump = np.diff(share, prepend=share[0])
    jump[: count + 1] = 0.0
    return by_position(np.maximum(jump, 0.0), count), by_position(np.maximum(-jump, 0.0), count)


def starts(listening: Listening, phase: float, bar_s: float, count: int) -> Floats:
    """Return log-odds from where the song starts: at its first sound, or right at its beginning."""
    odds = np.zeros(count)
    for anchor in {0.0, listening.sound}:
        where = ((anchor - phase) % bar_s) / bar_s * count
        if abs(where - round(where)) < 0.15:
            odds[round(where) % count] += START_LOGIT
    return odds


def chances(odds: Floats) -> Floats:
    """Return probabilities that sum to 1."""
    weights = np.exp(odds - odds.max())
    return np.asarray(weights / weights.sum())

"""How the sources of a song lie in its bars: how loud, after how many bars they return, and how sure they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sounds.fit import Matrix, Onsets
from engine.analysis.sounds.steps import Steps
from engine.analysis.sounds.waveforms import rendered
from engine.model.audio import Audio

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEPS_AT_ONCE = 128
UNHEARD = 0.05
"""Level, beside its own, under which a source counts as off in a bar."""
NEARLY = 0.9
"""A shorter period is as good as a longer one from this share of its returning onsets on."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What there is to say about sources.

    `activation` [shape=(bars, sources), linear, 1 is the source's own level], `periods` [shape=(sources,), bars],
    `confidence_db` [shape=(sources,)] how far what the sounds leave of the song lies below the source where it plays.
    """

    activation: Floats
    periods: tuple[int, ...]
    confidence_db: Floats


def judged(audio: Audio, steps: Steps, onsets: Onsets, waveforms: Matrix, owners: Ints, bars: int) -> Verdict:
    """Return the verdict on the sources that sounds [shape=(sounds,)] belong to, in the first `bars` bars."""
    power, left = _powers(audio, steps, onsets, waveforms, owners)
    bar_of = (np.arange(steps.count) - steps.first_bar) // steps.bar_steps
    levels = np.stack([power[bar_of == bar].sum(axis=0) for bar in range(bars)])
    heard = (power > 0.0).astype(np.float64)
    confidence = 10.0 * np.log10((power.sum(axis=0) + 1e-20) / (heard.T @ left + 1e-20))
    periods = tuple(_period(onsets[owners == k], steps.bar_steps, bars) for k in range(power.shape[1]))
    return Verdict(_activation(levels), periods, confidence)


def _powers(audio: Audio, steps: Steps, onsets: Onsets, waveforms: Matrix, owners: Ints) -> tuple[Floats, Floats]:
    """Return the energy of each source, and of what they leave, in every step [shape=(steps, sources) and (steps,)]."""
    power = np.zeros((steps.count, int(owners.max()) + 1))
    left = np.zeros(steps.count)
    for first in range(0, steps.count, STEPS_AT_ONCE):
        last = min(first + STEPS_AT_ONCE, steps.count)
        low, high = int(steps.at[first]), int(steps.at[last])
        heard = rendered(steps, onsets, waveforms, owners, low, high - low)
        inside = audio.samples[:, max(0, low) : min(high, audio.frames)]
        song = np.pad(inside, [(0, 0), (max(0, -low), max(0, high - audio.frames))])
        edges = steps.at[first:last] - low
        power[first:last] = np.add.reduceat(np.square(heard).sum(axis=1), edges, axis=1).T
        left[first:last] = np.add.reduceat(np.square(song - heard.sum(axis=0)).sum(axis=0), edges)
    return power, left


def _activation(levels: Floats) -> Floats:
    """Return amplitudes beside each source's own level, the median of the bars in which it is half as loud as ever."""
    amplitude = np.sqrt(levels)
    most = np.maximum(amplitude.max(axis=0), 1e-20)
    own = [float(np.median(one[one >= 0.5 * top])) if one.any() else 1.0 for one, top in zip(amplitude.T, most, strict=True)]
    relative = amplitude / np.array(own)
    return np.asarray(np.where(relative < UNHEARD, 0.0, relative))


def _period(onsets: Onsets, bar_steps: int, bars: int) -> int:
    """Return after how many bars onsets return: the shortest of 1, 2, 4, 8 that is nearly as good as the best."""
    returning: dict[int, float] = {}
    for period in (1, 2, 4, 8):
        lag = period * bar_steps
        if bars >= 2 * period:
            early, late = onsets[:, :-lag] > 0.0, onsets[:, lag:] > 0.0
            either = int(np.count_nonzero(early)) + int(np.count_nonzero(late))
            returning[period] = 2.0 * int(np.count_nonzero(early & late)) / max(either, 1)
    best = max(returning.values(), default=0.0)
    return next((period for period, share in returning.items() if share > 0.0 and share >= NEARLY * best), 1)

"""From a tempo, or from beats, to a grid with bars: the phase, the metre, the downbeat, and how sure each is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.grid import downbeats
from engine.analysis.grid.downbeats import STEPS_PER_BEAT
from engine.analysis.grid.listen import Listening
from engine.analysis.grid.meter import pulse
from engine.model.grid import Beatgrid

Floats = NDArray[np.float64]

STEADY_S = 0.015
"""Beats of a tracker may scatter this much, root mean square, around a tempo that counts as steady."""

LIKELY_BAR = {4: 0.0, 3: -1.0}
"""Log-odds of a metre before anything was heard."""


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """How likely each moment is a beat or a downbeat: `values` [shape=(2, frames), 0..1] at `fps`, from second `start` on."""

    values: Floats
    fps: float
    start: float

    def odds(self, steps: Floats, count: int) -> Floats:
        """Return log-odds for each position in the bar [shape=(count,)], position 0 at `steps[0]`."""
        frame = np.round((steps - self.start) * self.fps).astype(np.int64)
        inside = (frame >= 2) & (frame < self.values.shape[1] - 2)
        near = np.max([self.values[:, np.where(inside, frame + d, 0)] for d in (-2, -1, 0, 1, 2)], axis=0) * inside
        beat, down = (downbeats.by_position(row, count) for row in near)
        weighted = 4.0 * down + 1.5 * beat
        return np.asarray(weighted - weighted.mean())


def on_tempo(
    listening: Listening, beat_s: float, per_bar: int, downbeat: float | None, heard: Activations | None
) -> tuple[Beatgrid, float]:
    """Return the grid of an exact tempo, and the chance that its downbeat is right."""
    bpm = 60.0 / beat_s
    if downbeat is not None:
        return Beatgrid.steady_at(bpm, downbeat, listening.seconds, per_bar), 1.0
    step, bar, count = beat_s / STEPS_PER_BEAT, beat_s * per_bar, per_bar * STEPS_PER_BEAT
    phases = [(downbeats.snapped(listening, at, step), odds) for at, odds in downbeats.attack_phases(listening, step)]
    odds = downbeats.repeats(listening, [at for at, _ in phases], bar, per_bar)
    for i, (at, height) in enumerate(phases):
        steps = np.arange(at, max(listening.seconds, at + bar), step)
        odds[i] += height + downbeats.accents(listening, steps, per_bar) + downbeats.starts(listening, at, bar, count)
        if heard is not None:
            odds[i] += heard.odds(steps, count)
    chances = downbeats.chances(odds)
    which, position = divmod(int(chances.argmax()), count)
    return Beatgrid.steady_at(bpm, phases[which][0] + position * step, listening.seconds, per_bar), float(chances.max())


def steady_beat(listening: Listening, beats: Floats) -> float | None:
    """Return the exact beat length in seconds behind tracked beats, or None where they drift.

    A straight line through the beats, then the nearby tempo at which the song's onsets swing most, then a whole number of beats
    per minute where that is within 100 ppm.
    """
    if beats.size < 8:
        return None
    index = np.round(np.concatenate([[0.0], np.cumsum(np.diff(beats) / np.median(np.diff(beats)))]))
    slope, first = np.polyfit(index, beats, 1)
    away = beats - first - slope * index
    if np.sqrt(np.mean(np.square(away))) > STEADY_S or slope <= 0.0:
        return None
    every = np.log1p(listening.onsets).mean(axis=0)
    every = every - every.mean()
    reach = min(0.01, 0.2 * slope / listening.seconds)
    beat = float(slope)
    for width in (reach, reach / 6, reach / 36):
        options = beat * (1.0 + width * np.linspace(-1.0, 1.0, 13))
        beat = float(max(options, key=lambda b: sum(pulse(every, listening.fps, k / b) for k in (1.0, 2.0, 4.0))))
    whole = 60.0 / round(60.0 / beat)
    return whole if abs(whole / beat - 1.0) < 1e-4 else beat


def on_beats(
    listening: Listening, beats: Floats, per_bar: int | None, downbeat: float | None, heard: Activations | None
) -> tuple[Beatgrid, float]:
    """Return a grid through drifting beats, and the chance that its downbeats are right; `beats` two or more, seconds."""
    times = _extended(beats, listening.seconds)
    if downbeat is not None:
        times = times + (downbeat - times[np.abs(times - downbeat).argmin()])
        count = per_bar or _likelier_bar(listening, times, heard)[0]
        return Beatgrid(times, int(np.abs(times - downbeat).argmin()) % count, count), 1.0
    count, chances = (
        _likelier_bar(listening, times, heard) if per_bar is None else (per_bar, _bar_odds(listening, times, per_bar, heard))
    )
    chances = downbeats.chances(chances)
    first = int(chances.argmax())
    return Beatgrid(times, first, count), float(chances[first])


def _likelier_bar(listening: Listening, times: Floats, heard: Activations | None) -> tuple[int, Floats]:
    """Return the beats per bar whose best downbeat stands out most, and the log-odds of its positions."""
    odds = {count: _bar_odds(listening, times, count, heard) for count in LIKELY_BAR}
    best = max(LIKELY_BAR, key=lambda count: float(odds[count].max()) + LIKELY_BAR[count])
    return best, odds[best]


def _bar_odds(listening: Listening, times: Floats, per_bar: int, heard: Activations | None) -> Floats:
    """Return the log-odds of each beat of the bar being the first [shape=(per_bar,)]."""
    index = np.arange(0, times.size - 1, 1.0 / STEPS_PER_BEAT)
    steps = np.interp(index, np.arange(times.size), times)
    odds = downbeats.accents(listening, steps, per_bar)
    if heard is not None:
        odds = odds + heard.odds(steps, odds.size)
    return odds[::STEPS_PER_BEAT]


def _extended(beats: Floats, seconds: float) -> Floats:
    """Return beats that go on at either end, at the tempo found there, to cover [0, seconds]."""
    first, last = float(np.median(np.diff(beats[:9]))), float(np.median(np.diff(beats[-9:])))
    before = beats[0] - first * np.arange(int(beats[0] / first), 0, -1)
    after = beats[-1] + last * np.arange(1, int(max(0.0, seconds - beats[-1]) / last) + 1)
    return np.concatenate([before, beats, after])

"""One grid from each way of finding it, with the chance that it is right."""

import math
from dataclasses import dataclass

import numpy as np

from engine.analysis.grid import place
from engine.analysis.grid.downbeats import ONSET_LEAD_S
from engine.analysis.grid.follow import follow
from engine.analysis.grid.listen import Listening
from engine.analysis.grid.meter import Meter, find_meters, meters_at
from engine.analysis.grid.periods import autocorrelation, find_periods, peak_near
from engine.analysis.grid.place import Activations, Floats
from engine.model.grid import Beatgrid

Found = tuple[Beatgrid, str, float]

WHOLE_PPM, HUNDREDTH_FRAMES = 10.0, 0.05
"""A tempo is taken as a whole number of beats per minute within this many parts per million, as a whole number of hundredths
where that moves a bar by less than this many frames: producers type numbers, and these are errors of measurement."""

CLEAR_REPEAT = 0.15
"""An autocorrelation after one bar that counts as clear repetition. Two unaccompanied voices and noise stayed under 0.03; a
held tone and 1/f noise do not, and are told by their lack of a likely meter."""


CLEAR_PULSE = 4.0
"""Height of the onsets at the beats, in standard deviations, that leaves no doubt of a pulse."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person said: seconds of one downbeat, beats per bar."""

    downbeat: float | None = None
    beats_per_bar: int | None = None


def likeliest_meter(listening: Listening, rate: int, wishes: Wishes) -> tuple[Meter | None, float]:
    """Return the metre that exact repetition speaks for, its tempo rounded at `rate` frames a second, and how likely it is."""
    lags = autocorrelation(listening.signal)
    meters = find_meters(listening, lags, find_periods(lags, listening.rate), wishes.beats_per_bar)
    if not meters:
        return None, 0.0
    best = meters[0]
    beat = _as_typed(best.beat_s, best.beats_per_bar, rate)
    meter = Meter(beat, best.beats_per_bar, best.chance, best.repeat)
    return meter, best.chance * _held(listening, meter)


def _as_typed(beat_s: float, per_bar: int, rate: int) -> float:
    """Return a beat length moved to a round tempo where the difference is measurement error."""
    whole, hundredth = 60.0 / round(60.0 / beat_s), 60.0 / (round(6000.0 / beat_s) / 100.0)
    if abs(whole / beat_s - 1.0) < WHOLE_PPM * 1e-6:
        return whole
    return hundredth if abs(hundredth - beat_s) * per_bar * rate < HUNDREDTH_FRAMES else beat_s


def _held(listening: Listening, meter: Meter) -> float:
    """Return the share of the song, 0 to 1, in which its bars repeat; a tempo that changes half-way gets one half."""
    bar = meter.beat_s * meter.beats_per_bar * listening.rate
    parts = int(np.clip(listening.signal.size / (6.0 * bar), 1, 6))
    shares = []
    for part in np.array_split(listening.signal, parts):
        lags = autocorrelation(part)
        repeat = max(peak_near(lags, bar), peak_near(lags, 2.0 * bar))
        shares.append(min(1.0, max(0.0, repeat) / CLEAR_REPEAT))
    return float(np.mean(shares))


def by_loops(listening: Listening, meter: Meter, likely: float, wishes: Wishes, heard: Activations | None = None) -> Found:
    """Return the grid of a repeating song."""
    grid, chance = place.on_tempo(listening, meter.beat_s, meter.beats_per_bar, wishes.downbeat, heard)
    return grid, "loops", likely * chance


def by_madmom(listening: Listening, heard: Activations, wishes: Wishes) -> Found | None:
    """Return the grid of madmom's activations of the whole song, None where they have no beat."""
    curve = heard.values.sum(axis=0)
    beats = follow(curve, heard.fps)
    if beats.size < 4:
        return None
    level = float(np.mean(curve[np.round(beats * heard.fps).astype(np.int64)]))
    return _tracked(listening, beats, "madmom", 1.0 / (1.0 + math.exp(-(level - 0.45) / 0.08)), wishes, heard)


def by_onsets(listening: Listening, wishes: Wishes) -> Found | None:
    """Return the grid that the onsets' own pulse speaks for, None where there is none. Never surer than 0.5."""
    level = np.log1p(listening.onsets).mean(axis=0)
    curve = np.maximum(level - level.mean(), 0.0)
    beats = follow(curve, listening.fps)
    if beats.size < 4:
        return None
    height = float(curve[np.round(beats * listening.fps).astype(np.int64)].mean() / curve.std())
    return _tracked(listening, beats + ONSET_LEAD_S, "onsets", 0.5 * min(1.0, height / CLEAR_PULSE), wishes, None)


def _tracked(
    listening: Listening, beats: Floats, method: str, likely: float, wishes: Wishes, heard: Activations | None
) -> Found:
    """Return the grid through tracked beats: exact where their tempo is steady."""
    beat_s = place.steady_beat(listening, beats)
    if beat_s is None:
        grid, chance = place.on_beats(listening, beats, wishes.beats_per_bar, wishes.downbeat, heard)
    else:
        lags = autocorrelation(listening.signal)
        meter = meters_at(listening, lags, beat_s, wishes.beats_per_bar)[0]
        grid, chance = place.on_tempo(listening, beat_s, meter.beats_per_bar, wishes.downbeat, heard)
    return grid, method, likely * chance


def at_tempo(listening: Listening, bpm: float, wishes: Wishes) -> Found:
    """Return the grid of a tempo that the person gave."""
    lags = autocorrelation(listening.signal)
    meter = meters_at(listening, lags, 60.0 / bpm, wishes.beats_per_bar)[0]
    grid, chance = place.on_tempo(listening, 60.0 / bpm, meter.beats_per_bar, wishes.downbeat, None)
    return grid, "given", chance

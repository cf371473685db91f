"""Which of the times after which a song repeats is its beat, and how many beats are a bar.

Every repeat is some number of beats. Each tempo and metre that would explain it is scored by how strongly the song repeats
after that bar, by the pulse of its onsets at the beat and its halves (against thirds, for four beats a bar), by the backbeat
(bass drum and snare taking turns every second beat) and by how usual the tempo is. The usual octave errors lose: at double
tempo nothing takes turns, at half tempo the pulse lies between the beats.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.analysis.grid.listen import Listening
from engine.analysis.grid.periods import Period, peak_near
from engine.model.audio import Samples

Floats = NDArray[np.float64]

BEATS_PER_REPEAT = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
SLOWEST, FASTEST = 50.0, 220.0
"""Beats per minute that are thought of."""

USUAL_BPM, SPREAD_OCTAVES = 115.0, 0.38
"""Tempi that people tap lie around here (Moelants, "Preferred tempo reconsidered", ICMPC 2002)."""

REPEATS_USED = 12
REPEAT_WEIGHT, HALF_REPEAT = 5.0, 0.4
"""Clear repetition counts for this much, half of it at this autocorrelation."""

SOUND_METRE, RHYTHM_METRE = 3.0, 4.0
"""What a repeat after three beats and none after four says for three, in score."""

TURNS_WEIGHT = 5.0
"""What the backbeat says, in score."""

SHARPNESS = 2.0
"""How a difference in score becomes one in log-odds."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One reading of a song's rhythm.

    A beat of `beat_s` seconds, `beats_per_bar` of them a bar; `chance` [0, 1] among all meters, `repeat` the autocorrelation
    after one and two bars.
    """

    beat_s: float
    beats_per_bar: int
    chance: float
    repeat: float


def pulse(series: Floats, fps: float, hz: float) -> float:
    """Return how strongly a series of unit variance swings at a frequency; about sqrt(1 / n) where it does not."""
    turns = np.exp((-2j * np.pi * hz / fps) * np.arange(series.shape[-1]))
    return float(np.abs(np.dot(turns, series)) / series.shape[-1])


def standardised(onsets: Floats) -> Floats:
    """Return the log of onsets with zero mean and unit variance in each band."""
    level = np.log1p(onsets)
    level -= level.mean(axis=1, keepdims=True)
    return np.asarray(level / (level.std(axis=1, keepdims=True) + 1e-9))


def find_meters(listening: Listening, lags: Samples, periods: Sequence[Period], beats_per_bar: int | None) -> list[Meter]:
    """Return the meters that would explain the song's repeats, likeliest first; none where it does not repeat."""
    return _judged(listening, lags, _beat_lengths(periods, listening.rate), beats_per_bar)


def meters_at(listening: Listening, lags: Samples, beat_s: float, beats_per_bar: int | None) -> list[Meter]:
    """Return the meters of a known beat, likeliest first; at least one."""
    return _judged(listening, lags, [beat_s], beats_per_bar)


def _judged(listening: Listening, lags: Samples, beats: Sequence[float], beats_per_bar: int | None) -> list[Meter]:
    """Return every beat in every metre with its chance, likeliest first."""
    metres = (4, 3) if beats_per_bar is None else (beats_per_bar,)
    bands = standardised(listening.onsets)
    every, turns = _spectrum(bands.mean(axis=0) * 1.5), _spectrum((bands[0] - bands[1]) / 1.4)
    envelope = _envelope_repeats(bands)
    found: list[tuple[float, float, int, float]] = []
    for beat_s in beats:
        rhythm = _rhythm(every, turns, listening.fps * beat_s)
        usual = -0.5 * (np.log2(60.0 / beat_s / USUAL_BPM) / SPREAD_OCTAVES) ** 2
        threes = _threes(lags, beat_s * listening.rate, envelope, beat_s * listening.fps)
        for per_bar in metres:
            bar = beat_s * per_bar * listening.rate
            repeat = 0.7 * max(peak_near(lags, bar), 0.0) + 0.3 * max(peak_near(lags, 2 * bar), 0.0)
            known = REPEAT_WEIGHT * repeat / (repeat + HALF_REPEAT)
            metre = {3: -1.0 - max(0.0, 1.0 - threes), 4: -max(0.0, threes - 1.0)}.get(per_bar, 0.0)
            found.append((known + usual + rhythm + metre, beat_s, per_bar, repeat))
    found.sort(key=lambda item: -item[0])
    weights = [float(np.exp(SHARPNESS * (item[0] - found[0][0]))) for item in found]
    return [Meter(item[1], item[2], weight / sum(weights), item[3]) for item, weight in zip(found, weights, strict=True)]


def _envelope_repeats(bands: Floats) -> Floats:
    """Return the mean autocorrelation of onsets in all bands [shape=(frames,), 1 at lag 0]."""
    frames = bands.shape[1]
    power = np.square(np.abs(fft.rfft(bands, fft.next_fast_len(2 * frames, real=True), axis=1))).mean(axis=0)
    lags = fft.irfft(power)[:frames] / np.maximum(0.2, 1.0 - np.arange(frames) / frames)
    return np.asarray(lags / max(float(lags[0]), 1e-12))


def _threes(lags: Samples, beat: float, envelope: Floats, beat_frames: float) -> float:
    """Return by how much the song repeats better after three beats than after four, in score: sound by sound, and in rhythm."""
    sound = [max(peak_near(lags, k * beat), 0.0) for k in (3, 4)]
    rhythm = [max(peak_near(envelope, k * beat_frames), 0.0) for k in (3, 4)]
    return sum(
        weight * (three - four) / max(three, four, least)
        for (three, four), weight, least in ((sound, SOUND_METRE, 0.1), (rhythm, RHYTHM_METRE, 0.1))
    )


def _spectrum(series: Floats) -> Floats:
    """Return how strongly a series swings at each multiple of 1 / (8 n) of its frame rate."""
    return np.asarray(np.abs(fft.rfft(series, 8 * series.size)) / series.size)


def _rhythm(every: Floats, turns: Floats, frames: float) -> float:
    """Return how well a beat of so many frames fits the pulse of all onsets and the taking turns of bass drum and snare."""

    def swing(spectrum: Floats, per_beat: float) -> float:
        return float(spectrum[min(round(per_beat / frames * 2 * (spectrum.size - 1)), spectrum.size - 1)])

    halves = 3.0 * swing(every, 1.0) + 3.0 * swing(every, 2.0) + 2.0 * swing(every, 4.0) - 2.0 * swing(every, 8.0)
    return halves - 3.0 * swing(every, 1.5) - 3.0 * swing(every, 3.0) + TURNS_WEIGHT * swing(turns, 0.5)


def _beat_lengths(periods: Sequence[Period], rate: float) -> list[float]:
    """Return the distinct beats, in seconds, of which the strongest repeats are whole numbers."""
    beats: list[float] = []
    for period in periods[:REPEATS_USED]:
        for count in BEATS_PER_REPEAT:
            beat = period.frames / rate / count
            if SLOWEST < 60.0 / beat < FASTEST and all(abs(beat / other - 1.0) > 5e-4 for other in beats):
                beats.append(beat)
    return beats

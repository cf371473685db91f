"""Songs made of known loops: noise hits, a bass line, chords, bells; each in its own bars."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.analysis.loops import find_loops
from engine.dsp.levels import si_sdr_db
from engine.model.audio import Audio, Samples
from engine.model.grid import Beatgrid
from engine.model.separation import Separation

RATE = 22_050
BPM = 120.0
Floats = NDArray[np.float64]


def note(hz: float, seconds: float, decay: float, rate: int) -> Floats:
    t = np.arange(round(seconds * rate)) / rate
    return np.asarray(sum(np.sin(2 * np.pi * hz * n * t) / n for n in (1, 2, 3)) * np.exp(-t / decay) * np.minimum(1, t * 500))


def sequence(notes: Sequence[tuple[float, Floats]], frames: int, bar: float, rate: int) -> Floats:
    """Add up notes, each at its place in the loop [bars]; what rings beyond the end is cut."""
    x = np.zeros(frames)
    for at, sound in notes:
        start = round(at * bar * rate)
        x[start : start + sound.size] += sound[: max(0, frames - start)]
    x[-64:] *= np.linspace(1, 0, 64)
    return np.asarray(x / np.sqrt(np.mean(x**2)))


def hits(bar: float, rate: int) -> Floats:
    rng = np.random.default_rng(7)
    noise = [np.diff(rng.standard_normal(rate // 10)) * np.exp(-np.arange(rate // 10 - 1) / (rate * 0.02)) for _ in range(4)]
    return sequence(list(zip((0.0, 0.25, 0.5, 0.75), noise, strict=True)), round(bar * rate), bar, rate)


def bass(bar: float, rate: int, bars: int = 1) -> Floats:
    pitches = (55.0, 55.0, 65.4, 73.4, 82.4, 82.4, 61.7, 49.0)[: 4 * bars]
    notes = [(i / 4 + 0.125, note(hz, 0.2 * bar, 0.3, rate)) for i, hz in enumerate(pitches)]
    return sequence(notes, round(bars * bar * rate), bar, rate)


def bells(bar: float, rate: int) -> Floats:
    notes = [(at, note(hz, 0.4 * bar, 0.2, rate)) for at, hz in ((0.06, 880.0), (0.44, 1174.7), (0.69, 1318.5))]
    return sequence(notes, round(bar * rate), bar, rate)


@dataclass(frozen=True)
class Built:
    """`parts` [shape=(loops, frames)] add up to the mono downmix of `audio`."""

    audio: Audio
    grid: Beatgrid
    parts: Floats

    def si_sdr(self, found: Samples) -> list[float]:
        """Score for each true loop the best of the found tracks [shape=(loops, channels, frames)]."""
        return [max(si_sdr_db(track.mean(axis=0), part) for track in found) for part in self.parts]


def built(
    layout: Sequence[ArrayLike],
    loops: Sequence[Floats],
    *,
    bpm: float = BPM,
    lead: float = 0.0,
    tail: float = 0.0,
    channels: int = 2,
    rate: int = RATE,
) -> Built:
    """Lay loops out: one row of gains per loop, one gain per bar; `lead` and `tail` are seconds of silence around."""
    bar = 240.0 / bpm
    gains = np.array(layout, dtype=float)
    frames = round((lead + gains.shape[1] * bar + tail) * rate)
    parts = np.zeros((len(loops), frames))
    for part, row, loop in zip(parts, gains, loops, strict=True):
        period = round(loop.size / (bar * rate))
        for i, gain in enumerate(row):
            start = round((lead + i * bar) * rate)
            piece = loop[round(i % period * bar * rate) :][: round(bar * rate)]
            part[start : start + piece.size] += gain * piece[: frames - start]
    parts *= 0.5 / np.abs(parts.sum(axis=0)).max()
    samples = np.tile(parts.sum(axis=0).astype(np.float32), (channels, 1))
    return Built(Audio(samples, rate), Beatgrid.steady_at(bpm, lead, frames / rate), parts)


def plain(
    bars: int = 12, *, bpm: float = BPM, lead: float = 0.0, tail: float = 0.0, channels: int = 2, rate: int = RATE
) -> Built:
    """Hits from the start, bass from bar 2 to 8, bells from bar 5 on."""
    i, bar = np.arange(bars), 240.0 / bpm
    loops = [hits(bar, rate), bass(bar, rate), bells(bar, rate)]
    on = [i >= 0, (i >= 2) & (i < 9), i >= 5]
    return built(on, loops, bpm=bpm, lead=lead, tail=tail, channels=channels, rate=rate)


def walked(separation: Separation) -> Samples:
    return np.concatenate(list(separation.blocks), axis=-1)


def found_in(song: Built, loops: int | None = None, seed: int = 0) -> tuple[Separation, Samples]:
    separation = find_loops(song.audio, song.grid, loops=loops, seed=seed)
    return separation, walked(separation)

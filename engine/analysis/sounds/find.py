"""Song and grid -> sounds: the whole way."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sounds.discover import CLEAR, QUIET, discover, strongest
from engine.analysis.sounds.even import evened
from engine.analysis.sounds.fit import Matrix, Onsets
from engine.analysis.sounds.group import grouped, portrait
from engine.analysis.sounds.judge import Verdict, judged
from engine.analysis.sounds.names import ORDER, named, numbered
from engine.analysis.sounds.share import shared_out
from engine.analysis.sounds.steps import Steps, steps_of
from engine.analysis.sounds.waveforms import fit_sounds, rendered
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.grid import Beatgrid

WAYS = ((4, 0.0), (4, 0.25), (4, 0.5), (4, 0.75), (6, 0.0))
"""Steps to the beat, and how many steps behind the grid they begin: first as the grid has it, then what it may have missed."""
MUCH_MORE = 1.3
"""How many times as much of the song another way has to explain."""
CLEAR_EXPONENT, QUIET_EXPONENT = 0.7, 0.2
"""How far the song is evened for what is struck, and for what is held."""


REST = 0.005
"""Share of the song's energy that the clear sounds must leave for quiet ones to be looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundOnsets:
    """What is struck and when.

    `left` is the share of the evened song that the sounds leave, `singles` the share of the sounds
    that have one place in the bar only.
    """

    steps: Steps
    onsets: Onsets
    left: float
    singles: float


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """A song as a few sources made of sounds that return.

    `waveforms` [shape=(sounds, blocks, channels, width)], `owners` [shape=(sounds,)] the source of each, `names` and
    `verdict` of the sources.
    """

    steps: Steps
    onsets: Onsets
    waveforms: Matrix
    owners: NDArray[np.int64]
    names: tuple[str, ...]
    verdict: Verdict

    def blocks(self, audio: Audio, progress: Progress = no_progress) -> Iterator[Samples]:
        """Yield the sources piece by piece [shape=(sources, channels, n), float32]."""
        return shared_out(audio, self.steps, self.onsets, self.waveforms, self.owners, progress)


def find_onsets(audio: Audio, grid: Beatgrid, progress: Progress = no_progress) -> FoundOnsets:
    """Return which sounds are struck on the steps of a grid, and when."""
    even = evened(audio.samples, audio.rate, CLEAR_EXPONENT)
    steps = _struck_steps(even, grid, audio.rate)
    song = steps.cut(even)
    onsets, left = discover(song, audio.rate, CLEAR, progress)
    places = (np.arange(steps.count) - steps.first_bar) % steps.bar_steps
    singles = [len(set(places[row > 0.0])) == 1 for row in onsets]
    return FoundOnsets(steps, onsets, left, float(np.mean(singles)) if singles else 1.0)


def _struck_steps(even: Samples, grid: Beatgrid, rate: int) -> Steps:
    """Return the steps on which sounds are struck: those of the grid, unless others tell much more."""
    best, most = None, 0.0
    for per_beat, late in WAYS:
        steps = steps_of(grid, even.shape[1], rate, per_beat, late)
        song = steps.cut(even)
        explained, _ = strongest(song, CLEAR.snippet(song, rate))
        if best is None or explained > most:
            best, most = steps, explained * (MUCH_MORE if best is None else 1.0)
    if best is None:
        raise ValueError("there is at least one way")
    return best


def find_sounds(audio: Audio, found: FoundOnsets, most: int, bars: int, progress: Progress = no_progress) -> Sounds:
    """Return the sources of a song, at most `most`, with their levels in `bars` bars; `found` holds one sound or more."""
    steps, onsets = found.steps, found.onsets
    waveforms = fit_sounds(audio.samples, steps, onsets, audio.rate, lambda share: progress(0.3 * share))
    left = audio.samples - _together(audio, steps, onsets, waveforms)
    if _power(left) > REST * _power(audio.samples):
        rest = steps.cut(evened(left, audio.rate, QUIET_EXPONENT))
        more, _ = discover(rest, audio.rate, QUIET, lambda share: progress(0.3 + 0.3 * share))
        onsets = np.concatenate([onsets, more])
        waveforms = fit_sounds(audio.samples, steps, onsets, audio.rate, lambda share: progress(0.6 + 0.4 * share))
    sounds = portrait(waveforms, onsets, audio.rate)
    counts = np.count_nonzero(onsets, axis=1)
    owners = grouped(sounds, most)
    names = named(sounds, owners, counts)
    entrance = [int(np.flatnonzero(onsets[owners == k].any(axis=0))[0]) for k in range(len(names))]
    order = sorted(range(len(names)), key=lambda k: (ORDER.index(names[k]), entrance[k]))
    owners = np.argsort(order)[owners]
    verdict = judged(audio, steps, onsets, waveforms, owners, bars)
    return Sounds(steps, onsets, waveforms, owners, tuple(numbered([names[k] for k in order])), verdict)


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples), dtype=np.float64))


def _together(audio: Audio, steps: Steps, onsets: Onsets, waveforms: Matrix) -> Samples:
    one = np.zeros(len(onsets), dtype=np.int64)
    return np.asarray(rendered(steps, onsets, waveforms, one, 0, audio.frames)[0], dtype=np.float32)

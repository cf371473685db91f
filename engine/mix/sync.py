"""Sync: a deck follows the clock, tempo and phase, whether its grid is steady or drifts.

The loop is closed on what is heard, not on what was asked of the stretcher, so errors do not add up. Small ones are corrected
by the tempo, at most 4 %; larger ones by a jump.
"""

import math

from engine.mix.clock import Clock
from engine.model.grid import Beatgrid

SETTLES_SECONDS = 0.5
"""Time in which a small error goes down by 63 %."""

MOST = 0.04
"""How far the tempo may leave what the clock asks for."""

JUMP_SECONDS = 0.05
"""Errors above are corrected by a jump."""

NEAR_SECONDS = 0.001
"""While a deck needs no stretcher and is no further off, it goes without one."""

NEAR_TEMPO = 2e-5


def octave(clock_bpm: float, song_bpm: float) -> float:
    """Return how many beats of the song go with one of the clock: 1/2, 1 or 2, whichever bends the song least."""
    return min((1.0, 0.5, 2.0), key=lambda factor: abs(math.log(clock_bpm * factor / song_bpm)))


def error_beats(clock: Clock, factor: float, beat: float, unit: float) -> float:
    """Return by how many of its beats a song at `beat` is behind the clock, within half a `unit` of beats either way."""
    behind = (clock.beat * factor - beat) % unit
    return behind - unit if behind > unit / 2 else behind


def local_bpm(grid: Beatgrid, beat: float) -> float:
    """Return the tempo of the song around a beat."""
    i = min(max(math.floor(beat), 0), grid.times.size - 2)
    return 60.0 / float(grid.times[i + 1] - grid.times[i])


def tempo_for(clock: Clock, factor: float, song_bpm: float, behind_seconds: float, *, plain: bool) -> float:
    """Return the tempo (1 is the song's own) that follows the clock and takes an error back."""
    tempo = clock.bpm * factor / song_bpm
    near = NEAR_SECONDS if plain else NEAR_SECONDS / 4
    if abs(tempo - 1.0) < NEAR_TEMPO and abs(behind_seconds) < near:
        return 1.0
    return tempo * (1.0 + min(max(behind_seconds / SETTLES_SECONDS, -MOST), MOST))

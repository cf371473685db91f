"""Which songs go together: by how far one must change for the other, in tempo and in key."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model.key import Key, hours_apart, parse_key, semitones_to_match
from engine.model.remixset import RemixSet

OCTAVES = {1.0: "", 0.5: " in half time", 2.0: " in double time"}
"""Beats of the partner for one of the song's, as decks in sync count them; simple counting first."""
NEXT_HOUR = 0.5
UNKNOWN = 1.0
"""Semitones that a differing note, and a key that is not known, weigh."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What of a song decides about its partners. None: not known."""

    bpm: float
    key: Key | None = None

    @classmethod
    def of(cls, remixset: RemixSet) -> "Pulse | None":
        """Return that of a set; None for a set without a grid."""
        if remixset.grid is None:
            return None
        return cls(remixset.grid.bpm, parse_key(remixset.key) if remixset.key else None)


@dataclass(frozen=True, slots=True)
class Partner:
    """One song beside another.

    `other` is its place in the list, `tempo_ratio` the factor by which it plays faster than it was recorded, `semitones` its
    shift to match the key (0 where a key is not known), `reason` all of that for people, `cost` what it is ranked by: semitones
    of change. A tempo and a pitch changed by the same ratio weigh the same, as on vinyl, where they are one.
    """

    other: int
    tempo_ratio: float
    semitones: int
    reason: str
    cost: float


def partners(songs: Sequence[Pulse | None]) -> tuple[tuple[Partner, ...], ...]:
    """Return for each song all others that have a tempo, the best first; the earlier of equals."""
    return tuple(
        () if song is None else _ranked([_partner(i, song, other) for i, other in enumerate(songs) if i != k and other])
        for k, song in enumerate(songs)
    )


def _ranked(found: list[Partner]) -> tuple[Partner, ...]:
    return tuple(sorted(found, key=lambda partner: partner.cost))


def _partner(place: int, song: Pulse, other: Pulse) -> Partner:
    octave = min(OCTAVES, key=lambda factor: abs(math.log(song.bpm * factor / other.bpm)))
    target = song.bpm * octave
    ratio = target / other.bpm
    semitones, harmony, distance = _harmony(song.key, other.key)
    # Adding 0 makes a plus of the minus that a rounded -0.04 would keep.
    percent = round(100.0 * (ratio - 1.0), 1) + 0.0
    tempo = f"{target:.1f} for {other.bpm:.1f} bpm ({percent:+.1f} %){OCTAVES[octave]}"
    return Partner(place, ratio, semitones, f"{tempo}, {harmony}", 12.0 * abs(math.log2(ratio)) + distance)


def _harmony(mine: Key | None, theirs: Key | None) -> tuple[int, str, float]:
    """Return the shift in semitones, the reason, and what both weigh."""
    if mine is None or theirs is None:
        return 0, "key not known", UNKNOWN
    shift = semitones_to_match(mine, theirs)
    heard = theirs.shifted(shift)
    same = hours_apart(mine, heard) == 0
    moved = f"{theirs.camelot} by {shift:+d} {'semitone' if abs(shift) == 1 else 'semitones'} is " if shift else ""
    reason = f"{moved}{heard.camelot} to {mine.camelot}: {'the same notes' if same else 'neighbours'}"
    return shift, reason, abs(shift) + (0.0 if same else NEXT_HOUR)

"""The key of a song, in musicians' names and in DJs' numbers, and how far apart two are."""

import re
from dataclasses import dataclass
from typing import Literal

MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""Each tonic as the key with the fewer accidentals is written."""

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class, 0 is C), a mode, and the confidence in [0, 1] that both are right."""

    tonic: int
    mode: Literal["major", "minor"]
    confidence: float

    @property
    def name(self) -> str:
        """The key as musicians write it, such as `A minor`."""
        names = MAJOR_NAMES if self.mode == "major" else MINOR_NAMES
        return f"{names[self.tonic]} {self.mode}"

    @property
    def number(self) -> int:
        """The hour on Mark Davis' Camelot wheel, 1 to 12: the same hour shares all notes, the next all but one."""
        relative_major = self.tonic if self.mode == "major" else (self.tonic + 3) % 12
        return (7 * relative_major + 7) % 12 + 1

    @property
    def camelot(self) -> str:
        """The key on the Camelot wheel, such as `8A`: neighbours mix well, the same number shares all notes."""
        return f"{self.number}{'B' if self.mode == 'major' else 'A'}"

    def shifted(self, semitones: int) -> "Key":
        """Return the key that is heard when the song is shifted."""
        return Key((self.tonic + semitones) % 12, self.mode, self.confidence)


def parse_key(name: str) -> Key:
    """Return the key that `Key.name` wrote; flats and sharps may stand for each other. Its confidence is 1.

    Raises
    ------
    ValueError
        If it is no such name.
    """
    match = re.fullmatch(r"([A-G])([#b]?) (major|minor)", name)
    if match is None:
        raise ValueError(f"a key is written like 'A minor' or 'F# major', got {name!r}")
    letter, accidental, mode = match.groups()
    tonic = (LETTERS[letter] + ACCIDENTALS[accidental]) % 12
    return Key(tonic, "minor" if mode == "minor" else "major", 1.0)


def hours_apart(a: Key, b: Key) -> int:
    """Return how many hours lie between two keys on the wheel, 0 to 6: as many notes of their scales differ."""
    return abs((a.number - b.number + 6) % 12 - 6)


def semitones_to_match(a: Key, b: Key) -> int:
    """Return the smallest shift of song `b`, in semitones, after which the two go together.

    They go together when they share their notes (the same hour) or all but one (the next hour). No shift serves both, so that
    the smallest is one of these: the same hour by at most 2 semitones, else the next hour by at most 2. Of +1 and -1, which
    serve equally for keys opposite each other, it is +1.
    """
    return min(
        (shift for shift in range(-6, 7) if hours_apart(a, b.shifted(shift)) <= 1), key=lambda shift: (abs(shift), -shift)
    )

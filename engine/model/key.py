"""The key of a song, in musicians' names and in DJs' numbers."""

from dataclasses import dataclass
from typing import Literal

MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""Each tonic as the key with the fewer accidentals is written."""


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
    def camelot(self) -> str:
        """The key on Mark Davis' Camelot wheel, such as `8A`: neighbours mix well, the same number shares all notes."""
        relative_major = self.tonic if self.mode == "major" else (self.tonic + 3) % 12
        number = (7 * relative_major + 7) % 12 + 1
        return f"{number}{'B' if self.mode == 'major' else 'A'}"

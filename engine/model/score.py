"""The notes of a song, where somebody wrote them down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One note: the stem it belongs to, its pitch as a MIDI number (for drums: which drum), start and end in seconds."""

    stem: str
    pitch: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Score:
    """All notes in order of their start, on the song's own clock, and the SHA-256 of the file they came from."""

    notes: tuple[Note, ...]
    sha256: str

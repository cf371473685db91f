"""What the classical separators have in common: a song goes through in pieces, in memory that does not grow with it.

Where a sample's fate depends on its surroundings alone, a piece is worked through with as much context on both sides as the
method can see, on the song's own frames, and pieces do not show at all. Where it depends on the whole piece, pieces overlap and
one fades into the next.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from scipy import fft

from engine.analysis.stems.parts import STEM_IDS, stem_parts
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.separation import Provenance, Separation, SettingValue

PIECE_SECONDS = 20.0
MOST_PIECE_FRAMES = 1 << 21
"""Keeps a piece of a song at a very high rate small."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A piece of a song with its context: `first` is the song's frame that it begins at, `start` and `stop` frame the piece."""

    audio: Audio
    first: int
    start: int
    stop: int


TakeApart = Callable[[Stretch, Progress], Samples]
"""Told a stretch and whom to tell the share that is done; returns its four stems [shape=(4, channels, frames), float32], of
which those of the piece count."""


@dataclass(frozen=True, slots=True)
class Classical(ABC):
    """A separator whose settings are its fields: numbers, words and dataclasses of those."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @property
    def provenance(self) -> Provenance:
        """The algorithm and all its settings."""
        return Provenance(self.NAME, self.VERSION, flat(asdict(self)))

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Return drums, bass, vocals and other, piece by piece."""
        return Separation(stem_parts(STEM_IDS), self.provenance, self.blocks(audio, progress))

    @abstractmethod
    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems [shape=(4, channels, n), float32]; shorter pieces take less memory."""


def flat(settings: dict[str, object], prefix: str = "") -> dict[str, SettingValue]:
    """Return nested settings under dotted names."""
    found: dict[str, SettingValue] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value if isinstance(value, str | int | float) else str(value)
    return found


def hop_of(rate: int, seconds: float, unit: int | None = None) -> int:
    """Return the frames of a hop: a length that is quickly transformed, or the nearest multiple of a unit; 1 or more."""
    if unit is None:
        return int(fft.next_fast_len(max(1, round(rate * seconds)), real=True))
    return unit * max(1, round(rate * seconds / unit))


def in_pieces(
    take_apart: TakeApart, audio: Audio, piece_seconds: float, grain: int, reach: int, progress: Progress
) -> Iterator[Samples]:
    """Yield what is made of a song, with context around each piece.

    Parameters
    ----------
    take_apart : TakeApart
    audio : Audio
    piece_seconds : float
    grain : int, frames
        Pieces and their context are multiples of it, so that a piece has the song's frames.
    reach : int, frames
        How far away something may lie and still count.
    progress : Progress
    """
    piece = min(round(piece_seconds * audio.rate), MOST_PIECE_FRAMES)
    piece, context = (max(1, -(-n // grain)) * grain for n in (piece, reach))
    for start in range(0, audio.frames, piece):
        first, stop = max(0, start - context), min(audio.frames, start + piece)
        around = Audio(audio.samples[:, first : stop + context], audio.rate)
        stretch = Stretch(around, first, start - first, stop - first)
        four = take_apart(stretch, part_of(progress, start, stop, audio.frames))
        progress(stop / audio.frames)
        yield four[..., stretch.start : stretch.stop]


def in_faded_pieces(
    take_apart: TakeApart, audio: Audio, piece_seconds: float, fade_seconds: float, progress: Progress
) -> Iterator[Samples]:
    """Yield what is made of a song in pieces of about equal length, of which each fades into the next."""
    piece = min(round(piece_seconds * audio.rate), MOST_PIECE_FRAMES)
    fade = min(round(fade_seconds * audio.rate), piece)
    edges = np.linspace(0, audio.frames, max(1, round(audio.frames / piece)) + 1).astype(int).tolist()
    tail: Samples | None = None
    for start, end in pairwise(edges):
        stop = min(audio.frames, end + fade)
        report = part_of(progress, start, end, audio.frames)
        stretch = Stretch(Audio(audio.samples[:, start:stop], audio.rate), start, 0, stop - start)
        four = take_apart(stretch, report)
        if tail is not None:
            n = tail.shape[-1]
            rise = ((np.arange(n) + 0.5) / n).astype(np.float32)
            four[..., :n] = tail + rise * (four[..., :n] - tail)
        tail = four[..., end - start :]
        progress(end / max(1, audio.frames))
        yield four[..., : end - start]


def part_of(progress: Progress, start: float, stop: float, whole: float) -> Progress:
    """Return a progress that runs from one point of another to a later one."""
    return lambda share: progress((start + share * (stop - start)) / whole)

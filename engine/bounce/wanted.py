"""A mix as a person describes it: sets, levels, tempo, length, what the file should be like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.model.errors import RemixtureError
from engine.model.scene import Scene
from engine.store.encode import BitDepth

Param = Literal["gain", "mute", "solo", "pitch"]


@dataclass(frozen=True, slots=True)
class SetChoice:
    """A set and which of its decompositions to play; None: stems where there are, else loops."""

    folder: Path
    parts: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter and its value. `deck` None is every deck, `source` None the deck itself."""

    param: Param
    deck: str | None
    source: str | None
    value: float


@dataclass(frozen=True, slots=True)
class Move:
    """A setting that comes at a bar of the first set; 1 is the first bar that plays."""

    bar: int
    setting: Setting


@dataclass(frozen=True, slots=True)
class Mix:
    """Sets on decks a, b, c, d in this order, and what to do with them. None: as it is."""

    sets: tuple[SetChoice, ...]
    settings: tuple[Setting, ...] = ()
    moves: tuple[Move, ...] = ()
    scene: Scene | None = None
    """Set at the start, before `settings`."""
    tempo: float | None = None
    """Beats per minute of all sets; by default the first set's."""
    start_bar: int | None = None
    bars: int | None = None
    straighten: bool = False
    loudness_lufs: float | None = None
    limiter: bool = True
    ceiling_dbtp: float | None = None
    """By default -1, or the true peak of the loudest song where that is higher: what is not changed comes out as it went in."""
    depth: BitDepth = BitDepth.PCM_24
    each: bool = False

    def __post_init__(self) -> None:
        """Check at the door, once."""
        if self.tempo is not None and not 20.0 <= self.tempo <= 400.0:
            raise RemixtureError(f"the tempo must be within 20 to 400 bpm, got {self.tempo:g} bpm")
        if self.start_bar is not None and self.start_bar < 1:
            raise RemixtureError(f"bars count from 1, got start bar {self.start_bar}")
        if self.bars is not None and self.bars < 1:
            raise RemixtureError(f"a mix is at least 1 bar long, got {self.bars} bars")

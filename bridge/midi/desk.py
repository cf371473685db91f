"""What plays, as controllers see it."""

import re
from typing import Protocol

from engine.model.errors import RemixtureError
from engine.model.params import DECKS, Param, find


class Desk(Protocol):
    """The playing session. Its methods return at once and may be called from any thread."""

    def set(self, path: str, value: float) -> None:
        """Set a parameter now; the value is within the range."""

    def value(self, path: str) -> float:
        """Return the last known value."""

    def param(self, path: str) -> Param:
        """Return the parameter of a path; KeyError or RemixtureError if there is none now."""

    def sources(self, deck: str) -> tuple[str, ...]:
        """Return the ids of the sources on a deck, in order; () for an empty one."""

    def beat(self) -> tuple[float, float, bool]:
        """Return the beat of the clock now, its tempo in bpm, and whether anything runs."""


_KNOB = re.compile(rf"(master|deck\.[{''.join(DECKS)}](\.[^.]+)?)\.fx\.[1-9]\d*\.[^.]+")

_NTH = re.compile(r"#[1-9][0-9]{0,3}")

LOST = (RemixtureError, LookupError)
"""What a `Desk` raises for a path that is not there now."""


def resolve(path: str, desk: Desk) -> str | None:
    """Return the path with the n-th source for `#n`; None while the deck has fewer sources.

    `deck.a.#3.gain` is the level of the third source of deck a, whatever its id is in the song that lies there now.
    """
    words = path.split(".")
    if len(words) < 3 or not _NTH.fullmatch(words[2]) or words[1] not in DECKS:
        return path
    sources = desk.sources(words[1])
    index = int(words[2][1:]) - 1
    if index >= len(sources):
        return None
    words[2] = sources[index]
    return ".".join(words)


def check_path(path: str) -> Param | None:
    """Return the parameter of a path, which may have `#n` for its source; None for the knob of an effect.

    Knobs of effects are known only where those are loaded; of them no more than the place is checked.

    Raises
    ------
    RemixtureError
        If nothing can be meant.
    """
    words = path.split(".")
    if len(words) > 3 and words[2].startswith("#"):
        if not _NTH.fullmatch(words[2]):
            raise RemixtureError(f"{path!r}: the n-th source is #1, #2 ..., got {words[2]!r}")
        words[2] = "source"
    path = ".".join(words)
    return None if _KNOB.fullmatch(path) else find(path)


def settle(param: Param, value: float) -> float:
    """Return the nearest value that the parameter can have."""
    value = param.clamp(value)
    if param.curve == "switch":
        return float(value >= 0.5)
    return float(round(value)) if param.curve == "steps" else value

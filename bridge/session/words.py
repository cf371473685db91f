"""The words of a line -> numbers, names and times."""

import re
from collections.abc import Sequence

from engine.model.command import NEXT_BAR, NEXT_BEAT
from engine.model.errors import RemixtureError

WHEN = {"@bar": NEXT_BAR, "@beat": NEXT_BEAT}


def when(word: str) -> int:
    """Return what `@bar` and `@beat` mean for a command; RemixtureError for another word."""
    if word.lower() not in WHEN:
        raise RemixtureError(f"nothing waits for {word!r}; a line may end in {' or '.join(WHEN)}")
    return WHEN[word.lower()]


def spelt(word: str, names: Sequence[str]) -> str:
    """Return a word as it is spelt among names, or else without capitals."""
    alike = [name for name in names if name.lower() == word.lower()]
    return word if word in names else alike[0] if len(alike) == 1 else word.lower()


def number(text: str) -> tuple[float, str] | None:
    """Return a number and what directly follows it, in small letters; None if it is none."""
    found = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*)", text.lower())
    return (float(found[1]), found[2]) if found else None


def quantity(words: Sequence[str], what: str, unit: str) -> float:
    """Return the number that words say, with its unit or without."""
    found = number(words[0]) if words else None
    if found is None:
        raise RemixtureError(f"{what} takes a number, got {' '.join(words)!r}")
    left = [found[1], *words[1:]] if found[1] else words[1:]
    unit = unit.lower()
    nothing_more(
        left[1:] if left and left[0].lower() in {unit, unit.removesuffix("s"), unit.removesuffix("tp")} else left, what
    )
    return found[0]


def nothing_more(words: Sequence[str], what: str) -> None:
    """Raise RemixtureError if there are words left."""
    if words:
        raise RemixtureError(f"{what}: {' '.join(words)!r} is too much")

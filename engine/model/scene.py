"""A scene: a stored set of parameter values, recalled on a beat.

A value belongs to a place, or to all places that a pattern with `*` covers:

- `deck.a.drums.gain`, `master.crossfader`   this one
- `drums.mute`                               the drums of every deck, short for `deck.*.drums.mute`
- `loop-*.gain`, `deck.b.*.solo`             every loop; every source of deck b
- `deck.*.filter`                            every deck

Where several cover the same place the one that names it more closely wins, in whatever order they are written:
a named source before a named deck, a longer pattern before a shorter one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from engine.model.errors import RemixtureError
from engine.model.params import DECKS, Param, find

SCHEMA = "remixture/scene/1"
LAST = ("clip", "play", "cue")
"""Actions come after what they act on: a clip's bars before its start."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Values by place or pattern; `text` is one sentence for people."""

    name: str
    values: Mapping[str, float]
    text: str = ""

    def __post_init__(self) -> None:
        """Check at the door, once."""
        for key, value in self.values.items():
            param_of(key).check(value, key)


def param_of(key: str) -> Param:
    """Return the parameter that a place or pattern is about.

    Raises
    ------
    RemixtureError
        If there is none, or no deck of that name.
    """
    words = _words(key)
    if len(words) > 2 and words[0] == "deck" and not any(fnmatchcase(deck, words[1]) for deck in DECKS):
        raise RemixtureError(f"{key}: there is no deck {words[1]!r}; there are {', '.join(DECKS)}")
    return find(".".join(word.replace("*", "x") if k < len(words) - 1 else word for k, word in enumerate(words)))


@dataclass(frozen=True, slots=True)
class Expanded:
    """A scene on what is loaded: `values` as (path, value), in the order to send them; `skipped` keys concern nothing there."""

    values: tuple[tuple[str, float], ...]
    skipped: tuple[str, ...]


def expand(scene: Scene, decks: Mapping[str, Sequence[str]]) -> Expanded:
    """Return the values of a scene for the sources that are loaded, by deck."""
    found: dict[str, float] = {}
    skipped = []
    for key in sorted(scene.values, key=_closeness):
        paths = list(_paths(_words(key), decks))
        found.update(dict.fromkeys(paths, scene.values[key]))
        if not paths:
            skipped.append(key)
    in_order = sorted(found.items(), key=lambda item: item[0].rpartition(".")[2] in LAST)
    return Expanded(tuple(in_order), tuple(skipped))


def _words(key: str) -> list[str]:
    words = key.split(".")
    return ["deck", "*", *words] if len(words) == 2 and words[0] != "master" else words


def _closeness(key: str) -> tuple[bool, bool, int]:
    words = _words(key)
    return "*" not in words[-2], "*" not in words[1], len(key.replace("*", ""))


def _paths(words: Sequence[str], decks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if words[0] == "master":
        yield ".".join(words)
        return
    for deck, sources in decks.items():
        if not fnmatchcase(deck, words[1]):
            continue
        if len(words) == 3:
            yield f"deck.{deck}.{words[2]}"
        for source in sources if len(words) == 4 else ():
            if fnmatchcase(source, words[2]):
                yield f"deck.{deck}.{source}.{words[3]}"

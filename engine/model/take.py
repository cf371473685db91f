"""A take: the log of all commands of a performance, with the frame at which each took effect.

Field names are the keys of the header of `take.jsonl`. A take names recordings and sources by their hashes; the folders in it
only hint at where they were.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.model.command import Command
from engine.model.remixset import RemixSet

SCHEMA = "remixture/take/1"

LOAD = "load"
"""`deck.a.load` puts the song of that number in the list of songs on the deck; `OFF` takes it off."""

FX = "fx"
"""`deck.a.drums.fx`, `deck.a.fx` and `master.fx` put the chain of that number there; `OFF` takes it off."""

OFF = -1

RECORD = "master.record"
"""Marks what is recorded: from where it is on to where it is off."""

TAIL_SECONDS = 2.0
"""How long a take goes on after its last command when it was never closed."""

Sources = tuple[tuple[str, str], ...]
"""Each source's id and the SHA-256 of its file, in order; the residual is the last."""


@dataclass(frozen=True, slots=True)
class TakeSong:
    """One song of a take: the hash of its recording is its identity; `folder` is where its set was last seen."""

    title: str
    sha256: str
    folder: str
    decompositions: dict[str, Sources]
    """What could be played, in the order of `deck.{deck}.parts`."""

    @classmethod
    def of(cls, remixset: RemixSet, folder: str, parts: Iterable[str]) -> "TakeSong":
        """Return a set as a take remembers it, its decompositions in the order in which a deck got them."""
        sources = {name: tuple((s.id, s.sha256) for s in remixset.decompositions[name].sources) for name in parts}
        return cls(remixset.song.title, remixset.song.sha256, folder, sources)


@dataclass(frozen=True, slots=True)
class TakeChain:
    """A chain of effects: the name of its preset, and the text that its file had."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class TakeHead:
    """How a performance was played: `rate` in Hz, `block` in frames, stretch `engine` R2 or R3, `date` as ISO 8601 has it."""

    rate: int
    block: int
    engine: str
    date: str
    version: str
    songs: tuple[TakeSong, ...] = ()
    chains: tuple[TakeChain, ...] = ()
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Take:
    """A take that was read and checked. `head` holds all songs and chains, also those that came later.

    `commands` are in the order in which they took effect. `frames` is how long the performance was. `late` counts the blocks
    that came too late while it was played; None: the program was killed, and the take ends `TAIL_SECONDS` after its last
    command. `torn`: the last line was cut off, and left out.
    """

    head: TakeHead
    commands: tuple[Command, ...]
    frames: int
    late: int | None
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A part of a take, in its frames: from `start` up to `end`; None: it goes on. Numbers count from 1."""

    number: int
    start: int
    end: int | None = None


def recordings(commands: Iterable[Command]) -> tuple[Recording, ...]:
    """Return what was recorded, in order; `commands` may be those of `RECORD` alone. What has no length is none."""
    found: list[Recording] = []
    for command in commands:
        if command.path != RECORD:
            continue
        running = found[-1] if found and found[-1].end is None else None
        if command.value and running is None:
            found.append(Recording(len(found) + 1, command.at))
        elif not command.value and running is not None:
            found[-1:] = [replace(running, end=command.at)] if command.at > running.start else []
    return tuple(found)


def loaded_deck(path: str) -> str | None:
    """Return the deck that a path such as `deck.a.load` puts a song on; None for every other path."""
    words = path.split(".")
    return words[1] if len(words) == 3 and words[0] == "deck" and words[2] == LOAD else None


def chained_place(path: str) -> str | None:
    """Return the place that a path such as `deck.a.drums.fx` puts effects at; None for every other path."""
    place, dot, last = path.rpartition(".")
    return place if dot and last == FX else None

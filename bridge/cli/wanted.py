"""The options of `remixture open`: what is refused before anything starts, and what they mean for the player."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.model.errors import RemixtureError
from engine.model.params import DECKS, find

if TYPE_CHECKING:
    from bridge.session.messages import Output

STEMS = ("drums", "bass", "vocals", "other", "residual")
"""What a song that is still to be prepared will have."""
RATES, FRAMES = (8_000, 192_000), (16, 8_192)
"""What the options may be, from the first to the last: Hz, and frames of a block."""
DEFAULT_RATE = 48_000
TAKE = "take.jsonl"


def check(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Refuse options that cannot be meant, before anything starts; return the places and chains of `--fx`."""
    if len(options.songs) > len(DECKS):
        raise RemixtureError(f"there are {len(DECKS)} decks, got {len(options.songs)} songs")
    for name, value, (low, high), unit in (
        ("--rate", options.rate, RATES, "Hz"),
        ("--frames", options.frames, FRAMES, "frames"),
    ):
        if value is not None and not low <= value <= high:
            raise RemixtureError(f"{name} must be within {low} to {high} {unit}, got {value}")
    if options.tempo is not None:
        find("master.tempo").check(options.tempo, "--tempo")
    if options.clock and not options.midi:
        raise RemixtureError(f"--clock {options.clock} needs MIDI, which --no-midi turns off")
    if not options.fx:
        return []
    from bridge.session.effects import asked

    return [asked(text) for text in options.fx]


def take(options: argparse.Namespace, sets: dict[str, Path | None]) -> Path | None:
    """Return where the take goes, if one is written."""
    if options.no_take:
        return None
    beside = next((folder.parent for folder in sets.values() if folder is not None), options.output or Path())
    return Path(options.take or beside / TAKE)


def output(options: argparse.Namespace, sets: dict[str, Path | None]) -> Output:
    """Return where the sound goes. `sets` has None for songs that are still to be prepared."""
    from bridge.session.messages import Output
    from engine.store.setdir import open_set

    known = {deck: open_set(folder) for deck, folder in sets.items() if folder is not None}
    rate = options.rate or next((one.song.rate for one in known.values()), DEFAULT_RATE)
    pairs = ["master", "cue"]
    for deck in sets if options.split else ():
        parts = known[deck].decompositions.values() if deck in known else ()
        names = dict.fromkeys(source.id for one in parts for source in one.sources) or STEMS
        pairs += [f"{deck}.{name}" for name in names]
    sink = f"{options.sink}:{options.device}" if options.device else options.sink
    return Output(
        sink, rate, options.frames, tuple(pairs), dict(map(_connection, options.connect)) or None, stretch=options.stretch
    )


def _connection(text: str) -> tuple[str, tuple[str, ...]]:
    pair, equals, ports = text.partition("=")
    if not equals or ports.count(",") != 1:
        raise RemixtureError(f"--connect takes a pair and two ports such as master=ardour:in_1,ardour:in_2, got {text!r}")
    return pair, tuple(ports.split(","))

"""What is so, as the wire tells it: the table of parameters, what is on the decks, the meters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bridge.session.library import Shelf
from bridge.session.player import Player
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, PARAMS
from engine.model.remixset import Source

Names = tuple[str, ...]


def hello(player: Player, fields: Names) -> dict[str, object]:
    """Return what a page has to know first; `fields` name the meters."""
    params = {
        param.pattern: {
            "low": param.low, "high": param.high, "default": param.default, "unit": param.unit, "curve": param.curve,
            "text": param.text,
        }
        for param in PARAMS
    }  # fmt: skip
    return {"params": params, "fields": fields, "rate": player.rate}


class Decks:
    """What is on the decks of a room; looks closely only where something has changed."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen: dict[str, Seen] = {}
        self.told: dict[str, dict[str, object] | None] = dict.fromkeys(DECKS)
        """What was found last, as the contract has it."""

    def look(self) -> tuple[bool, bool]:
        """Look again; return whether anything is different, and whether there is another song."""
        changed = another = False
        for deck in DECKS:
            seen, before = self._see(deck), self._seen.get(deck)
            if seen != before:
                told = self._told(deck, seen)
                changed |= told != self.told[deck]
                another |= before is None or seen.shelf is not before.shelf
                self._seen[deck], self.told[deck] = seen, told
        return changed, another

    def _see(self, deck: str) -> "Seen":
        room = self._room
        try:
            shelf = room.player.shelf(deck)
        except RemixtureError:
            return Seen(None)
        return Seen(shelf, shelf.whole.is_set(), room.collection.version, room.player.cells(deck))

    def _told(self, deck: str, seen: "Seen") -> dict[str, object] | None:
        if seen.shelf is None:
            return None
        collection, parcel, remixset = self._room.collection, seen.shelf.parcel, seen.shelf.remixset
        return {
            "song": collection.on(deck),
            "title": remixset.song.title,
            "key": remixset.key,
            "camelot": remixset.camelot,
            "bpm": parcel.bpm,
            "beats_per_bar": parcel.beats_per_bar,
            "parts": [layer.name for layer in parcel.layers],
            "layers": {layer.name: _sources(remixset.decompositions[layer.name].sources) for layer in parcel.layers},
            "sources": parcel.names,
            "cells": seen.cells,
            "whole": seen.whole,
            "more": collection.more(deck),
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What tells whether a deck is worth a closer look."""

    shelf: Shelf | None
    whole: bool = False
    version: int = 0
    cells: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)


def _sources(sources: Sequence[Source]) -> list[dict[str, object]]:
    return [
        {
            "id": source.id,
            "name": source.name,
            "color": source.color,
            "kind": source.kind,
            "confidence": source.confidence_text,
            "crosstalk_db": source.crosstalk_db,
        }
        for source in sources
    ]


class Meters:
    """The meters as one message. The engine writes them more often than they are sent: the loudest is what is sent.

    `fields` are their names; () before there are any.
    """

    def __init__(self, player: Player) -> None:
        self._player = player
        self.fields: Names = ()
        self._levels = np.zeros(0, dtype=bool)
        self._held: NDArray[np.float64] | None = None

    def read(self) -> None:
        """Take in what is so now."""
        fields, numbers = self._player.numbers()
        if fields != self.fields:
            self.fields, self._held = fields, None
            self._levels = np.array([_is_level(name) for name in fields], dtype=bool)
        if self._held is None:
            self._held = numbers
        else:
            self._held = np.where(self._levels, np.maximum(self._held, numbers), numbers)

    def message(self) -> bytes:
        """Return them as little-endian float32, levels since the last message."""
        held, self._held = self._held, None
        return b"" if held is None else held.astype("<f4").tobytes()


def _is_level(name: str) -> bool:
    return name.endswith(("peak_dbfs", "true_peak_dbtp", "limiting_db")) or ".source." in name

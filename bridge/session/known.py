"""What a player knows: the values, what is on the decks, which effects are where; and how to tell another engine all of it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.session.messages import Parcel
from bridge.session.restore import deck_values, master_values
from bridge.session.status import Status
from engine.mix.addresses import Addresses
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.take import FX, OFF

if TYPE_CHECKING:
    from bridge.plugins.facts import Facts
    from bridge.plugins.preset import Preset
    from bridge.session.library import Shelf
    from bridge.session.link import Link

FRESH = frozenset({"play", "parts", "seek", "jump", "loop", "slip", "cue", "song"})
"""What a deck forgets when another song is put on."""


@dataclass(slots=True)
class Answer:
    """Whether the engine has done what it was asked, or why not."""

    done: threading.Event = field(default_factory=threading.Event)
    refused: str = ""

    def refuse(self, text: str) -> None:
        """Say why not."""
        self.refused = text
        self.done.set()

    def wait(self, seconds: float, otherwise: str) -> None:
        """Wait until it is done; RemixtureError with the reason, or `otherwise` after `seconds`."""
        if not self.done.wait(seconds):
            self.refused = f"{otherwise}: the engine does not answer"
        if self.refused:
            raise RemixtureError(self.refused)


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A song that is on its way to a deck, or was. Its place in the list is its number in the take."""

    deck: str
    shelf: "Shelf"
    answer: Answer = field(default_factory=Answer)


@dataclass(slots=True, eq=False)
class Effects:
    """A chain that is on its way to a place, or was, and its number in the take; without a preset: what takes it off."""

    place: str
    preset: "Preset | None" = None
    facts: "Facts | None" = None
    number: int = OFF
    answer: Answer = field(default_factory=Answer)


class Known:
    """Changed under the player's lock only."""

    def __init__(self) -> None:
        self.addresses = Addresses(dict.fromkeys(DECKS, ()))
        self.values: dict[str, float] = {}
        self.songs: list[Song] = []
        self.effects: list[Effects] = []
        self._decks: dict[str, int] = {}
        self._places: dict[str, int] = {}

    def value(self, path: str) -> float:
        """Return the last value that was set, or the one it begins with."""
        return self.values.get(path, self.addresses.find(path)[1].default)

    def on(self, deck: str) -> Parcel:
        """Return what is on a deck; RemixtureError if nothing is."""
        if deck not in self._decks:
            raise RemixtureError(f"nothing is on deck {deck}")
        return self.songs[self._decks[deck]].shelf.parcel

    def loaded(self, deck: str, number: int) -> bool:
        """Note what is on a deck now; return whether it is the same song as before, on another engine."""
        before = self._decks.pop(deck, OFF)
        self.addresses.set_names(deck, self.songs[number].shelf.parcel.names if number != OFF else ())
        if number != OFF:
            self._decks[deck] = number
            self.songs[number].answer.done.set()
        if before == number:
            return number != OFF
        self.values = {path: value for path, value in self.values.items() if not _of_the_song(path, deck)}
        self._places = {place: k for place, k in self._places.items() if not place.startswith(f"deck.{deck}.")}
        if before != OFF:
            self.songs[before].shelf.close()
        return False

    def chained(self, number: int) -> tuple[Effects, bool]:
        """Note which effects are at a place now; return them, and whether they are the same as before, on another engine."""
        effects = self.effects[number]
        self.addresses.set_chain(effects.place, effects.facts.params if effects.facts else ())
        again = self._places.pop(effects.place, None) == number
        if effects.preset is not None:
            self._places[effects.place] = number
        if not again:
            self.values = {path: value for path, value in self.values.items() if not path.startswith(f"{effects.place}.{FX}.")}
        effects.answer.done.set()
        return effects, again

    def tell(self, link: "Link", left: Status) -> None:
        """Tell an engine that was started again what is where; `left` is what was so when the last one died."""
        self._put(link, master_values(self.values, left.beat))
        for deck, number in self._decks.items():
            link.load(deck, self.songs[number].shelf, number)
        for number, song in enumerate(self.songs):
            if not song.answer.done.is_set():
                link.load(song.deck, song.shelf, number)
        for number, effects in enumerate(self.effects):
            if number in self._places.values() or not effects.answer.done.is_set():
                link.chain(effects.place, effects.preset, effects.facts, number)

    def go_on(self, link: "Link", deck: str, left: Status) -> None:
        """Have a deck go on where it was, now that its song lies there again."""
        was = left.decks[deck]
        self._put(link, deck_values(self.values, deck, was.beat, playing=was.running))

    def _put(self, link: "Link", values: Iterator[tuple[str, float]]) -> None:
        for path, value in values:
            if f".{FX}." not in path:
                link.put(0, self.addresses.address(path), value)

    def knobs(self, link: "Link", place: str) -> None:
        """Turn the knobs of effects that were put on again to where they were."""
        for path, value in self.values.items():
            if path.startswith(f"{place}.{FX}."):
                link.put(0, self.addresses.address(path), value)


def _of_the_song(path: str, deck: str) -> bool:
    """Tell whether a value goes when another song comes onto the deck."""
    words = path.split(".")
    return words[:2] == ["deck", deck] and (words[2] in FRESH or (len(words) > 3 and words[2] != FX))

"""What a player knows: the values, what is on the decks, which effects are where; and how to tell another engine all of it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.session.restore import LAST, deck_values, master_values
from bridge.session.status import Status
from engine.mix.addresses import Addresses
from engine.model.cells import switched
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.take import FX, OFF

if TYPE_CHECKING:
    from bridge.plugins.facts import Facts
    from bridge.plugins.preset import Preset
    from bridge.session.library import Shelf
    from bridge.session.link import Link

MOVES = frozenset({"seek", *LAST})
"""What moves a deck."""
FRESH = frozenset({"play", "parts", "seek", "jump", "loop", "slip", "cue", "song"})
"""What a deck forgets when another song is put on."""
ENDED = "the session ended"


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
    """A song that is on its way to a deck, or was. Its place in the list is its number in the take.

    `stays`: it is what the deck plays already, as it lies on the disk now; the deck goes on where it is.
    """

    deck: str
    shelf: "Shelf"
    stays: bool = False
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
        self._cells: dict[tuple[str, str], dict[int, bool]] = {}
        """For each deck and source the bars that are switched, counted from 1, and whether they are on."""
        self.songs: list[Song] = []
        self.effects: list[Effects] = []
        self._decks: dict[str, int] = {}
        self._places: dict[str, int] = {}

    def value(self, path: str) -> float:
        """Return the last value that was set, or the one it begins with."""
        return self.values.get(path, self.addresses.find(path)[1].default)

    def on(self, deck: str) -> "Shelf":
        """Return what is on a deck; RemixtureError if nothing is."""
        if deck not in self._decks:
            raise RemixtureError(f"nothing is on deck {deck}")
        return self.songs[self._decks[deck]].shelf

    def cells(self, deck: str) -> dict[str, dict[int, bool]]:
        """Return which bars of the sources on a deck are switched, and whether they are on."""
        return {source: dict(bars) for (place, source), bars in self._cells.items() if place == deck and bars}

    def took_effect(self, path: str, value: float) -> None:
        """Note a cell that was switched; nothing else."""
        words, (bar, on) = path.split("."), switched(value)
        if words[-1] != "cell" or FX in words:
            return
        bars = self._cells.setdefault((words[1], words[2]), {})
        if bar:
            bars[bar] = on
        else:
            bars.clear()

    def loaded(self, deck: str, number: int) -> bool:
        """Note what is on a deck now; return whether it is the same song as before, on another engine."""
        before = self._decks.pop(deck, OFF)
        self.addresses.set_names(deck, self.songs[number].shelf.parcel.names if number != OFF else ())
        if number != OFF:
            self._decks[deck] = number
            self.songs[number].answer.done.set()
        if before == number:
            return number != OFF
        if OFF not in (before, number) and self.songs[number].stays:
            self._keep(deck)
        else:
            self._forget(deck)
            if number != OFF:
                # It stands at its start, until somebody has it play.
                self.values[f"deck.{deck}.play"] = 0.0
        self._places = {place: k for place, k in self._places.items() if not place.startswith(f"deck.{deck}.")}
        if before != OFF:
            self.songs[before].shelf.close()
        return False

    def _forget(self, deck: str) -> None:
        """Forget what was of the song before."""
        self.values = {path: value for path, value in self.values.items() if not _of_the_song(path, deck)}
        self._cells = {place: bars for place, bars in self._cells.items() if place[0] != deck}

    def _keep(self, deck: str) -> None:
        """Keep what was of the song before, but for sources that are no more; what plays is the first decomposition now."""
        names = (None, *self.addresses.names(deck))
        gone = [path for path in self.values if _source_of(path, deck) not in names]
        for path in (*gone, f"deck.{deck}.parts"):
            self.values.pop(path, None)
        self._cells = {place: bars for place, bars in self._cells.items() if place[0] != deck or place[1] in names}

    def refuse_open(self) -> None:
        """Refuse everything that is still on its way: nobody answers any more."""
        for answer in (*(song.answer for song in self.songs), *(effects.answer for effects in self.effects)):
            if not answer.done.is_set():
                answer.refuse(ENDED)

    def staying(self) -> bool:
        """Tell whether a deck is about to get what it plays already."""
        return any(song.stays and not song.answer.done.is_set() for song in self.songs)

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
        self._put(link, deck_values(self.values, self.cells(deck), deck, was, was.beat))

    def stay(self, link: "Link", deck: str, left: Status, at: int, rate: int) -> None:
        """Have a deck go on, from frame `at` of the engine's clock on, where it would be had it never been stopped."""
        was = left.decks[deck]
        away = (at - left.frame) / rate * was.bpm / 60.0 if was.running else 0.0
        self._put(link, deck_values(self.values, self.cells(deck), deck, was, was.beat + away), at)

    def _put(self, link: "Link", values: Iterator[tuple[str, float]], at: int = 0) -> None:
        """Send values; what moves a deck at frame `at`."""
        for path, value in values:
            if f".{FX}." not in path:
                moves = path.rpartition(".")[2] in MOVES
                link.put(at if moves else 0, self.addresses.address(path), value)

    def knobs(self, link: "Link", place: str) -> None:
        """Turn the knobs of effects that were put on again to where they were."""
        for path, value in self.values.items():
            if path.startswith(f"{place}.{FX}."):
                link.put(0, self.addresses.address(path), value)


def _of_the_song(path: str, deck: str) -> bool:
    """Tell whether a value goes when another song comes onto the deck."""
    return path.startswith(f"deck.{deck}.") and (path.split(".")[2] in FRESH or _source_of(path, deck) is not None)


def _source_of(path: str, deck: str) -> str | None:
    """Return the source of a deck that a path leads to; None for the deck's own values, and other decks'."""
    words = path.split(".")
    return words[2] if words[:2] == ["deck", deck] and len(words) > 3 and words[2] != FX else None

"""The decks: head, map, knobs and tiles of each. A card is built anew only when another song, or other parts of it, come on."""

import asyncio
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from bridge.session.library import Shelf
from bridge.session.view import playing
from bridge.web.elements import Choices, Menu, button, choice, element, knob, switch, tell
from bridge.web.loads import put_on
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.model.key import Key, parse_key, semitones_to_match
from engine.model.params import DECKS
from engine.model.remixset import RESIDUAL, Decomposition, Source

KNOBS = (("eq_low", "Low"), ("eq_mid", "Mid"), ("eq_high", "High"), ("filter", "Filter"), ("pitch", "Pitch"))
SWITCHES = (
    ("keylock", "KEY", "Keylock"),
    ("slip", "SLIP", "Slip"),
    ("pfl", "PFL", "Headphones"),
    ("song", "SONG", "Sources without a clip play the song:"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card was built for: the set on the deck, which decomposition of it plays, whether there is more of the song."""

    shelf: Shelf | None = None
    playing: str = ""
    more: bool = False


class Decks:
    """All four."""

    def __init__(self, room: Room) -> None:
        with ui.element("div").classes("rx-decks"):
            self._cards = [Card(room, deck) for deck in DECKS]

    def look(self) -> None:
        """Show what is on them."""
        for card in self._cards:
            card.look()


class Card:
    """One deck."""

    def __init__(self, room: Room, deck: str) -> None:
        self._room, self._deck = room, deck
        self._shown: Shown | None = None
        self._known: object = None
        self._more = False
        self._card = ui.element("section").classes("rx-deck")
        self._card.props.update({"data-deck": deck, "aria-label": f"Deck {deck.upper()}"})

    def look(self) -> None:
        """Build it anew if something else is on."""
        shown = self._now()
        if shown == self._shown:
            return
        self._shown = shown
        self._card.clear()
        empty = shown.shelf is None
        self._card.classes(add="rx-empty" if empty else "", remove="" if empty else "rx-empty")
        with self._card:
            if shown.shelf is None:
                self._empty()
            else:
                self._head(shown.shelf, shown)
                element("rx-map", deck=self._deck)
                self._knobs()
                self._tiles(shown.shelf.remixset.decompositions[shown.playing])

    def _now(self) -> Shown:
        try:
            shelf = self._room.player.shelf(self._deck)
        except RemixtureError:
            return Shown()
        known = self._room.collection.version, id(shelf)
        if known != self._known:
            # Comparing sets takes a while.
            self._known, self._more = known, self._room.collection.more(self._deck)
        return Shown(shelf, playing(self._room.player, self._deck).name, self._more)

    def _empty(self) -> None:
        ui.label(self._deck.upper()).classes("rx-badge")
        ui.label("Empty: give it a song from the left, or drag a tile here.").classes("rx-note")

    def _head(self, shelf: Shelf, shown: Shown) -> None:
        deck, path, remixset = self._deck, f"deck.{self._deck}", shelf.remixset
        with ui.row().classes("rx-line rx-deckhead"):
            ui.label(deck.upper()).classes("rx-badge")
            switch(f"{path}.play", f"Play deck {deck}", "▶")
            switch(f"{path}.cue", f"Cue deck {deck}", "CUE", mode="press")
            switch(f"{path}.sync", f"Sync deck {deck}", "SYNC")
            with ui.column().classes("rx-title"):
                ui.label(remixset.song.title).classes("rx-name")
                facts = [f"{remixset.grid.bpm:.1f} bpm" if remixset.grid else "", remixset.key or "", remixset.camelot or ""]
                ui.label("  ".join(filter(None, facts))).classes("rx-note")
            button("", partial(self._room.player.unload, deck), icon="eject", label=f"Eject deck {deck}")
        with ui.row().classes("rx-line rx-deckhead"):
            element("rx-clock", deck=deck)
            if len(shelf.parcel.layers) > 1:
                choice(f"{path}.parts", f"Parts of deck {deck}", [layer.name for layer in shelf.parcel.layers])
            element("rx-choice", path=f"{path}.loop", label="Loop, in bars", values="1,2,4,8", off=0, meter=f"{path}.loop_bars")
            if shown.more:
                button("Take up more", self._take_up, label="Stems or loops came meanwhile; a short gap is heard", strong=True)

    def _knobs(self) -> None:
        path = f"deck.{self._deck}"
        with ui.element("div").classes("rx-desk"):
            with ui.row().classes("rx-knobs"):
                knob(f"{path}.gain", "Level")
                knob(f"{path}.tempo", "Tempo", bpm_of=self._deck)
                for name, label in KNOBS:
                    knob(f"{path}.{name}", label)
            with ui.row().classes("rx-knobs"):
                choice(f"{path}.side", "Side of the crossfader", ("L", "thru", "R"))
                for name, text, label in SWITCHES:
                    switch(f"{path}.{name}", f"{label} deck {self._deck}", text)
                if self._key_of(self._deck) is not None:
                    button(
                        "Match", self._match_key, label="Match key: shift by the smallest step that fits the deck that leads"
                    )
            element("rx-meter", of=path, orientation="horizontal")

    def _tiles(self, parts: Decomposition) -> None:
        with ui.element("div").classes("rx-tiles"):
            for source in parts.sources:
                with ui.element("div").classes("rx-tilebox"):
                    element(
                        "rx-tile", deck=self._deck, source=source.id, name=source.name, color=source.color, kind=source.kind,
                        confidence=source.confidence_text or None, crosstalk=_decibels(source.crosstalk_db),
                    )  # fmt: skip
                    Menu(f"More of {source.name}", partial(self._choices, source)).classes("rx-more")

    def _choices(self, source: Source) -> Choices:
        """Return what a tile's menu offers; files only of a song that is in the list."""
        number = self._room.collection.on(self._deck)
        choices: Choices = []
        if number is not None and self._shown is not None:
            base = f"/api/songs/{number}"
            if source.once is not None:
                choices.append(("Download one period (WAV)", partial(ui.download.from_url, f"{base}/once/{source.id}")))
            whole = f"{base}/{self._shown.playing}/{source.id}"
            choices.append(("Download, as long as the song (FLAC)", partial(ui.download.from_url, whole)))
        if source.kind == RESIDUAL:
            return choices
        if number is not None:
            others = [deck for deck in DECKS if deck != self._deck]
            choices += [(f"Loop on deck {deck.upper()}", partial(self._loop_on, deck, number, source.id)) for deck in others]
        return [*choices, ("All bars as in the song", partial(self._line, f"{self._deck}.{source.id} cell 0"))]

    def _line(self, line: str) -> None:
        try:
            said = self._room.lines.do(line)
        except RemixtureError as error:
            said = str(error)
        if said:
            tell(said)

    async def _loop_on(self, deck: str, number: int, source: str) -> None:
        """Do what dragging the tile there does."""
        try:
            await asyncio.to_thread(put_on, self._room, deck, number, source)
        except RemixtureError as error:
            tell(str(error))

    async def _take_up(self) -> None:
        try:
            await asyncio.to_thread(self._room.collection.take_up, self._deck)
        except RemixtureError as error:
            tell(str(error))

    def _match_key(self) -> None:
        own, leader = self._key_of(self._deck), self._leader()
        theirs = self._key_of(leader) if leader is not None else None
        if own is None or leader is None or theirs is None:
            tell("There is no other deck with a key to match")
            return
        sounds = theirs.shifted(round(self._room.player.value(f"deck.{leader}.pitch")))
        wanted = semitones_to_match(sounds, own)
        self._room.player.send(f"deck.{self._deck}.pitch", float(wanted), 0)
        what = f"is shifted by {wanted:+d} st to fit" if wanted else "stays as it was recorded: it fits"
        tell(f"Deck {self._deck.upper()} {what} deck {leader.upper()}, {sounds.name}")

    def _leader(self) -> str | None:
        """Return the deck whose key is to be matched: who leads the clock, else the first other one that has a key."""
        index = round(self._room.player.value("master.clock")) - 1
        decks = [*(DECKS[index : index + 1] if index >= 0 else ()), *DECKS]
        return next((deck for deck in decks if deck != self._deck and self._key_of(deck) is not None), None)

    def _key_of(self, deck: str) -> Key | None:
        try:
            key = self._room.player.shelf(deck).remixset.key
        except RemixtureError:
            return None
        return parse_key(key) if key else None


def _decibels(value: float | None) -> float | None:
    return None if value is None else round(value)

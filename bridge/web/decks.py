"""The decks: head, map, knobs and tiles of each. A card is built anew only when another song, or other parts of it, come on."""

from functools import partial

from nicegui import run, ui

from bridge.session.songs import OpenSong
from bridge.web.elements import button, choice, element, fader, knob, switch, tell
from bridge.web.loads import put_on
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.model.key import Key, parse_key, semitones_to_match
from engine.model.params import DECKS
from engine.model.remixset import RESIDUAL, Decomposition, Source

KNOBS = (("eq_low", "Low"), ("eq_mid", "Mid"), ("eq_high", "High"), ("filter", "Filter"), ("pitch", "Pitch"))
SWITCHES = (("keylock", "KEY", "Keylock"), ("slip", "SLIP", "Slip"), ("pfl", "PHONES", "Headphones"))

Shown = tuple[int | None, str, tuple[str, ...], bool]
"""What a card was built for: the song's number, the decomposition that plays, what else there is, whether there is more."""


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
        self._card = ui.element("section").classes("rx-deck")
        self._card.props.update({"data-deck": deck, "aria-label": f"Deck {deck.upper()}"})

    def look(self) -> None:
        """Build it anew if something else is on."""
        shown = self._now()
        if shown == self._shown:
            return
        self._shown = shown
        self._card.clear()
        self._card.classes(add="rx-empty" if shown[0] is None else "", remove="" if shown[0] is None else "rx-empty")
        with self._card:
            song = _song_on(self._room, self._deck)
            if song is None or song.remixset is None:
                self._empty()
            else:
                self._head(song)
                element("rx-map", deck=self._deck)
                self._tiles(song, song.remixset.decompositions[shown[1]])
                self._knobs()

    def _now(self) -> Shown:
        number = self._room.collection.on(self._deck)
        try:
            layers = self._room.player.song(self._deck).layers
        except RemixtureError:
            return None, "", (), False
        index = min(round(self._room.player.value(f"deck.{self._deck}.parts")), len(layers) - 1)
        return number, layers[index].name, tuple(layer.name for layer in layers), self._room.collection.more(self._deck)

    def _empty(self) -> None:
        ui.label(self._deck.upper()).classes("rx-badge")
        ui.label("Empty: give it a song from the left, or drag a tile here.").classes("rx-note")

    def _head(self, song: OpenSong) -> None:
        deck, path, remixset = self._deck, f"deck.{self._deck}", song.remixset
        assert remixset is not None  # noqa: S101 - callers have looked
        with ui.row().classes("rx-line rx-deckhead"):
            ui.label(deck.upper()).classes("rx-badge")
            switch(f"{path}.play", f"Play deck {deck}", "▶").classes("rx-play")
            switch(f"{path}.cue", f"Cue deck {deck}", "CUE", mode="press")
            switch(f"{path}.sync", f"Sync deck {deck}", "SYNC")
            with ui.column().classes("rx-title"):
                ui.label(song.title).classes("rx-name")
                facts = [f"{remixset.grid.bpm:.1f} bpm" if remixset.grid else "", remixset.key or "", remixset.camelot or ""]
                ui.label("  ".join(filter(None, facts))).classes("rx-note")
            button("", partial(self._room.player.unload, deck), icon="eject", label=f"Eject deck {deck}")
        with ui.row().classes("rx-line rx-deckhead"):
            element("rx-clock", deck=deck)
            if self._shown is not None and len(self._shown[2]) > 1:
                choice(f"{path}.parts", f"Parts of deck {deck}", self._shown[2])
            element("rx-choice", path=f"{path}.loop", label="Loop, in bars", values="1,2,4,8", off=0, meter=f"{path}.loop_bars")
            if self._shown is not None and self._shown[3]:
                button("Take up more", self._take_up, label="Stems or loops came meanwhile; a short gap is heard", strong=True)

    def _knobs(self) -> None:
        path = f"deck.{self._deck}"
        with ui.row().classes("rx-line rx-knobs"):
            knob(f"{path}.tempo", "Tempo", bpm_of=self._deck)
            for name, label in KNOBS:
                knob(f"{path}.{name}", label)
            if self._key_of(self._deck) is not None:
                button("Match key", self._match_key, label="Shift by the smallest step that fits the deck that leads")
            fader(f"{path}.gain", "Deck level", orientation="horizontal")
            element("rx-meter", of=path, label=f"Level of deck {self._deck}", orientation="horizontal")
            choice(f"{path}.side", "Side of the crossfader", ("left", "thru", "right"))
            for name, text, label in SWITCHES:
                switch(f"{path}.{name}", f"{label} deck {self._deck}", text)
            switch(f"{path}.song", "Sources without a clip play the song", "SONG")

    def _tiles(self, song: OpenSong, parts: Decomposition) -> None:
        with ui.element("div").classes("rx-tiles"):
            for source in parts.sources:
                with ui.element("div").classes("rx-tilebox"):
                    element(
                        "rx-tile", deck=self._deck, source=source.id, name=source.name, color=source.color, kind=source.kind,
                        confidence=source.confidence_text or None, crosstalk=_decibels(source.crosstalk_db),
                    )  # fmt: skip
                    self._tile_menu(song, source)

    def _tile_menu(self, song: OpenSong, source: Source) -> None:
        parts = self._shown[1] if self._shown else ""
        with button("", lambda: None, icon="more_vert", label=f"More of {source.name}").classes("rx-more"), ui.menu():
            base = f"/api/songs/{song.number}"
            if source.once is not None:
                ui.menu_item("Download one period (WAV)", partial(ui.download.from_url, f"{base}/once/{source.id}"))
            ui.menu_item("Download, as long as the song (FLAC)", partial(ui.download.from_url, f"{base}/{parts}/{source.id}"))
            for deck in DECKS:
                if deck != self._deck and source.kind != RESIDUAL:
                    ui.menu_item(f"Loop on deck {deck.upper()}", partial(self._loop_on, deck, song.number, source.id))
            if source.kind != RESIDUAL:
                ui.menu_item("All bars as in the song", partial(self._line, f"{self._deck}.{source.id} cell 0"))

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
            await run.io_bound(put_on, self._room, deck, number, source)
        except RemixtureError as error:
            tell(str(error))

    async def _take_up(self) -> None:
        try:
            await run.io_bound(self._room.collection.take_up, self._deck)
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
        what = f"is shifted by {wanted:+d} semitones" if wanted else "is as it was recorded:"
        tell(f"Deck {self._deck.upper()} {what} to fit deck {leader.upper()}, {sounds.name}")

    def _leader(self) -> str | None:
        """Return the deck whose key is to be matched: who leads the clock, else the first other one that has a key."""
        index = round(self._room.player.value("master.clock")) - 1
        decks = [*(DECKS[index : index + 1] if index >= 0 else ()), *DECKS]
        return next((deck for deck in decks if deck != self._deck and self._key_of(deck) is not None), None)

    def _key_of(self, deck: str) -> Key | None:
        song = _song_on(self._room, deck)
        return parse_key(song.remixset.key) if song is not None and song.remixset is not None and song.remixset.key else None


def _song_on(room: Room, deck: str) -> OpenSong | None:
    number = room.collection.on(deck)
    return None if number is None else room.collection.song(number)


def _decibels(value: float | None) -> float | None:
    return None if value is None else round(value)

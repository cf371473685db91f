"""The songs of the session: dropped here, prepared, put on decks; what fits together, and why."""

import asyncio
from functools import partial
from pathlib import Path

from nicegui import ui

from bridge.session.songs import OpenSong, State
from bridge.web.elements import Choices, Menu, Pick, button, dialog, element, tell
from bridge.web.exports import choose_format
from bridge.web.loads import put_on
from bridge.web.room import Room
from engine.analysis.stems import StemChoice
from engine.model.errors import RemixtureError
from engine.model.loopcount import AUTO, MOST_LOOPS
from engine.model.params import DECKS
from engine.model.partners import Pulse, partners
from engine.prepare import Settings
from engine.store.setdir import SUFFIX

LOOPS = (AUTO, *map(str, range(1, MOST_LOOPS + 1)))
STEMS = tuple(choice.value for choice in StemChoice)
STRETCH = 0.1
"""How much faster or slower a partner may have to play."""


class Shelf:
    """The list on the left."""

    def __init__(self, room: Room) -> None:
        self._room, self._version = room, -1
        self._rows: dict[int, Row] = {}
        with ui.column().classes("rx-drop"):
            element("rx-drop")
            with ui.row().classes("rx-line"):
                for name, label, choices in (("loops", "Loops", LOOPS), ("stems", "Stems", STEMS)):
                    Pick(label, dict(zip(choices, choices, strict=True)), AUTO, name=name).classes("rx-grow")
            button("Open a prepared set ...", self._choose_set)
        self._list = ui.column().classes("rx-list").props('role=list aria-label="Songs"')

    def _choose_set(self) -> None:
        """Offer the sets that lie in the session's folder."""
        sets = sorted(self._room.output.glob(f"*{SUFFIX}"))
        with dialog(f"Sets in {self._room.output.resolve()}") as opened:
            if not sets:
                ui.label("There is none: prepare a song, or start remixture in another folder (or with -o FOLDER).").classes(
                    "rx-note"
                )
            with ui.column().classes("rx-list"):
                for folder in sets:
                    button(folder.stem, partial(self._open_set, folder, opened)).props("align=left")

    async def _open_set(self, folder: Path, opened: ui.dialog) -> None:
        opened.close()
        try:
            await asyncio.to_thread(self._room.collection.add, folder)
        except RemixtureError as error:
            tell(str(error))

    def look(self) -> None:
        """Bring the rows up to date."""
        version = self._room.collection.version
        if version == self._version:
            return
        self._version = version
        songs = self._room.collection.songs()
        order = [song.number for song in songs]
        for number in set(self._rows) - set(order):
            self._rows.pop(number).delete()
        fits = _fits(songs)
        for song in songs:
            if song.number not in self._rows:
                with self._list:
                    self._rows[song.number] = Row(self._room)
            self._rows[song.number].show(song, fits.get(song.number, ()))


class Row:
    """One song. It is built anew when its state changes; while it is prepared only the bar moves."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._card = ui.column().classes("rx-song").props("role=listitem")
        self._shown: object = None

    def delete(self) -> None:
        """Take it off the page."""
        self._card.delete()

    def show(self, song: OpenSong, fits: tuple[str, ...]) -> None:
        """Show what is so now."""
        shown = song.state, song.title, song.parts, song.note, song.error, fits
        if shown != self._shown:
            self._shown = shown
            self._card.clear()
            with self._card:
                self._build(song, fits)
        if song.busy:
            self._bar.set_value(song.share)
            self._step.set_text(_progress(song))

    def _build(self, song: OpenSong, fits: tuple[str, ...]) -> None:
        with ui.row().classes("rx-line"):
            ui.label(song.title).classes("rx-name rx-grow")
            Menu(f"More of {song.title}", partial(self._choices, song))
        if song.remixset is not None:
            facts = song.remixset
            words = [f"{facts.grid.bpm:.1f} bpm" if facts.grid else "", facts.key or "", facts.camelot or "", *song.parts]
            ui.label("  ".join(filter(None, words))).classes("rx-note")
        if song.busy:
            self._bar = ui.linear_progress(song.share, show_value=False).props('aria-label="Progress"')
            with ui.row().classes("rx-line"):
                self._step = ui.label().classes("rx-note rx-grow").props("role=status")
                button("Cancel", partial(self._room.collection.cancel, song.number), label=f"Cancel {song.title}")
        if song.state is State.CANCELLED:
            with ui.row().classes("rx-line"):
                ui.label("cancelled").classes("rx-note rx-grow")
                button("Go on", partial(self._room.collection.again, song.number, Settings()), label=f"Go on with {song.title}")
        if song.error:
            ui.label(song.error).classes("rx-error").props("role=alert")
        if song.note:
            ui.label(song.note).classes("rx-note")
        if song.parts:
            with ui.row().classes("rx-line").props('role=group aria-label="Put on a deck"'):
                for deck in DECKS:
                    put = partial(self._put_on, deck, song.number)
                    button(deck.upper(), put, label=f"Put {song.title} on deck {deck}", strong=True).classes("rx-deckbutton")
        for text in fits:
            ui.label(text).classes("rx-note rx-fit")

    def _choices(self, song: OpenSong) -> Choices:
        base = f"/api/songs/{song.number}"
        zips = [(f"Download {parts} (zip)", f"{base}/{parts}.zip") for parts in song.parts]
        zips += [("Download each loop once (zip)", f"{base}/once.zip")] if "loops" in song.parts else []
        return [
            *((text, partial(ui.download.from_url, address)) for text, address in zips),
            *([("Export to a DAW ...", partial(self._export, song))] if song.parts else []),
            ("Prepare again ...", partial(self._again, song)),
            ("Take off the list", partial(self._remove, song.number)),
        ]

    def _export(self, song: OpenSong) -> None:
        folder, remixset = song.folder, song.remixset
        if folder is not None and remixset is not None:
            seconds = remixset.song.seconds
            choose_format(song.title, lambda to: self._room.bounces.export_set(folder, to, song.title, seconds))

    async def _put_on(self, deck: str, number: int) -> None:
        try:
            await asyncio.to_thread(put_on, self._room, deck, number)
        except RemixtureError as error:
            tell(str(error))

    def _remove(self, number: int) -> None:
        try:
            self._room.collection.remove(number)
        except RemixtureError as error:
            tell(str(error))

    def _again(self, song: OpenSong) -> None:
        with dialog(f"Prepare {song.title} again") as opened:
            ui.label("Say what you know; what is left empty is found.").classes("rx-note")
            bpm = ui.number("Tempo in bpm", min=20, max=400).props("dense outlined")
            downbeat = ui.number("Seconds of any downbeat", min=0).props("dense outlined")
            beats = ui.number("Beats a bar", min=1, max=16, precision=0).props("dense outlined")
            loops = ui.number("Number of loops", min=1, max=MOST_LOOPS, precision=0).props("dense outlined")
            stems = Pick("Stems", dict(zip(STEMS, STEMS, strict=True)), AUTO)
            clean = ui.checkbox("Clean drums, each by its cleanest hit")

            def go() -> None:
                opened.close()
                try:
                    settings = Settings(
                        loops=_whole(loops.value), stems=StemChoice(stems.value), bpm=bpm.value or None,
                        downbeat=downbeat.value, beats_per_bar=_whole(beats.value), clean_drums=bool(clean.value),
                    )  # fmt: skip
                    self._room.collection.again(song.number, settings)
                except RemixtureError as error:
                    tell(str(error))

            with ui.row().classes("rx-line"):
                button("Prepare", go, strong=True)
                button("Leave it", opened.close)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _progress(song: OpenSong) -> str:
    if song.state is State.WAITING:
        return "waits for its turn"
    left = "" if song.left_seconds is None else f", {_minutes(song.left_seconds)} left"
    return f"{song.step} {song.share:.0%}{left}"


def _minutes(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 90 else f"{round(whole / 60)} min"


def _fits(songs: tuple[OpenSong, ...]) -> dict[int, tuple[str, ...]]:
    """Return for each song what fits it best, and why; what would sound like another song does not."""
    found = partners([Pulse.of(song.remixset) if song.remixset else None for song in songs])
    near = ([one for one in ranked if abs(one.tempo_ratio - 1.0) <= STRETCH] for ranked in found)
    return {
        song.number: tuple(f"with {songs[one.other].title}: {one.reason}" for one in ranked[:1])
        for song, ranked in zip(songs, near, strict=True)
    }

"""All songs that were opened in a session: prepared one after the other, put on the decks, which are only four."""

import contextlib
import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.session.library import Shelf
from bridge.session.player import Player
from bridge.session.songs import OpenSong, State, fingerprint, playable, ready_set, recording_of
from bridge.session.telling import News
from bridge.session.view import playing
from bridge.session.workshop import Workshop
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.remixset import RemixSet, Source
from engine.prepare import Settings
from engine.store.files import printable
from engine.store.setdir import SUFFIX, open_set, set_folder

__all__ = ["Collection", "OpenSong", "State"]

Listener = Callable[[OpenSong], None]


@dataclass(slots=True)
class _Entry:
    """One song: where its recording lies, where its set lies or will, which order to the workshop is the last one."""

    song: OpenSong
    path: Path
    sha256: str
    folder: Path
    order: int | None = None


class Collection:
    """Any thread may call its methods. Only `add`, which reads a file once, `put_on`, `take_up` and `close` may wait.

    `version` changes with every change.
    """

    def __init__(self, player: Player, output: Path | None, say: Callable[[str], None]) -> None:
        """Have sets go into the folder `output`, by default the current one."""
        self._player, self._output, self._say = player, output, say
        self._entries: dict[int, _Entry] = {}
        self._numbers, self._orders = itertools.count(), itertools.count()
        self._listeners: list[Listener] = []
        self._changed: list[OpenSong] = []
        """What listeners are still to be told."""
        self._lock, self._taking_up = threading.RLock(), threading.Lock()
        self._workshop = Workshop(self._hear)
        self.version = 0

    def listen(self, changed: Listener) -> None:
        """Have `changed` called with a song whenever anything about it has changed, on any thread."""
        self._listeners.append(changed)

    def songs(self) -> tuple[OpenSong, ...]:
        """Return all songs, in the order in which they came."""
        with self._lock:
            return tuple(entry.song for entry in self._entries.values())

    def song(self, number: int) -> OpenSong:
        """Return a song; RemixtureError if there is none of that number."""
        with self._lock:
            return self._entry(number).song

    def add(self, path: Path, settings: Settings = Settings()) -> int:  # noqa: B008 - a value
        """Open an audio file or a set and return its number: the one it has if it was opened before.

        A set is ready at once, and so is a song that has its set where no `settings` are asked for; others are prepared after
        those that wait.

        Raises
        ------
        RemixtureError
            If there is nothing at the path, or a damaged set.
        """
        ready = ready_set(path, self._output)
        sha256 = fingerprint(path)
        with self._changing():
            entry = self._known(path, ready, sha256) or self._new(path, ready, sha256)
            entry.path = path if path.is_file() else entry.path
            coming = entry.song.busy and entry.order is not None
            if ready is not None and (settings == Settings() or path.is_dir()) and not coming:
                self._ready(entry)
            elif entry.song.state is not State.READY and not coming:
                self._prepare(entry, settings)
        return entry.song.number

    def cancel(self, number: int) -> None:
        """Break off the preparing of a song; what was finished of it stays on the disk, and can be played."""
        with self._changing():
            entry = self._entry(number)
            order, entry.order = entry.order, None
            if entry.song.busy:
                self._change(entry, state=State.CANCELLED, left_seconds=None)
        if order is not None:
            self._workshop.cancel(order)

    def again(self, number: int, settings: Settings) -> None:
        """Prepare a song anew with other settings, after those that wait; until that is done its set is as it was.

        Raises
        ------
        RemixtureError
            If its recording is no longer where it was.
        """
        with self._lock:
            path = self._entry(number).path
        if not path.is_file():
            raise RemixtureError(f"the recording is not at {path} any more: open it from where it is now")
        self.cancel(number)
        with self._changing():
            self._prepare(self._entry(number), settings)

    def remove(self, number: int) -> None:
        """Take a song off the list, not off the disk.

        Raises
        ------
        RemixtureError
            If it is on a deck.
        """
        decks = [deck for deck in DECKS if self.on(deck) == number]
        if decks:
            raise RemixtureError(f"{self.song(number).title} is on deck {', '.join(decks)}: take it off there first")
        self.cancel(number)
        with self._lock:
            del self._entries[number]
            self.version += 1

    def put_on(self, deck: str, number: int, parts: str | None = None) -> None:
        """Put what there is of a song on a deck, where it stands at its start; wait until it is there.

        Raises
        ------
        RemixtureError
            If nothing of it can be played yet, or the deck refuses it.
        """
        song = self.song(number)
        if song.folder is None:
            why = song.error or "nothing of it can be played yet: wait until its loops are there"
            raise RemixtureError(f"{song.title}: {why}")
        self._player.load(deck, song.folder, parts)
        self._touch()

    def on(self, deck: str) -> int | None:
        """Return the number of the song on a deck; None if nothing is on it that is in the list."""
        shelf = self._shelf(deck)
        if shelf is None:
            return None
        with self._lock:
            return next((n for n, one in self._entries.items() if one.folder == shelf.folder.resolve()), None)

    def more(self, deck: str) -> bool:
        """Tell whether there is more, or newer, of the song on a deck than what the deck has."""
        shelf, number = self._shelf(deck), self.on(deck)
        if shelf is None or number is None:
            return False
        remixset = self.song(number).remixset
        return remixset is not None and _sources(remixset) != _sources(shelf.remixset)

    def take_up(self, deck: str) -> None:
        """Have a deck take up what there is of its song by now, and go on where it is; a gap of about 0.1 s is heard.

        Sources keep their levels; a loop that is on begins anew at the beat that sounds, effects behind single sources are
        taken off. On another grid than before it stands at its start. Does nothing where there is no more.
        """
        # Of two who want it, the second one finds no more.
        with self._taking_up:
            number, shelf = self.on(deck), self._shelf(deck)
            if number is None or shelf is None or not self.more(deck):
                return
            song, heard = self.song(number), playing(self._player, deck).name
            if song.folder is not None and song.remixset is not None:
                stays = song.remixset.grid == shelf.remixset.grid
                self._player.load(deck, song.folder, heard if heard in song.parts else None, stays=stays)
                self._touch()

    def close(self) -> None:
        """Break off what is being prepared; what was finished is kept on disk."""
        self._workshop.close()

    def _shelf(self, deck: str) -> Shelf | None:
        with contextlib.suppress(RemixtureError):
            return self._player.shelf(deck)
        return None

    def _touch(self) -> None:
        with self._lock:
            self.version += 1

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock; afterwards, without it, tell the listeners what was changed."""
        with self._lock:
            yield
            changed, self._changed = self._changed, []
        for song in changed:
            for listener in self._listeners:
                listener(song)

    # What follows is called under the lock.

    def _entry(self, number: int) -> _Entry:
        if number not in self._entries:
            raise RemixtureError(f"there is no song {number} in the list")
        return self._entries[number]

    def _known(self, path: Path, ready: Path | None, sha256: str) -> _Entry | None:
        """Return the song that was opened before, from the same recording or the same set."""
        for entry in self._entries.values():
            if entry.folder == (ready or path).resolve() or (path.is_file() and entry.sha256 == sha256):
                return entry
        return None

    def _new(self, path: Path, ready: Path | None, sha256: str) -> _Entry:
        number = next(self._numbers)
        if ready is None:
            folder = self._free(set_folder(path, self._output).resolve(), sha256)
            entry = _Entry(OpenSong(number, printable(path.stem)), path, sha256, folder)
        else:
            known = open_set(ready).song
            entry = _Entry(OpenSong(number, known.title), Path(known.path), sha256, ready.resolve())
        self._entries[number] = entry
        return entry

    def _free(self, wanted: Path, sha256: str) -> Path:
        """Return where the set can go: another recording of the same name may have its own there."""
        taken = {entry.folder for entry in self._entries.values() if entry.song.state is not State.FAILED}
        for number in itertools.count(1):
            folder = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{SUFFIX}")
            if folder not in taken and recording_of(folder) in {None, sha256}:
                return folder
        raise AssertionError

    def _prepare(self, entry: _Entry, settings: Settings) -> None:
        entry.order = next(self._orders)
        self._change(entry, state=State.WAITING, step="", share=0.0, left_seconds=None, note="", error="")
        self._workshop.add(entry.order, entry.path, entry.folder, settings)

    def _ready(self, entry: _Entry) -> None:
        self._change(entry, state=State.READY, step="", share=1.0, left_seconds=None, error="", **playable(entry.folder))

    def _change(self, entry: _Entry, **changes: object) -> None:
        entry.song = dataclasses.replace(entry.song, **changes)  # type: ignore[arg-type]
        self.version += 1
        self._changed.append(entry.song)

    # What follows runs on the workshop's thread.

    def _hear(self, news: News) -> None:
        with self._changing():
            entry = next((one for one in self._entries.values() if one.order == news.number), None)
            grown = entry is not None and self._take_in(entry, news)
        if entry is not None and grown:
            self._take_up_standing(entry.song.number)

    def _take_in(self, entry: _Entry, news: News) -> bool:
        """Note what the workshop says; return whether more can be played now."""
        if news.error:
            self._change(entry, state=State.FAILED, left_seconds=None, error=printable(news.error))
        elif news.done:
            self._ready(entry)
        else:
            told = {"step": news.step, "share": news.share, "left_seconds": news.left_seconds}
            told |= {"note": printable(news.note)} if news.note else {}
            self._change(entry, state=State.PREPARING, **told, **(playable(entry.folder) if news.parts else {}))
        return news.done or bool(news.parts)

    def _take_up_standing(self, number: int) -> None:
        """Put the rest of a song on the decks where it stands still, without holding up other news."""
        for deck in DECKS:
            if self.on(deck) == number and not self._player.status().decks[deck].running:
                threading.Thread(target=self._try_to_take_up, args=(deck,), name="take up", daemon=True).start()

    def _try_to_take_up(self, deck: str) -> None:
        try:
            self.take_up(deck)
        except RemixtureError as error:
            self._say(str(error))


def _sources(remixset: RemixSet) -> dict[str, tuple[Source, ...]]:
    return {name: one.sources for name, one in remixset.decompositions.items()}

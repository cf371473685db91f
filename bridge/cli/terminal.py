"""A session as the terminal sees it: what is opened is prepared and put on, lines are done, what happens is said."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli import page
from bridge.cli.screen import table
from bridge.midi.recent import Recent
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.store.setdir import SUFFIX

if TYPE_CHECKING:
    from bridge.midi.controllers import Controllers
    from bridge.session.player import Player
    from bridge.session.songs import OpenSong

LEAVE = ("quit", "exit", "q")
HELP = ("help", "?")
SHOW_SECONDS = 0.2


class Said:
    """Says lines beside what is played, and keeps them for the page."""

    def __init__(self) -> None:
        self.recent = Recent()

    def __call__(self, text: str) -> None:
        """Say one."""
        self.recent.add(text)
        self.here(text)

    @staticmethod
    def here(text: str) -> None:
        """Say one on the terminal alone: the page shows it anyway."""
        tell(text)
        _make_room()

    @contextlib.contextmanager
    def mended(self) -> Iterator[None]:
        """Say what a person can mend, and go on."""
        try:
            yield
        except RemixtureError as error:
            self(str(error))


def tell(text: str) -> None:
    """Write a line where people look for such."""
    print(f"remixture: {text}", file=sys.stderr, flush=True)


def _make_room() -> None:
    """Leave a line free for what `_shown` keeps there."""
    if sys.stdin.isatty():
        print(flush=True)


class Terminal:
    """One session, from its start to its end."""

    def __init__(self, options: argparse.Namespace, player: Player, say: Said, password: str | None) -> None:
        from bridge.session.collection import Collection
        from bridge.session.lines import Lines

        self._options, self._player, self._lines = options, player, Lines(player)
        self._say, self._password = say, password
        self._controllers: Controllers | None = None
        self._collection = Collection(player, options.output, say)
        self._collection.listen(self._hear)
        self._lock = threading.Lock()
        self._wanted: dict[int, list[tuple[str, bool]]] = {}
        """The decks that songs of which nothing can be played yet are for, and whether they are to play there."""
        self._names: dict[int, str] = {}
        self._steps: dict[int, str] = {}

    def run(self, sets: dict[str, Path | None], effects: Sequence[tuple[str, str]]) -> None:
        """Put on what is there, have the rest prepared, and do what the lines say."""
        player, options = self._player, self._options
        if options.tempo is not None:
            player.set("master.clock", 0.0)
            player.set("master.tempo", options.tempo)
        with contextlib.ExitStack() as stack:
            stack.callback(self._collection.close)
            # What is there comes on first, whatever its place in the list.
            for deck, path in sorted(zip(sets, options.songs, strict=True), key=lambda one: sets[one[0]] is None):
                self._open(deck, path, plays=True)
            for words in effects:
                with self._say.mended():
                    self._effects(words, f"--fx {'='.join(words)}")
            if not sets:
                self._say("no song yet: drop one onto the page, or load a SONG" if options.page else "no song yet: load a SONG")
            self._open_controllers(stack)
            if player.take is not None:
                self._say(f"the take is {player.take}")
            if options.page:
                self._serve(stack)
            self._listen(stack)

    def _serve(self, stack: contextlib.ExitStack) -> None:
        from bridge.session.bounces import Bounces
        from bridge.web.room import Room

        given = self._options.output or Path()
        folder = given.parent if given.suffix == SUFFIX else given
        bounces = Bounces(self._player, folder, self._say)
        stack.callback(bounces.close)
        room = Room(self._player, self._lines, self._collection, bounces, folder, self._controllers, self._say.recent)
        with self._say.mended():
            server = page.serve(self._options, room, self._password)
            stack.callback(server.close)
            self._say(f"the page is {server.url}")
            if server.shared_url:
                self._say(f"other devices find it at {server.shared_url}, and ask for the password")

    def _open(self, deck: str, path: Path, *, plays: bool) -> None:
        """Put a song or a set on a deck, now or when it is prepared."""
        # Without the lock: it reads all of the file, and what is heard meanwhile may be heard where nothing may wait.
        number = self._collection.add(path)
        with self._lock:
            self._names[number] = path.name
            song = self._collection.song(number)
            waits = song.busy and not self._fit(song, plays=plays)
            if waits:
                self._wanted.setdefault(number, []).append((deck, plays))
        if not waits:
            self._put_on(deck, number, plays=plays)

    def _fit(self, song: OpenSong, *, plays: bool) -> bool:
        """Tell whether there is of a song what is to be put on: anything, or the parts that the options ask for."""
        wanted = self._options.parts if plays else None
        return song.state == "ready" or (wanted in song.parts if wanted else bool(song.parts))

    def _put_on(self, deck: str, number: int, *, plays: bool) -> None:
        """Put a song on a deck; of those that are to play the first one does at once, and so does what follows it."""
        player, options = self._player, self._options
        if self._collection.on(deck) == number:
            # It is there already, put on from the page perhaps. Who asks for it once more wants what has come meanwhile.
            if not plays:
                self._collection.take_up(deck)
            return
        self._collection.put_on(deck, number, options.parts if plays else None)
        follows = options.tempo is not None or (options.sync and deck != DECKS[0])
        if plays and follows:
            player.set(f"deck.{deck}.sync", 1.0)
        if plays and (follows or deck == DECKS[0]):
            player.set(f"deck.{deck}.play", 1.0)

    def _hear(self, song: OpenSong) -> None:
        """Say which step a song begins, and put it on the decks it is for as soon as something of it can be played."""
        with self._lock:
            wanted = self._wanted.pop(song.number, [])
            fit = [one for one in wanted if self._fit(song, plays=one[1])]
            if song.busy and len(fit) < len(wanted):
                self._wanted[song.number] = [one for one in wanted if one not in fit]
            begins = song.busy and song.step not in {"", self._steps.get(song.number)}
            self._steps[song.number] = song.step
            name = self._names.get(song.number, song.title)
        if begins:
            self._say.here(f"{name}: {song.step}")
        if song.error:
            self._say.here(song.error)
        if fit:
            # What tells of songs does not wait for a deck.
            threading.Thread(target=self._arrive, args=(name, song.number, fit), name="put on", daemon=True).start()

    def _arrive(self, name: str, number: int, decks: Sequence[tuple[str, bool]]) -> None:
        for deck, plays in decks:
            with self._say.mended():
                self._put_on(deck, number, plays=plays)
                self._say(f"{name} is on deck {deck}")

    def _open_controllers(self, stack: contextlib.ExitStack) -> None:
        options = self._options
        if not (options.midi or options.link or options.osc is not None):
            return
        from bridge.midi.controllers import Controllers
        from bridge.midi.ports import NoMidi

        driver = None if options.midi else NoMidi("MIDI is off (--no-midi)")
        controllers = Controllers(
            self._player, self._say, driver=driver, clock=options.clock, link=options.link, osc=options.osc
        )
        self._player.listen(controllers.changed)
        self._controllers = stack.enter_context(controllers)

    def _listen(self, stack: contextlib.ExitStack) -> None:
        """Do line after line."""
        if sys.stdin.isatty():
            stack.enter_context(_shown(self._player))
        heard = False
        while line := sys.stdin.readline():
            heard = True
            if line.strip().lower() in LEAVE:
                return
            with self._say.mended():
                self._do(line)
                _make_room()
        while not heard:
            time.sleep(1.0)

    def _do(self, line: str) -> None:
        from bridge.session import lines, view

        word, *words = line.split() or [""]
        word = word.lower()
        if word == "status" and not words:
            print("\n".join([table(view.status_rows(self._player), right=view.NUMBERS), *view.status_lines(self._player)]))
        elif word in HELP and not words:
            print((lines.__doc__ or "").partition("```\n")[2].replace("```\n", ""))
        elif word in ("status", *HELP):
            raise RemixtureError(f"{word} stands alone, got {' '.join(words)!r} as well")
        elif word == "load":
            self._load(words)
        elif word == "fx":
            self._effects(words, "fx")
        elif word == "learn":
            self._learn(words)
        elif word == "wait":
            _wait(words)
        elif text := self._lines.do(line):
            print(text, flush=True)

    def _effects(self, words: Sequence[str], said: str) -> None:
        if len(words) != 2:
            raise RemixtureError("fx takes a place and a chain, such as: fx a.drums echo-out, or: fx master off")
        path, name = self._lines.path(words[0]), words[1]
        try:
            self._player.param(f"{path}.gain")
        except RemixtureError as error:
            # What was typed is a place; the parameter is ours.
            raise RemixtureError(f"{said}: there is no {words[0]!r} now; {_there(self._player, path)}") from error
        self._player.chain(path, None if name == "off" else name)

    def _load(self, words: list[str]) -> None:
        if len(words) < 2:
            raise RemixtureError("load takes a deck and a song or a set, such as: load b other.remix")
        deck = words[0].lower()
        if deck not in DECKS:
            raise RemixtureError(f"there is no deck {deck!r}; there are {', '.join(DECKS)}")
        self._open(deck, Path(" ".join(words[1:])), plays=False)

    def _learn(self, words: list[str]) -> None:
        if len(words) > 1:
            raise RemixtureError("learn takes one parameter, such as: learn a.drums.gain; or none, which gives up")
        if self._controllers is None:
            raise RemixtureError("MIDI is off (--no-midi)")
        path = self._lines.path("".join(words))
        self._controllers.learn(path)
        self._say(f"move what shall be {path}" if path else "nothing is learnt")


def _there(player: Player, path: str) -> str:
    """Return where effects can be, on the deck of a path or at all."""
    deck = path.removeprefix("deck.").partition(".")[0]
    names = player.sources(deck)
    if deck in DECKS and not names:
        return f"nothing is on deck {deck}"
    return f"there are {', '.join([deck, *(f'{deck}.{name}' for name in names)] if names else ['master', *DECKS])}"


def _wait(words: list[str]) -> None:
    try:
        (text,) = words
        time.sleep(max(0.0, float(text)))
    except (ValueError, OverflowError) as error:
        raise RemixtureError("wait takes seconds, such as: wait 2.5") from error


@contextlib.contextmanager
def _shown(player: Player) -> Iterator[None]:
    """Keep a line of what is so now above the one that is typed in."""
    from bridge.session.view import status_line

    ends = threading.Event()

    def show() -> None:
        while not ends.wait(SHOW_SECONDS):
            sys.stdout.write(f"\x1b7\x1b[1A\r\x1b[2K{status_line(player)}\x1b8")
            sys.stdout.flush()

    print("\n", end="")
    thread = threading.Thread(target=show, name="status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()

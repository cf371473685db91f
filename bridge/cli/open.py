"""`remixture open SONG|SET...`: play, under the keyboard, a controller, or another program.

Lines are read from the terminal or a pipe; `help` lists them. Where there is nothing to read it plays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli import wanted
from bridge.cli.screen import table
from engine.model.errors import RemixtureError
from engine.model.params import DECKS

if TYPE_CHECKING:
    from bridge.midi.controllers import Controllers
    from bridge.session.player import Player
    from bridge.session.songs import News

LEAVE = ("quit", "exit", "q")
HELP = ("help", "?")
SHOW_SECONDS = 0.2


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("open", help="play songs and sets; what is missing is prepared meanwhile", description=__doc__)
    add = parser.add_argument
    add("songs", nargs="*", type=Path, metavar="SONG|SET", help="up to four, on decks a to d")
    add("-o", "--output", type=Path, metavar="DIR", help="folder for the sets of songs that are still to be prepared")
    add("--sink", default="pedalboard", help="pedalboard, jack, portaudio, file, null, or NAME:DEVICE (default: pedalboard)")
    add("--device", metavar="NAME", help="the device of the sink; remixture devices lists them")
    add("--rate", type=int, metavar="HZ", help="what the device should run at (default: the first song's)")
    add("--frames", type=int, default=512, help="frames of a block (default: 512)")
    add("--split", action="store_true", help="also a stereo pair for each source, for a DAW")
    add("--connect", action="append", default=[], metavar="PAIR=PORT,PORT", help="JACK: the two ports that a pair goes to")
    add("--stretch", choices=("R2", "R3"), default="R2", help="time-stretching: faster or finer (default: R2)")
    add("--parts", choices=("stems", "loops"), help="what plays first (default: stems)")
    add("--tempo", type=float, metavar="BPM", help="tempo of a clock that all songs follow")
    add("--sync", action="store_true", help="all songs follow the first one")
    add("--fx", action="append", default=[], metavar="PLACE=CHAIN", help="effects, such as a.drums=echo-out; see also help")
    add("--midi", action=argparse.BooleanOptionalAction, default=True, help="take up MIDI controllers (default: yes)")
    add("--clock", default="", metavar="PORT", help="follow the MIDI clock of the port with this in its name")
    add("--osc", type=int, metavar="PORT", help="listen for OSC")
    add("--link", action="store_true", help="join Ableton Link")
    add("--take", type=Path, metavar="FILE", help=f"where the take goes (default: {wanted.TAKE} beside the first set)")
    add("--no-take", action="store_true", help="write no take")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Play until it is told to quit, or what it is told by has ended."""
    from bridge.session.player import Player
    from bridge.session.songs import ready_set

    effects = wanted.check(options)
    sets = {deck: ready_set(path, options.output) for deck, path in zip(DECKS, options.songs, strict=False)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    take = None
    with (
        contextlib.suppress(KeyboardInterrupt),
        Player(wanted.output(options, sets), say, wanted.take(options, sets)) as player,
    ):
        take = player.take
        _Room(options, player).run(sets, effects)
    if take is not None:
        _tell(f"to render it: remixture render --take {shlex.quote(str(take))} -o performance.wav --bits 32f")


def say(text: str) -> None:
    """Say one line, beside what is played."""
    _tell(text)
    _make_room()


def _tell(text: str) -> None:
    print(f"remixture: {text}", file=sys.stderr, flush=True)


def _make_room() -> None:
    """Leave a line free for what `_shown` keeps there."""
    if sys.stdin.isatty():
        print(flush=True)


class _Room:
    """A session as the terminal sees it."""

    def __init__(self, options: argparse.Namespace, player: Player) -> None:
        from bridge.session.lines import Lines

        self._options, self._player, self._lines = options, player, Lines(player)
        self._controllers: Controllers | None = None

    def run(self, sets: dict[str, Path | None], effects: Sequence[tuple[str, str]]) -> None:
        """Put on what is there, have the rest prepared, and do what the lines say."""
        player, options = self._player, self._options
        if options.tempo is not None:
            player.set("master.clock", 0.0)
            player.set("master.tempo", options.tempo)
        with contextlib.ExitStack() as stack:
            for deck, folder in sets.items():
                if folder is not None:
                    self._put_on(deck, folder)
            self._prepare({deck: path for deck, path in zip(sets, options.songs, strict=True) if sets[deck] is None}, stack)
            for words in effects:
                with _said():
                    self._effects(words, f"--fx {'='.join(words)}")
            if not sets:
                say("no song yet: load a SET")
            self._open_controllers(stack)
            if player.take is not None:
                say(f"the take is {player.take}")
            self._listen(stack)

    def _put_on(self, deck: str, folder: Path) -> None:
        """Put a set on a deck; the first one plays at once, and so does what follows it."""
        player, options = self._player, self._options
        player.load(deck, folder, options.parts)
        follows = options.tempo is not None or (options.sync and deck != DECKS[0])
        if follows:
            player.set(f"deck.{deck}.sync", 1.0)
        if follows or deck == DECKS[0]:
            player.set(f"deck.{deck}.play", 1.0)

    def _prepare(self, songs: dict[str, Path], stack: contextlib.ExitStack) -> None:
        if not songs:
            return
        from bridge.session.songs import Preparing

        def hear(news: News) -> None:
            name = self._options.songs[news.song].name
            if news.error:
                say(news.error)
            elif news.folder is None:
                say(f"{name}: {news.step}")
            else:
                say(f"{name} is on deck {DECKS[news.song]}")
                with _said():
                    self._put_on(DECKS[news.song], news.folder)

        listed = [(DECKS.index(deck), path) for deck, path in songs.items()]
        stack.callback(Preparing(listed, self._options.output, hear).close)

    def _open_controllers(self, stack: contextlib.ExitStack) -> None:
        options = self._options
        if not (options.midi or options.link or options.osc is not None):
            return
        from bridge.midi.controllers import Controllers
        from bridge.midi.ports import NoMidi

        driver = None if options.midi else NoMidi("MIDI is off (--no-midi)")
        controllers = Controllers(self._player, say, driver=driver, clock=options.clock, link=options.link, osc=options.osc)
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
            with _said():
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
            raise RemixtureError("load takes a deck and a set, such as: load b other.remix")
        self._player.load(words[0].lower(), Path(" ".join(words[1:])))

    def _learn(self, words: list[str]) -> None:
        if len(words) > 1:
            raise RemixtureError("learn takes one parameter, such as: learn a.drums.gain; or none, which gives up")
        if self._controllers is None:
            raise RemixtureError("MIDI is off (--no-midi)")
        path = self._lines.path("".join(words))
        self._controllers.learn(path)
        say(f"move what shall be {path}" if path else "nothing is learnt")


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
def _said() -> Iterator[None]:
    """Say what a person can mend, and go on."""
    try:
        yield
    except RemixtureError as error:
        say(str(error))


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

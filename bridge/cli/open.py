"""`remixture open SONG|SET...`: play, under the keyboard, a controller, or another program.

Lines are read from the terminal or a pipe; `help` lists them. Where there is nothing to read it plays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import table
from engine.model.errors import RemixtureError
from engine.model.params import DECKS

if TYPE_CHECKING:
    from bridge.midi.controllers import Controllers
    from bridge.session.messages import Output
    from bridge.session.player import Player
    from bridge.session.songs import News

STEMS = ("drums", "bass", "vocals", "other", "residual")
"""What a song that is still to be prepared will have."""
LEAVE = ("quit", "exit", "q")
SHOW_SECONDS = 0.2
DEFAULT_RATE = 48_000
TAKE = "take.jsonl"


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
    add("--take", type=Path, metavar="FILE", help=f"where the take goes (default: {TAKE} beside the first set)")
    add("--no-take", action="store_true", help="write no take")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Play until it is told to quit, or what it is told by has ended."""
    from bridge.session.player import Player
    from bridge.session.songs import ready_set

    if len(options.songs) > len(DECKS):
        raise RemixtureError(f"there are {len(DECKS)} decks, got {len(options.songs)} songs")
    sets = {deck: ready_set(path, options.output) for deck, path in zip(DECKS, options.songs, strict=False)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Player(_output(options, sets), say, _take(options, sets)) as player:
        _Room(options, player).run(sets)


def say(text: str) -> None:
    """Say one line, beside what is played."""
    print(f"remixture: {text}", file=sys.stderr, flush=True)
    _make_room()


def _make_room() -> None:
    """Leave a line free for what `_shown` keeps there."""
    if sys.stdin.isatty():
        print(flush=True)


def _take(options: argparse.Namespace, sets: dict[str, Path | None]) -> Path | None:
    if options.no_take:
        return None
    beside = next((folder.parent for folder in sets.values() if folder is not None), options.output or Path())
    return Path(options.take or beside / TAKE)


def _output(options: argparse.Namespace, sets: dict[str, Path | None]) -> Output:
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


class _Room:
    """A session as the terminal sees it."""

    def __init__(self, options: argparse.Namespace, player: Player) -> None:
        from bridge.session.lines import Lines

        self._options, self._player, self._lines = options, player, Lines(player)
        self._controllers: Controllers | None = None

    def run(self, sets: dict[str, Path | None]) -> None:
        """Put on what is there, have the rest prepared, and do what the lines say."""
        player, options = self._player, self._options
        if options.tempo is not None:
            player.set("master.clock", 0.0)
            player.set("master.tempo", player.param("master.tempo").check(options.tempo, "--tempo"))
        with contextlib.ExitStack() as stack:
            for deck, folder in sets.items():
                if folder is not None:
                    self._put_on(deck, folder)
            self._prepare({deck: path for deck, path in zip(sets, options.songs, strict=True) if sets[deck] is None}, stack)
            for text in options.fx:
                with _said():
                    self._effects(text.partition("=")[::2])
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
            if line.strip() in LEAVE:
                return
            with _said():
                self._do(line)
                _make_room()
        while not heard:
            time.sleep(1.0)

    def _do(self, line: str) -> None:
        from bridge.session import lines, view

        words = line.split()
        if words[:1] == ["status"]:
            print("\n".join([table(view.status_rows(self._player), right=view.NUMBERS), *view.status_lines(self._player)]))
        elif words[:1] == ["help"]:
            print((lines.__doc__ or "").partition("```\n")[2].replace("```\n", ""))
        elif words[:1] == ["load"]:
            self._load(words[1:])
        elif words[:1] == ["fx"]:
            self._effects(words[1:])
        elif words[:1] == ["learn"]:
            self._learn(words[1:])
        elif words[:1] == ["wait"]:
            time.sleep(_seconds(words[1:]))
        elif text := self._lines.do(line):
            print(text, flush=True)

    def _effects(self, words: Sequence[str]) -> None:
        if len(words) != 2:
            raise RemixtureError("fx takes a place and a chain, such as: fx a.drums echo-out, or: fx master off")
        place, name = words
        path = f"deck.{place}" if place.split(".")[0] in DECKS else place
        self._player.chain(path, None if name == "off" else name)

    def _load(self, words: list[str]) -> None:
        if len(words) < 2:
            raise RemixtureError("load takes a deck and a set, such as: load b other.remix")
        self._player.load(words[0], Path(" ".join(words[1:])))

    def _learn(self, words: list[str]) -> None:
        if self._controllers is None:
            raise RemixtureError("MIDI is off (--no-midi)")
        path = f"deck.{words[0]}" if words and words[0].split(".")[0] in DECKS else "".join(words[:1])
        self._controllers.learn(path)
        say(f"move what shall be {path}" if path else "nothing is learnt")


def _seconds(words: list[str]) -> float:
    try:
        return max(0.0, float(words[0]))
    except (IndexError, ValueError) as error:
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

"""The handle to what plays: sets values and knows them, puts songs and effects on, keeps the take."""

import atexit
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from bridge.session.boards import CHAINED, HEAD_FIELDS, LOADED
from bridge.session.engines import Engines
from bridge.session.known import ENDED, Effects, Song
from bridge.session.messages import Opened, Output, Ready, Refused, Said
from bridge.session.shown import Shown
from bridge.session.status import Status
from bridge.session.underway import Underway
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.take import FX, LOAD, OFF

PUMP_SECONDS = 0.02
"""How often what took effect is collected."""
START_SECONDS = 60.0
PATIENCE_SECONDS, COMPILE_SECONDS = 10.0, 600.0
"""The first start ever compiles what runs in the mixer: when to say so, and how long to wait for that."""
LOAD_SECONDS = 20.0
WHOLE_SECONDS = 120.0
"""Patience with decoding a whole song, while it plays already."""
SOON_SECONDS = 0.04
"""What is sent now is with the engine by then."""

Say = Callable[[str], None]


class Player(Shown):
    """A session that plays. Any thread may call its methods; only `load`, `chain` and `close` wait for anything.

    `rate` in Hz, `frames` of a block and the stereo `pairs` are those of the sink, once `start` has returned.
    """

    def __init__(self, output: Output, say: Say, take: Path | None = None) -> None:
        super().__init__()
        self._output, self._say, self._take_path = output, say, take
        self._left: Status | None = None
        """What was so when the last engine died."""
        self._lately: tuple[Status, ...] = ()
        """What was so last and before that, while a deck is about to get what is on it already."""
        self._listeners: list[Callable[[str, float], None]] = []
        self._opened, self._ready = threading.Event(), threading.Event()
        self._fatal = ""
        self._underway = Underway()
        self._closing = False
        self._pump = threading.Thread(target=self._run, name="player", daemon=True)
        self.rate, self.frames, self.pairs = output.rate, output.frames, output.pairs

    def start(self) -> None:
        """Start the engine and wait until its sink is open; songs can be decoded while the rest of it starts.

        Raises
        ------
        RemixtureError
            If the sink cannot be opened, or the take not be written.
        """
        self._engines = Engines(self._output)
        atexit.register(self.close)
        # Imported while the engine starts.
        from bridge.session.library import Library
        from bridge.session.take import RunningTake

        self._library = Library(self._say)
        self._pump.start()
        if not self._opened.wait(START_SECONDS) or self._fatal:
            text = self._fatal or f"the engine did not start within {START_SECONDS:g} s"
            self.close()
            raise RemixtureError(text)
        if self._take_path is not None:
            self._take = RunningTake(self._take_path, self.rate, self.frames, self._output.stretch, self._say)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def set(self, path: str, value: float) -> None:
        """Set a parameter now; the value is within the range."""
        self.send(path, value, 0)

    def send(self, path: str, value: float, at: int) -> None:
        """Set a parameter at a frame of the engine's clock, or at its `NEXT_BEAT` or `NEXT_BAR`; 0 is now."""
        with self._lock:
            self._engines.link.put(at, self._known.addresses.address(path), value)
            if at >= 0:
                self._known.values[path] = value
                self._underway.sent(path, value, time.monotonic())

    def listen(self, changed: Callable[[str, float], None]) -> None:
        """Have `changed(path, value)` called for everything that takes effect, on a thread of the player's."""
        self._listeners.append(changed)

    def forget(self, changed: Callable[[str, float], None]) -> None:
        """Call it no more."""
        # Another list, since the player's thread may be going through this one.
        self._listeners = [one for one in self._listeners if one != changed]

    def load(self, deck: str, folder: Path, parts: str | None = None, *, stays: bool = False) -> None:
        """Put a set on a deck, where it stands at its start; wait until it is there.

        `stays`: it is what is on the deck already, and has grown; all of it is decoded first, then the deck goes on where it
        is, with its values, after a gap of about a tenth of a second.

        Raises
        ------
        RemixtureError
            If there is no such deck, or the set cannot be played.
        """
        if deck not in DECKS:
            raise RemixtureError(f"there is no deck {deck!r}; there are {', '.join(DECKS)}")
        song = Song(deck, self._library.fetch(folder, self.rate, parts), stays)
        if stays:
            song.shelf.whole.wait(WHOLE_SECONDS)
        song.shelf.playable.wait(LOAD_SECONDS)
        with self._lock:
            if self._closing:
                song.shelf.close()
                raise RemixtureError(ENDED)
            if self._take is not None:
                self._take.song(song.shelf.remixset, song.shelf.parcel, folder)
            self._known.songs.append(song)
            self._lately = (self.status(),)
            self._engines.link.load(deck, song.shelf, len(self._known.songs) - 1)
        if not self._ready.wait(PATIENCE_SECONDS):
            self._say("the mixer is being compiled, which happens once on a machine and takes a minute or two")
            self._ready.wait(COMPILE_SECONDS)
        song.answer.wait(START_SECONDS, f"{folder} could not be put on deck {deck}")

    def unload(self, deck: str) -> None:
        """Take off what is on a deck."""
        with self._lock:
            self._engines.link.load(deck, None, OFF)

    def chain(self, place: str, name: str | None) -> None:
        """Put a chain of effects at `master`, `deck.a` or `deck.a.drums`, or take it off; wait until it is there.

        `name` is a chain's, or the path of its .toml file; None takes off what is there.

        Raises
        ------
        RemixtureError
            If there is no such place or chain, or a plug-in in it hangs, crashes or is missing.
        """
        self.param(f"{place}.gain")
        if name is None:
            return self._put_effects(Effects(place), "")
        from bridge.plugins.trial import try_chain
        from bridge.session.effects import found

        preset, text = found(name)
        return self._put_effects(Effects(place, preset, try_chain(preset, self.rate)), text)

    def _put_effects(self, effects: Effects, text: str) -> None:
        with self._lock:
            if self._closing:
                raise RemixtureError(ENDED)
            if effects.preset is not None:
                effects.number = sum(one.preset is not None for one in self._known.effects)
                if self._take is not None:
                    self._take.chain(effects.preset.name, text)
            self._known.effects.append(effects)
            self._engines.link.chain(effects.place, effects.preset, effects.facts, len(self._known.effects) - 1)
        effects.answer.wait(LOAD_SECONDS, f"the effects could not be put at {effects.place}")

    def close(self) -> None:
        """Fade out and end; the take is closed. Nothing is left behind. Once closed, closing does nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._known.refuse_open()
        # Whoever waits goes on now: nobody decodes or answers any more, and threads of pools are waited for at the exit.
        self._ready.set()
        self._library.close()
        atexit.unregister(self.close)
        self._pump.join()
        self._engines.end()
        self._collect()
        if self._take is not None:
            status = self.status()
            self._take.end(self._base + (status.end or status.frame), status.late)
        self._engines.close()
        for song in self._known.songs:
            song.shelf.close()

    # What follows runs on the thread that listens to the engine.

    def _run(self) -> None:
        while not self._closing:
            time.sleep(PUMP_SECONDS)
            if self._known.staying():
                self._lately = (*self._lately[-1:], self.status())
            for path, value in self._collect():
                for changed in self._listeners:
                    changed(path, value)
            with self._lock:
                self._engines.link.catch_up()
                if self._opened.is_set() and not self._fatal and self._engines.look_after():
                    self._start_again()

    def _collect(self) -> list[tuple[str, float]]:
        """Take in what the engine says and what took effect; return the latter."""
        with self._lock:
            link = self._engines.link
            for message in link.messages():
                self._hear(message)
            changed = [one for one in (self._take_in(self._base + record[0], *record[1:]) for record in link.applied()) if one]
            if self._take is not None:
                self._take.flush()
        return changed

    def _take_in(self, frame: int, address: int, value: float) -> tuple[str, float] | None:
        """Note what took effect; return it if it is a value of a parameter."""
        if address > LOADED:
            try:
                path = self._known.addresses.path(address)
            except LookupError:
                # It was meant for what was taken off meanwhile.
                return None
        elif address > CHAINED:
            path = f"deck.{DECKS[LOADED - address]}.{LOAD}"
            self._loaded(DECKS[LOADED - address], int(value), frame - self._base)
        else:
            path, value = self._chained(CHAINED - address)
        if self._take is not None:
            self._take.note(frame, path, value)
        if address <= LOADED:
            return None
        self._known.took_effect(path, value)
        if self._underway.newest(path, value, time.monotonic()):
            self._known.values[path] = value
        return path, value

    def _hear(self, message: Opened | Ready | Refused | Said) -> None:
        if isinstance(message, Opened):
            self.rate, self.frames, self.pairs = message.rate, message.frames, message.pairs
            self._opened.set()
        elif isinstance(message, Ready):
            self._fields, self._names = message.fields, HEAD_FIELDS + message.fields
            self._ready.set()
            self._bring_back()
        elif isinstance(message, Refused):
            (self._known.songs if message.song else self._known.effects)[message.number].answer.refuse(message.text)
        elif message.fatal and not self._opened.is_set():
            self._fatal = message.text
            self._opened.set()
        else:
            self._say(message.text)

    def _loaded(self, deck: str, number: int, frame: int) -> None:
        link = self._engines.link
        if self._known.loaded(deck, number):
            if self._left is not None:
                self._known.go_on(link, deck, self._left)
        elif number != OFF and self._known.songs[number].stays:
            left = [status for status in self._lately if status.frame <= frame and status.decks[deck].loaded]
            now = self.status()
            soon = now.frame + round((time.monotonic() - now.stamp + SOON_SECONDS) * self.rate)
            if left:
                self._known.stay(link, deck, left[-1], soon, self.rate)

    def _chained(self, number: int) -> tuple[str, int]:
        """Note which effects are at a place now; return what the take says of it."""
        effects, again = self._known.chained(number)
        if again:
            self._known.knobs(self._engines.link, effects.place)
        return f"{effects.place}.{FX}", effects.number

    def _start_again(self) -> None:
        status = self.status()
        if status.frame:
            self._say("the engine died; it is started again, and goes on where it was")
            self._left = status
            self._base += status.frame
        self._engines.start_again()

    def _bring_back(self) -> None:
        """Tell everything to an engine that was started again."""
        if self._left is not None:
            self._base += max(0, round((time.monotonic() - self._left.stamp) * self.rate))
            self._known.tell(self._engines.link, self._left)

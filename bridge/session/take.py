"""The take of a running session: what took effect goes to disk as it happens, and a full disk does not stop the music."""

import datetime as dt
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bridge.session.messages import Parcel
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.remixset import RemixSet
from engine.model.take import RECORD, Recording, TakeChain, TakeHead, TakeSong, recordings
from engine.store.files import printable
from engine.store.take import TakeWriter


class RunningTake:
    """Writes a take, one session long. Frames are of the session's clock, which goes on when an engine is started again."""

    def __init__(self, path: Path, rate: int, block: int, stretch: str, say: Callable[[str], None]) -> None:
        """Begin one at `path`, or beside what is there already.

        Raises
        ------
        RemixtureError
            If it cannot be written there.
        """
        date = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._writer = TakeWriter(path, TakeHead(rate, block, stretch, date, version("remixture")))
        self.path, self._say = self._writer.path, say
        self._frame = 0
        self._failing = False
        self._marks: list[Command] = []

    def song(self, remixset: RemixSet, parcel: Parcel, folder: Path) -> None:
        """Add a song to the list."""
        self._writer.song(TakeSong.of(remixset, printable(str(folder.resolve())), (layer.name for layer in parcel.layers)))

    def chain(self, name: str, text: str) -> None:
        """Add a chain of effects to the list."""
        self._writer.chain(TakeChain(name, text))

    def note(self, frame: int, path: str, value: float) -> None:
        """Note that a parameter got a value."""
        # An engine that was started again begins to count where the last one was thought to be.
        self._frame = max(self._frame, frame)
        self._writer.append(self._frame, path, value)
        if path == RECORD:
            self._marks.append(Command(self._frame, path, value))

    def recordings(self) -> tuple[Recording, ...]:
        """Return what was recorded so far."""
        return recordings(self._marks)

    def flush(self) -> None:
        """Hand to the system what was noted; say once if the disk does not take it."""
        try:
            self._writer.flush()
            self._failing = False
        except RemixtureError as error:
            if not self._failing:
                self._say(f"{error}; the music goes on, the take is kept in memory until there is room")
            self._failing = True

    def end(self, frame: int, late: int) -> None:
        """Close it."""
        try:
            self._writer.end(max(frame, self._frame), late)
        except RemixtureError as error:
            self._say(str(error))

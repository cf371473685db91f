"""The player's end of one engine process."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.session.boards import STAMP, STANDING, Boards
from bridge.session.messages import Chain, Go, Load, Opened, Output, Quit, Ready, Refused, Said
from bridge.session.process import play

if TYPE_CHECKING:
    from bridge.plugins.facts import Facts
    from bridge.plugins.preset import Preset
    from bridge.session.library import Shelf

NOBODY = np.zeros(0)


class Link:
    """Starts an engine process and talks to it. Any thread may use it, but `messages` and `applied` only one."""

    def __init__(self, output: Output, *, spare: bool = False) -> None:
        """Start a process; a `spare` one waits, with everything imported, until it is told to `go`."""
        self._pipe, theirs = multiprocessing.Pipe()
        self._lock = threading.Lock()
        self._boards = Boards.new()
        self._commands, self._applied = self._boards.commands(), self._boards.applied()
        self._table, self.timings, self.heard = self._boards.table(), self._boards.timings(), self._boards.heard()
        self._behind: dict[int, tuple[int, float]] = {}
        """The last value of each address that found no room in the ring."""
        self._numbers: NDArray[np.float64] = NOBODY
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(
            target=play, args=(theirs, output, os.getpid()), kwargs={"spare": spare}, name="remixture-engine", daemon=True
        )
        with without_interrupt():
            self.process.start()
        theirs.close()
        self.pid = self.process.pid or 0
        with contextlib.suppress(OSError):
            # It is noticed soon enough if nobody is there.
            self._boards.hand(self._pipe, self.pid)

    def go(self) -> None:
        """Have it open the sink and play."""
        with self._lock, contextlib.suppress(OSError):
            self._pipe.send(Go())

    def put(self, at: int, address: int, value: float) -> None:
        """Send a command. Where there is no room for it, the last value of an address is kept, and sent as soon as there is."""
        with self._lock:
            if self._behind or not self._commands.put(at, address, value):
                self._behind[address] = (at, value)

    def catch_up(self) -> None:
        """Send what found no room before."""
        with self._lock:
            while self._behind:
                address, (at, value) = next(iter(self._behind.items()))
                if not self._commands.put(at, address, value):
                    return
                del self._behind[address]

    def load(self, deck: str, shelf: "Shelf | None", number: int) -> None:
        """Have a song put on a deck, or taken off."""
        with self._lock, contextlib.suppress(OSError):
            self._pipe.send(Load(deck, shelf.parcel if shelf else None, number))
            for block in shelf.blocks if shelf else ():
                block.hand(self._pipe, self.pid)

    def chain(self, place: str, preset: "Preset | None", facts: "Facts | None", number: int) -> None:
        """Have effects put at a place, or taken off."""
        with self._lock, contextlib.suppress(OSError):
            self._pipe.send(Chain(place, preset, facts, number))

    def messages(self) -> Iterator[Opened | Ready | Refused | Said]:
        """Yield what the engine says."""
        with contextlib.suppress(EOFError, OSError):
            while self._pipe.poll(0):
                yield self._pipe.recv()

    def applied(self) -> Iterator[tuple[int, int, float]]:
        """Yield (frame, address, value) of what took effect."""
        while (record := self._applied.take()) is not None:
            yield record

    def numbers(self) -> NDArray[np.float64]:
        """Return the table as it was told last [shape=(n,)]; empty before the first block."""
        found = self._table.read()
        if found is not None:
            self._numbers = found
        return self._numbers

    def stalled(self) -> float:
        """Return how long ago, in seconds, it told anything; 0 before it has, and while its sink is gone."""
        numbers = self.numbers()
        return time.monotonic() - float(numbers[STAMP]) if numbers.size and not numbers[STANDING] else 0.0

    def end(self, patience: float) -> None:
        """Have it fade out and end; after `patience` seconds without that, end it. What it told can be read until `close`."""
        with self._lock, contextlib.suppress(OSError):
            self._pipe.send(Quit())
        self.process.join(patience)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def drop(self) -> None:
        """End a process that has not begun to play."""
        self.process.kill()
        self.process.join()
        self.close()

    def close(self) -> None:
        """Let go of a process that has ended."""
        self._pipe.close()
        self._boards.close()


@contextlib.contextmanager
def without_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back, also in a process that starts meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

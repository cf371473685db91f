"""Songs -> sets, in a process beside the music that gives way to it."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bridge.session.link import without_interrupt
from engine.model.audio import Progress
from engine.model.errors import RemixtureError
from engine.store.files import sha256_of
from engine.store.setdir import open_set, set_folder

MODEST = 10
"""Niceness: the music, and other programs of the person's, come first."""
END_SECONDS = 2.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class News:
    """Of a song by its place in the list: a step that began, or the set, or what went wrong."""

    song: int
    step: str = ""
    folder: Path | None = None
    error: str = ""


class _Teller:
    """A report that goes through a pipe."""

    def __init__(self, pipe: Connection, song: int) -> None:
        self._pipe, self._song = pipe, song

    def step(self, name: str) -> Progress:
        """Tell that a step began."""
        self._pipe.send(News(self._song, step=name))
        return _no_share

    def note(self, text: str) -> None:
        """Tell a sentence."""
        self._pipe.send(News(self._song, step=text))


def _no_share(_share: float) -> None:
    pass


def _end_with(parent: int) -> None:
    """End this process when its parent is gone. Files are written beside and renamed, so that any moment will do."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def _prepare(pipe: Connection, songs: Sequence[tuple[int, Path]], output: Path | None, parent: int) -> None:
    """Be the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(MODEST)
    threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    from engine.prepare import Settings, prepare

    for number, song in songs:
        try:
            pipe.send(News(number, folder=prepare(song, output, Settings(), _Teller(pipe, number))[0]))
        except RemixtureError as error:
            pipe.send(News(number, error=str(error)))


class Preparing:
    """Prepares songs one after the other; `tell` is called for each piece of news, on a thread of its own."""

    def __init__(self, songs: Sequence[tuple[int, Path]], output: Path | None, tell: Callable[[News], None]) -> None:
        """`songs` are places in a list, and files."""
        self._left, self._tell = dict(songs), tell
        self._pipe, theirs = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=_prepare, args=(theirs, songs, output, os.getpid()), name="remixture-prepare", daemon=True
        )
        with without_interrupt():
            self._process.start()
        theirs.close()
        self._thread = threading.Thread(target=self._listen, name="preparing", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                news = self._pipe.recv()
                if news.folder or news.error:
                    del self._left[news.song]
                self._tell(news)
        for number, path in self._left.items():
            self._tell(News(number, error=f"preparing {path} broke off; run remixture prepare {path} to see why"))

    def wait(self) -> None:
        """Wait until all are done."""
        self._thread.join()

    def close(self) -> None:
        """Break off; what was finished is kept on disk."""
        self._left.clear()
        self._process.terminate()
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._thread.join()
        self._pipe.close()


def ready_set(path: Path, output: Path | None) -> Path | None:
    """Return the set that a path is, or that a song has already; None if the song is still to be prepared.

    Raises
    ------
    RemixtureError
        If there is nothing at the path, or a damaged set.
    """
    if path.is_dir():
        open_set(path)
        return path
    if not path.exists():
        raise RemixtureError(f"{path} does not exist")
    folder = set_folder(path, output)
    if not folder.is_dir():
        return None
    with contextlib.suppress(RemixtureError):
        known = open_set(folder)
        if {"stems", "loops"} <= set(known.decompositions) and known.song.sha256 == sha256_of(path):
            return folder
    return None

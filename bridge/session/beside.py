"""Work beside the music: one job after the other, in a process of its own that gives way to everything else.

The process starts with the first job and stays for the next ones, since its imports take seconds. It ends with its parent.
"""

import atexit
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

from bridge.session.link import without_interrupt
from bridge.session.telling import News, Telling
from engine.model.errors import RemixtureError

MODEST = 10
"""Niceness: the music, and other programs of the person's, come first."""
END_SECONDS = 2.0
"""Time to clear away what is half-written."""
LOOK_SECONDS = 0.5
KILLED = -9
"""How a process ends that the system takes away, which it does when memory runs out."""

Job = TypeVar("Job")
Work = Callable[[Job, Telling], Path]
"""Does a job and returns what came of it. Runs in the process, so it is a function of a module. RemixtureError: it cannot."""


class Beside(Generic[Job]):
    """A queue of jobs. Any thread may call its methods; `tell` is called for each piece of news, on a thread of its own."""

    def __init__(self, name: str, work: Work[Job], tell: Callable[[News], None], broke_off: Callable[[Job], str]) -> None:
        """`broke_off` gives the words for a job whose process died."""
        self._name, self._work, self._tell, self._broke_off = name, work, tell, broke_off
        self._waiting: list[tuple[int, Job]] = []
        self._running: int | None = None
        self._cancelled = self._closed = False
        self._changed = threading.Condition()
        self._process: SpawnProcess | None = None
        self._pipe: Connection
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def add(self, number: int, job: Job) -> None:
        """Have a job done after those that were added before; no other has its number."""
        with self._changed:
            self._waiting.append((number, job))
            if self._thread.ident is None:
                atexit.register(self.close)
                self._thread.start()
            self._changed.notify()

    def cancel(self, number: int) -> bool:
        """Drop a job, or break it off, and tell no more of it; False if it is neither waiting nor running. Waits for nothing.

        What it has finished stays on the disk. The other jobs go on in a new process.
        """
        with self._changed:
            before = len(self._waiting)
            self._waiting = [one for one in self._waiting if one[0] != number]
            if self._running == number:
                self._break_off()
            return len(self._waiting) < before or self._running == number

    def close(self) -> None:
        """Break everything off. Once closed, closing does nothing."""
        with self._changed:
            self._waiting.clear()
            self._closed = True
            self._break_off()
            self._changed.notify()
        atexit.unregister(self.close)
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        process = self._process
        return process.pid if process else None

    def _break_off(self) -> None:
        self._cancelled = True
        # The thread may let go of it at this moment.
        process = self._process
        if process is not None:
            process.terminate()

    # What follows runs on the thread.

    def _run(self) -> None:
        while (one := self._next()) is not None:
            with contextlib.suppress(OSError):
                # That the process is gone is noticed where its news are awaited.
                self._pipe.send(one)
            while not self._hand_on(self._receive(*one)).last:
                pass

    def _next(self) -> tuple[int, Job] | None:
        """Return the next job once there is one, and a process for it; None when it is closed."""
        while not self._closed:
            with self._changed:
                self._running = None
                fit = self._process is None or (self._process.is_alive() and not self._cancelled)
                if fit and self._waiting:
                    if self._process is None:
                        self._start()
                    one = self._waiting.pop(0)
                    self._running, self._cancelled = one[0], False
                    return one
                if fit and not self._closed:
                    self._changed.wait()
            if not fit:
                self._end()
        self._end()
        return None

    def _receive(self, number: int, job: Job) -> News:
        """Return the next news, the last of them when the process has ended, or is to end and does not."""
        with contextlib.suppress(EOFError, OSError):
            while not (there := self._pipe.poll(LOOK_SECONDS)) and not self._cancelled:
                pass
            if there:
                news: News = self._pipe.recv()
                return news
        return News(number, error=f"{self._broke_off(job)} ({self._end()})")

    def _hand_on(self, news: News) -> News:
        if not self._cancelled:
            self._tell(news)
        return news

    def _start(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(theirs, self._work, os.getpid()), name=f"remixture-{self._name}", daemon=True
        )
        with without_interrupt():
            self._process.start()
        theirs.close()

    def _end(self) -> str:
        """Have the process end, if it has not, and let go of it; return how it ended."""
        process = self._process
        if process is None:
            return ""
        process.join(END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        self._pipe.close()
        self._process = None
        if process.exitcode == KILLED:
            return "the system ended it, for want of memory perhaps"
        return f"it ended with exit code {process.exitcode}"


def _serve(pipe: Connection, work: Work[Any], parent: int) -> None:
    """Be the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(os, "nice"):
        os.nice(MODEST)
    threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            number, job = pipe.recv()
            try:
                made = work(job, Telling(number, pipe.send))
            except RemixtureError as error:
                pipe.send(News(number, error=str(error)))
            else:
                pipe.send(News(number, share=1.0, left_seconds=0.0, made=made, done=True))


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: in order, or else at once."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)

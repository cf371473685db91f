"""The one thread of a process in which plug-ins are opened.

JUCE takes the first thread that opens a plug-in for the main one, and opens no other plug-in in another thread ("must be
reloaded on the main thread", pedalboard 0.9.26). Playing them is free: any thread may, with `reset=False`.
"""

import functools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Opened = TypeVar("Opened")
_Job = tuple[Callable[[], Any], "Future[Any]"]


def open_there(work: Callable[[], Opened]) -> Opened:
    """Do some work in that thread, wait for it, and return or raise what it does."""
    result: Future[Any] = Future()
    _jobs().put((work, result))
    opened: Opened = result.result()
    return opened


@functools.cache
def _jobs() -> "queue.SimpleQueue[_Job]":
    jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
    # A daemon: a plug-in that hangs must not keep the program from ending.
    threading.Thread(target=_work, args=(jobs,), name="plug-ins", daemon=True).start()
    return jobs


def _work(jobs: "queue.SimpleQueue[_Job]") -> None:
    while True:
        work, result = jobs.get()
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 (it belongs to whoever asked)
            result.set_exception(error)
        del work, result

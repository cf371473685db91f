"""The engine process: it plays, and nothing else happens in it. Here it starts; `rendering` is what it does then."""

import contextlib
import gc
import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from bridge.session.boards import Boards
from bridge.session.messages import Go, Opened, Output, Ready, Said
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from bridge.session.rendering import Engine

EAGER = -11
"""Niceness, where the system grants it."""


REAL_TIME = 10
"""Priority in real time: before everything that is not, after JACK's own threads."""


def play(pipe: Connection, output: Output, parent: int, *, spare: bool) -> None:
    """Be the engine process of the player `parent` at the other end of the pipe; a spare one is ready in no time."""
    _shield()
    with contextlib.suppress(EOFError, OSError):
        # Either says that the player is gone before anything has sounded.
        boards = Boards.take(pipe)
        if spare:
            _warm_up(output)
        try:
            if isinstance(pipe.recv(), Go):
                _engine(pipe, output, boards, parent).run()
        except RemixtureError as error:
            pipe.send(Said(str(error), fatal=True))
    sys.stderr.flush()
    # Everything is closed; what native libraries would still say on the way out helps nobody.
    os._exit(0)


def _engine(pipe: Connection, output: Output, boards: Boards, parent: int) -> "Engine":
    """Open the sink, tell its rate at once so that songs can be decoded meanwhile, then build the rest."""
    from bridge.session.outlet import Outlet

    outlet = Outlet(output, lambda text: pipe.send(Said(text)))
    pipe.send(Opened(outlet.rate, outlet.frames, outlet.pairs))
    from bridge.session.rendering import Engine
    from engine.mix.livemixer import LiveMixer
    from engine.mix.meters import FIELDS

    engine = Engine(pipe, outlet, LiveMixer(outlet.rate, output.stretch), boards, parent)
    signal.signal(signal.SIGTERM, lambda _number, _frame: engine.end())
    pipe.send(Ready(FIELDS))
    gc.collect()
    gc.freeze()
    gc.disable()
    if outlet.driven:
        _hurry()
    return engine


def _hurry() -> None:
    """Let the rendering thread run in real time if that is allowed: on Linux the limit `rtprio` says so."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REAL_TIME))


def _warm_up(output: Output) -> None:
    """Import and compile what is needed."""
    from bridge.session import outlet, rendering  # noqa: F401 - so that they are there
    from engine.mix.livemixer import LiveMixer

    LiveMixer(output.rate, output.stretch)


def _shield() -> None:
    """Leave Ctrl-C and a closed terminal to the player, which then says what to do; come before other programs if allowed."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        # The player holds it back until here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, EAGER)

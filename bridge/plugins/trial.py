"""Finds out about a chain in a helper process: a plug-in that hangs or crashes there stops nothing here."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Final

import msgspec

from bridge.plugins.facts import Facts, as_json, keep, recall
from bridge.plugins.helper import Report, Request
from bridge.plugins.preset import Preset
from engine.model.errors import RemixtureError

START_S: Final = 5.0
"""Seconds that the helper gets on top, to start Python and to import pedalboard."""


KILLED: Final = 9
"""SIGKILL, which Windows does not name."""


def try_chain(preset: Preset, rate: int, timeout_s: float = 10.0) -> Facts:
    """Find out about a chain, or recall it. Takes some 1 to 2 s the first time; do not call it where sound is made.

    `timeout_s` is how long opening the chain and playing a second of noise through it may take.

    Raises
    ------
    RemixtureError
        If it hangs, crashes, or cannot be used; says in one line which plug-in, and what to do.
    """
    facts = recall(preset, rate)
    if facts is None:
        facts = _ask(Request(preset, rate, timeout_s))
        keep(preset, rate, facts)
    return facts


def _ask(request: Request) -> Facts:
    began = time.monotonic()
    # Files, not pipes: a child that a plug-in leaves behind could hold a pipe open for ever.
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answered:
        asked.write(as_json(request))
        asked.seek(0)
        code = _run(asked, answered, request.timeout_s + START_S)
        answered.seek(0)
        out = answered.read()
    reports = [msgspec.json.decode(line, type=Report) for line in out.splitlines() if line.endswith(b"}")]
    last = reports[-1] if reports else Report(doing="starting the helper")
    if last.facts:
        return last.facts
    raise RemixtureError(_what_happened(request, last, code, time.monotonic() - began))


def _what_happened(request: Request, last: Report, code: int, seconds: float) -> str:
    where = f"effect chain {request.preset.name}"
    if last.error:
        return f"{where}: {last.error}"
    # It ends itself with 1 (`helper`), or is killed by us; whatever else ended it was a crash, however slow it was to start.
    if seconds >= request.timeout_s and code in (1, -KILLED):
        return f"{where}: {last.doing} was not done within {request.timeout_s:g} s; leave that effect out, or allow more time"
    ended = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return f"{where}: {last.doing} crashed ({ended}); leave that effect out, or update the plug-in"


def _run(asked: IO[bytes], answered: IO[bytes], seconds: float) -> int:
    """Run the helper for so many seconds at most; return its exit status, negative for the signal that ended it."""
    helper = subprocess.Popen(
        [sys.executable, "-P", "-c", "from bridge.plugins.helper import main; main()"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=asked,
        stdout=answered,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            helper.wait(seconds)
    finally:
        _end(helper)
    return helper.returncode


def _end(helper: subprocess.Popen[bytes]) -> None:
    """Kill the helper and what it started, and wait until it is gone."""
    if sys.platform == "win32":
        helper.kill()
    else:
        # Its children are in its group, also those that outlived it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(helper.pid, signal.SIGKILL)
    helper.wait()

"""What the helper process runs: a chain is opened and plays a second of noise; it may hang or crash there.

In: one JSON document on standard input. Out: lines of JSON, `{"doing": ...}` before each step, then `{"facts": ...}` or
`{"error": ...}`. Plug-ins print what they like, so standard output is moved out of their way first.
"""

import faulthandler
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from bridge.plugins.chain import open_chain
from bridge.plugins.facts import Facts
from bridge.plugins.preset import Preset
from engine.mix.insert import QUANTUM
from engine.model.errors import RemixtureError


class Request(msgspec.Struct, frozen=True):
    """What is tried: a chain, at `rate` Hz; after `timeout_s` seconds the process ends by itself, whoever is left to ask."""

    preset: Preset
    rate: int
    timeout_s: float


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the answer."""

    doing: str = ""
    error: str = ""
    facts: Facts | None = None


def from_json(kind: type, value: str) -> Path:
    """Return a path for its text: the one type of ours that JSON has no word for."""
    if kind is not Path:
        raise NotImplementedError(kind)
    return Path(value)


def main() -> None:
    """Answer one request and end at once: unloading a plug-in is one more thing that can hang."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request, dec_hook=from_json)
    # In C, so that it ends a plug-in that holds the interpreter too, and even if nobody is there to kill us.
    faulthandler.dump_traceback_later(request.timeout_s, exit=True)

    def answer(report: Report) -> None:
        answers.write(msgspec.json.encode(report) + b"\n")

    try:
        answer(Report(facts=_try(request, lambda doing: answer(Report(doing=doing)))))
    except RemixtureError as error:
        answer(Report(error=str(error)))
    os._exit(0)


def _try(request: Request, tell: Callable[[str], None]) -> Facts:
    start = time.monotonic()
    chain = open_chain(request.preset, request.rate, tell=tell)
    load_s = time.monotonic() - start
    tell(f"playing noise through {request.preset.name}")
    noise = np.random.default_rng(0)
    for _ in range(request.rate // QUANTUM):
        chain.process(noise.uniform(-0.25, 0.25, (2, QUANTUM)).astype(np.float32))
    if chain.failed:
        raise RemixtureError(chain.failed)
    return Facts(chain.params, chain.latency, chain.mono, round(load_s, 3))

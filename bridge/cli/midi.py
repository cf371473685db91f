"""`remixture midi`: which controllers are there, what they send, and what their knobs shall do."""

from __future__ import annotations

import argparse
import queue
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from bridge.cli.screen import table
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from bridge.midi.binding import Binding
    from bridge.midi.ports import Driver
    from bridge.midi.preset import Preset, Presets
    from engine.model.params import Param

APIS = ("alsa", "jack", "core", "winmm")


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("midi", help="list controllers, watch them, teach them", description=__doc__)
    parser.add_argument(
        "port", nargs="?", default="", metavar="PORT", help="part of a port's name; the first that fits is taken"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--monitor", action="store_true", help="print what a port sends, and what it would do")
    what.add_argument("--learn", metavar="PATH", help="bind the control that is moved next, such as --learn deck.a.#1.gain")
    parser.add_argument("--api", choices=APIS, default="", help="the system's MIDI; usually found by itself")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """List, watch or learn."""
    from bridge.midi.ports import open_driver
    from bridge.midi.preset import Presets

    driver, presets = open_driver(options.api), Presets()
    for problem in presets.problems:
        print(f"remixture: {problem}", file=sys.stderr)
    try:
        if options.monitor:
            _monitor(driver, presets, _port(driver, options.port))
        elif options.learn:
            _learn(driver, presets, options.learn, options.port)
        else:
            print(_listed(driver, presets, options.port))
    except KeyboardInterrupt:
        # The usual end of watching; nothing is half done.
        print(file=sys.stderr)
    finally:
        driver.close()


def _listed(driver: Driver, presets: Presets, part: str) -> str:
    """Return the ports and their presets."""
    from bridge.midi.ports import list_ports
    from bridge.midi.preset import user_folder

    inputs, outputs = list_ports(driver)
    names = [name for name in dict.fromkeys(inputs + outputs) if part.lower() in name.lower()]
    if not names:
        return driver.why_none() or "no MIDI port" + (f" named {part!r}" if part else "; connect a controller")
    rows = [("PORT", "WAY", "PRESET", "HOW FAR ITS NUMBERS WERE CHECKED")]
    for name in names:
        way = " ".join(word for word, ports in (("in", inputs), ("out", outputs)) if name in ports)
        preset = presets.for_port(name) if name in inputs else None
        rows.append((name, way, preset.name if preset else "-", preset.checked if preset else ""))
    return f"{table(rows)}\nyour own presets are read from {user_folder()}"


def _port(driver: Driver, part: str) -> str:
    """Return the name of the first input that has `part` in it."""
    from bridge.midi.ports import list_ports

    inputs, _ = list_ports(driver)
    for name in inputs:
        if part.lower() in name.lower():
            return name
    if not inputs:
        raise RemixtureError(driver.why_none() or "there is no MIDI input; connect a controller")
    raise RemixtureError(f"no MIDI input has {part!r} in its name; there are {', '.join(inputs)}")


def _messages(driver: Driver, name: str) -> _Messages:
    from bridge.midi.ports import plain_names

    inputs, _ = driver.names()
    return _Messages(driver, plain_names(inputs, driver.api)[name])


class _Messages:
    """The messages of one port, as they come. Use as a context manager."""

    def __init__(self, driver: Driver, full: str) -> None:
        self._came: queue.SimpleQueue[tuple[bytes, float]] = queue.SimpleQueue()
        try:
            self._port = driver.open_input(full, lambda data, seconds: self._came.put((data, seconds)))
        except OSError as error:
            raise RemixtureError(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._port.close()

    def next(self, seconds: float) -> tuple[bytes, float] | None:
        """Return the next message and when it came; None if none came for so many seconds."""
        try:
            return self._came.get(timeout=seconds)
        except queue.Empty:
            return None


def _monitor(driver: Driver, presets: Presets, name: str) -> None:
    """Print messages until Ctrl-C."""
    preset = presets.for_port(name)
    start = time.monotonic()
    with _messages(driver, name) as messages:
        print(f"{name}: {preset.name if preset else 'no preset'}; Ctrl-C ends", file=sys.stderr)
        while True:
            came = messages.next(0.2)
            if came is None:
                continue
            data, seconds = came
            message = _parsed(data)
            said = f"{message}{_meaning(preset, message)}" if message is not None else "no message that MIDI knows"
            print(f"{seconds - start:9.3f}  {data.hex(' ').upper():8}  {said}", flush=True)


def _parsed(data: bytes) -> Any:  # noqa: ANN401 (mido has no types)
    """Return the mido message, None for bytes that are none."""
    import mido

    try:
        return mido.Message.from_bytes(data)
    except ValueError:
        return None


def _meaning(preset: Preset | None, message: Any) -> str:  # noqa: ANN401 (mido has no types)
    """Return which paths a message is bound to."""
    from bridge.midi.control import move_of

    move = move_of(message)
    if preset is None or move is None:
        return ""
    paths = [b.path for b in preset.bindings if move.control in b.control.parts]
    return f"  -> {', '.join(paths)}" if paths else ""


def _learn(driver: Driver, presets: Presets, path: str, part: str) -> None:
    """Bind what is moved next, and save it."""
    from bridge.midi.desk import check_path

    param = check_path(path)
    name = _port(driver, part)
    with _messages(driver, name) as messages:
        print(f"{name}: move the control that shall be {path}; Ctrl-C ends", file=sys.stderr)
        binding = _learned(messages, path, param)
    file = presets.save(name, binding)
    encoding = f", {binding.encoding}" if binding.encoding else ""
    print(f"{binding.control} ({binding.mode}{encoding}) is now {path}, saved in {file}")


def _learned(messages: _Messages, path: str, param: Param | None) -> Binding:
    """Return the binding of what is moved; says on the way what is still wanted."""
    from bridge.midi.learn import Learner

    learner, hint = Learner(path, param), ""
    while True:
        came = messages.next(0.1)
        message = _parsed(came[0]) if came is not None else None
        now = time.monotonic() if came is None else came[1]
        binding = learner.wait(now) if message is None else learner.take(message, now)
        if binding is not None:
            return binding
        if learner.hint != hint:
            hint = learner.hint
            print(hint, file=sys.stderr)

"""MIDI ports: the protocol behind which a system's MIDI lies, names that stay, and what came or went.

A port's *full* name is what the system calls it now; its *name* leaves out what changes from one plugging to the next
(ALSA's `20:0`, WinMM's count, a2j's `[20]`), and numbers ports that are then alike: `nanoKONTROL2 (2)`.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from engine.model.errors import RemixtureError

Receive = Callable[[bytes, float], None]
"""Takes the bytes of a message and the monotonic time in seconds at which it came; called from a driver's thread."""

CLIENT = "remixture"
"""How we call ourselves; ports of that name are ours and never opened."""

APIS = {"alsa": "API_LINUX_ALSA", "jack": "API_UNIX_JACK", "core": "API_MACOSX_CORE", "winmm": "API_WINDOWS_MM"}
"""Our names of the systems' MIDI -> python-rtmidi's."""

_CHANGING = re.compile(r" \d+:\d+$| \[\d+\]")
_COUNT = re.compile(r" \d+$")


class InPort(Protocol):
    """An open input."""

    def close(self) -> None:
        """Stop receiving; closing twice is no error."""


class OutPort(Protocol):
    """An open output."""

    def send(self, data: bytes) -> None:
        """Send one message; OSError if the port is gone."""

    def close(self) -> None:
        """Let go of the port; closing twice is no error."""


class Driver(Protocol):
    """One system's MIDI."""

    api: str
    """A key of `APIS`, or "" without MIDI."""

    def names(self) -> tuple[list[str], list[str]]:
        """Return the full names of the inputs and the outputs there are now."""

    def open_input(self, full: str, receive: Receive) -> InPort:
        """Open an input; OSError if it is gone or taken."""

    def open_output(self, full: str) -> OutPort:
        """Open an output; OSError if it is gone or taken."""

    def why_none(self) -> str:
        """Return why there are no ports, as one line; "" if there are some or could be."""

    def close(self) -> None:
        """Close what is open."""


def plain_names(full: Iterable[str], api: str = "") -> dict[str, str]:
    """Return name -> full name, in the order given; ports of ours are left out."""
    names: dict[str, str] = {}
    for system in full:
        if system.lower().startswith(CLIENT):
            continue
        name = _CHANGING.sub("", system)
        if api == "winmm":
            name = _COUNT.sub("", name)
        count = 2
        plain = name
        while name in names:
            name = f"{plain} ({count})"
            count += 1
        names[name] = system
    return names


def list_ports(driver: Driver) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the inputs and the outputs there are now."""
    inputs, outputs = driver.names()
    return tuple(plain_names(inputs, driver.api)), tuple(plain_names(outputs, driver.api))


def open_driver(api: str = "") -> Driver:
    """Return the MIDI of this system; one without ports where there is none.

    Parameters
    ----------
    api
        A key of `APIS`, or "" for the usual one: CoreMIDI, WinMM, ALSA, and JACK on a Linux without ALSA's sequencer (the
        same hardware shows up in both, so never both at once).

    Raises
    ------
    RemixtureError
        If there is no such API, or not on this system.
    """
    if api and api not in APIS:
        raise RemixtureError(f"there is no MIDI API {api!r}; there are {', '.join(APIS)}")
    try:
        from bridge.midi.rtmidi import RtMidiDriver
    except ImportError as error:
        return NoMidi(f"no MIDI: python-rtmidi does not load here ({error})")
    return RtMidiDriver(api or usual_api())


def usual_api() -> str:
    """Return the API that this system's controllers appear in."""
    if sys.platform == "darwin":
        return "core"
    if sys.platform == "win32":
        return "winmm"
    return "alsa" if Path("/dev/snd/seq").exists() else "jack"


class NoMidi:
    """A system without MIDI."""

    api = ""

    def __init__(self, why: str) -> None:
        self._why = why

    def names(self) -> tuple[list[str], list[str]]:
        """Return that there are none."""
        return [], []

    def open_input(self, full: str, receive: Receive) -> InPort:  # noqa: ARG002
        """Refuse."""
        raise OSError(f"there is no MIDI input {full!r}")

    def open_output(self, full: str) -> OutPort:
        """Refuse."""
        raise OSError(f"there is no MIDI output {full!r}")

    def why_none(self) -> str:
        """Return why."""
        return self._why

    def close(self) -> None:
        """Do nothing."""

"""MIDI ports by python-rtmidi.

RtMidi's JACK clients must not be touched once their server is gone: closing one, and even freeing its memory, ends the whole
program with a segmentation fault (measured, 1.5.8 with its own libjack). So a server is known by its socket, and clients of
one that is gone are left behind for good.

RtMidi's callback runs in the thread in which JACK waits for us. Python code there holds up everybody's sound while another
thread has the interpreter, and when it outlasts the period, messages of a burst are overwritten while they are read (measured:
the 25th to 50th of 585, and from then on the same one again and again). So under JACK a thread of ours empties its queue.
"""

import contextlib
import ctypes
import math
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import rtmidi

from bridge.midi.ports import APIS, CLIENT, InPort, OutPort, Receive
from engine.model.errors import RemixtureError

QUEUE = 4096
"""Messages that may wait in RtMidi."""

POLL, IDLE = 0.001, 0.004
"""Seconds between two looks at RtMidi's queue: while a hand moves, and before it does."""

BUSY = 1.0
"""Seconds after a message for which a hand is taken to be moving."""

DRIFT = 1e-4
"""How far the server's clock may run from ours, as a share."""

Server = tuple[int, int]
"""What tells one run of a JACK server from another; always the same for other APIs, which have no server to lose."""


class RtMidiDriver:
    """One API of RtMidi; lists and opens ports. `api` is a key of `ports.APIS`."""

    def __init__(self, api: str) -> None:
        self.api = api
        self._code = getattr(rtmidi, APIS[api])
        if self._code not in rtmidi.get_compiled_api():
            here = [name for name, code in APIS.items() if getattr(rtmidi, code) in rtmidi.get_compiled_api()]
            raise RemixtureError(f"there is no MIDI API {api!r} on this system; there is {' or '.join(here) or 'none'}")
        self.server: Server | None = None
        self._lister: tuple[Any, Any] | None = None
        self._why = ""

    def names(self) -> tuple[list[str], list[str]]:
        """Return the full names of the inputs and the outputs there are now."""
        if not self._listening() or self._lister is None:
            return [], []
        inputs, outputs = self._lister
        try:
            return inputs.get_ports(), outputs.get_ports()
        except rtmidi.RtMidiError as error:
            self._why = f"no MIDI: {error}"
            return [], []

    def open_input(self, full: str, receive: Receive) -> InPort:
        """Open an input; OSError if it is gone or taken."""
        if not self._listening():
            raise OSError(self._why)
        port = rtmidi.MidiIn(self._code, name=f"{CLIENT} in", queue_size_limit=QUEUE)
        port.ignore_types(sysex=True, timing=False, active_sense=True)
        if self.api == "jack":
            return _Polled(_Open(_connect(port, full), self), port, receive)

        def came(event: tuple[list[int], float], _data: object) -> None:
            receive(bytes(event[0]), time.monotonic())

        port.set_callback(came)
        return _Open(_connect(port, full), self)

    def open_output(self, full: str) -> OutPort:
        """Open an output; OSError if it is gone or taken."""
        if not self._listening():
            raise OSError(self._why)
        return _Open(_connect(rtmidi.MidiOut(self._code, name=f"{CLIENT} out"), full), self)

    def why_none(self) -> str:
        """Return why there are no ports; "" if there are some or could be."""
        self._listening()
        return self._why

    def close(self) -> None:
        """Let go of what lists the ports; those that are open are closed by who opened them."""
        if self._lister is not None:
            for port in self._lister:
                _Open(port, self).close()
        self._lister = None

    def running(self) -> Server | None:
        """Return the server that runs now."""
        return jack_server() if self.api == "jack" else (0, 0)

    def _listening(self) -> bool:
        """See that the clients that list ports are there and of the server that runs now."""
        server = self.running()
        if server is None or server != self.server:
            self.close()
        self.server = server
        if server is None:
            self._why = "no MIDI: no JACK server runs, and this system has no ALSA sequencer (/dev/snd/seq)"
            return False
        if self._lister is None:
            try:
                self._lister = rtmidi.MidiIn(self._code, name=CLIENT), rtmidi.MidiOut(self._code, name=CLIENT)
            except rtmidi.RtMidiError as error:
                self._why = f"no MIDI: {error}"
                return False
        self._why = ""
        return True


class _Open:
    """An open port of RtMidi."""

    def __init__(self, port: Any, driver: RtMidiDriver) -> None:  # noqa: ANN401 (rtmidi has no types)
        self._port = port
        self._driver = driver
        self._server = driver.server

    def send(self, data: bytes) -> None:
        """Send one message; OSError if the port is gone."""
        if self._port is None:
            raise OSError("this MIDI port is closed")
        if self._server != self._driver.server:
            raise OSError("the JACK server is gone")
        self._port.send_message(data)

    def close(self) -> None:
        """Let go of the port."""
        port, self._port = self._port, None
        if port is None:
            return
        if self._server != self._driver.running():
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(port))
            return
        if isinstance(port, rtmidi.MidiIn):
            port.cancel_callback()
        with contextlib.suppress(rtmidi.RtMidiError):
            port.close_port()
        port.delete()


class _Polled:
    """An open input that a thread of ours asks every `POLL` seconds."""

    def __init__(self, opened: _Open, port: Any, receive: Receive) -> None:  # noqa: ANN401 (rtmidi has no types)
        self._opened = opened
        self._port = port
        self._receive = receive
        self._open = True
        self._thread = threading.Thread(target=self._run, name="midi in", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop asking, and let go of the port."""
        self._open = False
        self._thread.join()
        self._opened.close()

    def _run(self) -> None:
        # The server's distance from message to message is exact, our time of asking is not: it is late by what varies. So
        # the least that was seen of our clock over the server's is what tells the one from the other.
        served, over, last = 0.0, math.inf, time.monotonic()
        while self._open:
            time.sleep(POLL if time.monotonic() - last < BUSY else IDLE)
            while (event := self._port.get_message()) is not None:
                last = time.monotonic()
                served += event[1]
                over = min(over + DRIFT * event[1], last - served)
                self._receive(bytes(event[0]), served + over)


def jack_server() -> Server | None:
    """Return what tells the JACK server that runs now from every other of its name; None while none runs."""
    name = os.environ.get("JACK_DEFAULT_SERVER", "default")
    path = Path(f"/dev/shm/jack_{name}_{os.getuid()}_0")  # noqa: S108 (libjack's place)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(path))
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_ctime_ns


def _connect(port: Any, full: str) -> Any:  # noqa: ANN401 (rtmidi has no types)
    try:
        port.open_port(port.get_ports().index(full), name="midi")
    except ValueError as error:
        port.delete()
        raise OSError(f"there is no MIDI port {full!r} any more") from error
    except rtmidi.RtMidiError as error:
        port.delete()
        raise OSError(f"MIDI port {full!r} does not open: {error}") from error
    return port

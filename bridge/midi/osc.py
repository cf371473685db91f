"""Open Sound Control (OSC 1.0) over UDP, with the parameter paths as addresses: `/deck/a/drums/gain 6.0`.

A number in place of a source is the n-th of the song: `/deck/a/3/gain`. Values outside a range are clamped, as from any
controller. Messages that have no meaning are counted, and the first of each kind is said.
"""

import contextlib
import logging
import math
import socket
import threading
from collections.abc import Callable

from bridge.midi.desk import LOST, Desk, resolve, settle
from engine.model.errors import RemixtureError

LOOPBACK = "127.0.0.1"
PACKET = 65_536


class OscIn:
    """Listens on a UDP port and sets parameters. `bad` counts messages without a meaning.

    `port` 0 takes a free one; `self.port` is the one that is open. Only this machine is heard unless `host` says otherwise.

    Raises
    ------
    RemixtureError
        If the port cannot be had.
    """

    def __init__(self, desk: Desk, port: int, say: Callable[[str], None], host: str = LOOPBACK) -> None:
        self.bad = 0
        self._desk = desk
        self._say = say
        self._said: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise RemixtureError(f"OSC cannot listen on {host} port {port}: {error}; is another program there?") from error
        self.port = int(self._socket.getsockname()[1])
        self._open = True
        self._thread = threading.Thread(target=self._run, name="osc in", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if not self._open:
            return
        self._open = False
        # An empty datagram to ourselves wakes the thread on every system; closing the socket under it does not.
        host = self._socket.getsockname()[0]
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (LOOPBACK if host == "0.0.0.0" else host, self.port))  # noqa: S104 (a comparison)
        self._thread.join()
        self._socket.close()

    def take(self, data: bytes) -> None:
        """Do what a packet says."""
        from pythonosc.osc_packet import OscPacket, ParseError

        # What it cannot read it tells the log as well; once is enough.
        logging.getLogger().addFilter(_is_elsewhere)
        try:
            messages = [timed.message for timed in OscPacket(data).messages]
        except (ParseError, ValueError, IndexError, RecursionError):
            self._complain("OSC: a packet that is no OSC")
            return
        finally:
            logging.getLogger().removeFilter(_is_elsewhere)
        for message in messages:
            self._set(message.address, list(message.params))

    def _run(self) -> None:
        while self._open:
            try:
                data = self._socket.recv(PACKET)
            except OSError:
                # Windows tells of a reply that somebody refused; there is nothing to read then.
                continue
            if self._open:
                self.take(data)

    def _set(self, address: str, arguments: list[object]) -> None:
        value = arguments[0] if len(arguments) == 1 else None
        if not isinstance(value, bool | int | float) or not math.isfinite(value):
            self._complain(f"OSC: {address} takes one number, got {arguments!r:.60}")
            return
        try:
            path = resolve(path_of(address), self._desk)
            if path is not None:
                self._desk.set(path, settle(self._desk.param(path), float(value)))
        except LOST as error:
            self._complain(f"OSC: {address} is not there now ({str(error)[:80]})")

    def _complain(self, text: str) -> None:
        self.bad += 1
        if text not in self._said and len(self._said) < 100:
            self._said.add(text)
            self._say(text)


class OscOut:
    """Tells other programs what changed. `changed` may be called from any thread; `send` sends the last of each path."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._changed: dict[str, float] = {}

    def changed(self, path: str, value: float) -> None:
        """Note a value."""
        self._changed[path] = value

    def send(self) -> None:
        """Send the last value of each path that changed."""
        from pythonosc.osc_message_builder import OscMessageBuilder

        while self._changed:
            path, value = self._changed.popitem()
            message = OscMessageBuilder(address_of(path))
            message.add_arg(value, OscMessageBuilder.ARG_TYPE_FLOAT)
            # UDP promises nothing: nobody there, or a full buffer, is no fault.
            with contextlib.suppress(OSError):
                self._socket.sendto(message.build().dgram, self._to)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _is_elsewhere(record: logging.LogRecord) -> bool:
    """Return whether a line of the log is not python-osc's."""
    return "pythonosc" not in record.pathname


def address_of(path: str) -> str:
    """Return the OSC address of a path."""
    return "/" + path.replace(".", "/")


def path_of(address: str) -> str:
    """Return the path of an OSC address, with `#n` where it has a number for a source."""
    words = address.strip("/").split("/")
    if len(words) > 3 and words[0] == "deck" and words[2].isdecimal():
        words[2] = f"#{int(words[2])}"
    return ".".join(words)

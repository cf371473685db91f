"""JACK: every pair is a stereo pair of ports, so that a DAW records each source on a track of its own.

JACK-Client opens the client and makes the ports; what plays is `jackdrain`, in memory and without the GIL. Rate and period
are the server's. In freewheel the callback waits for samples, so that what is captured then is what was rendered, bit for bit.
"""

import contextlib
import threading
from collections.abc import Sequence

import numpy as np

from bridge.audio.libraries import jack_client
from bridge.audio.ring import LEAVE_SECONDS, PATIENT, Ring, RingSink
from bridge.audio.sink import Connections, SinkLost
from engine.model.errors import RemixtureError


class JackSink(RingSink):
    """A JACK client with ports `master_l`, `master_r`, `a.drums_l` ..., and a MIDI output `clock`.

    `late` counts periods. Ports that it should be connected to are connected whenever they appear, so that a DAW may come
    later, or come back.
    """

    def __init__(self, server: str | None, pairs: Sequence[str], connect: Connections | None = None) -> None:
        self.pairs = tuple(pairs)
        self._client = jack_client(server)
        self.rate, self.frames = int(self._client.samplerate), int(self._client.blocksize)
        from bridge.audio import jackdrain

        self._drain = jackdrain
        self._events = np.zeros((jackdrain.EVENT_ROOM, 2), np.int64)
        rows = 2 * len(self.pairs)
        self._ring = Ring(rows, self.frames, jackdrain.PORTS + rows)
        self._wanted = self._register(connect)
        self._appeared = threading.Event()
        self._closing = False
        self._set_callbacks()
        self._client.activate()
        self._connect()
        self._joiner = threading.Thread(target=self._join, name="jack connections", daemon=True)
        self._joiner.start()

    def ticks(self, offsets: Sequence[int], messages: Sequence[bytes]) -> None:
        """Send MIDI from the port `clock` on exact frames of the block written next."""
        drain, table = self._drain, self._ring.table
        for offset, message in zip(offsets, messages, strict=True):
            if table[drain.EVENTS_WRITTEN] - table[drain.EVENTS_READ] >= drain.EVENT_ROOM:
                return
            self._events[table[drain.EVENTS_WRITTEN] % drain.EVENT_ROOM] = self._ring.written + offset, drain.packed(message)
            table[drain.EVENTS_WRITTEN] += 1

    def close(self) -> None:
        """Play what is in flight, then leave the server."""
        if self._closing:
            return
        with contextlib.suppress(SinkLost):
            self._ring.end()
        self._closing = True
        self._appeared.set()
        self._joiner.join(LEAVE_SECONDS)
        # Not deactivated first: libjack crashes there if the server is dead, and closing does it anyhow.
        self._ring.leave(self._client.close)

    def _register(self, connect: Connections | None) -> list[tuple[str, str]]:
        """Make the ports, note them in the table; return which port of ours goes to which of others."""
        import jack

        drain, table, client = self._drain, self._ring.table, self._client
        ports = [client.outports.register(f"{pair}_{side}") for pair in self.pairs for side in "lr"]
        lib, ffi = jack._lib, jack._ffi  # noqa: SLF001 - the callback needs C's own
        functions = (lib.jack_port_get_buffer, lib.jack_midi_clear_buffer, lib.jack_midi_event_write)
        for place, function in zip((drain.GET_BUFFER, drain.CLEAR_MIDI, drain.WRITE_MIDI), functions, strict=True):
            table[place] = int(ffi.cast("intptr_t", function))
        table[drain.EVENTS] = self._events.ctypes.data
        for place, port in enumerate([client.midi_outports.register("clock"), *ports]):
            where = int(ffi.cast("intptr_t", port._ptr))  # noqa: SLF001
            table[drain.MIDI_PORT if place == 0 else drain.PORTS + place - 1] = where
        if connect is None:
            physical = [port.name for port in client.get_ports(is_audio=True, is_input=True, is_physical=True)[:2]]
            connect = {"master": physical} if physical else {}
        names = {f"{pair}_{side}": i for pair in self.pairs for i, side in enumerate("lr")}
        return [
            (f"{client.name}:{name}", targets[side])
            for name, side in names.items()
            if len(targets := connect.get(name[:-2], ())) > side
        ]

    def _set_callbacks(self) -> None:
        import jack

        client, table, lib, ffi = self._client, self._ring.table, jack._lib, jack._ffi  # noqa: SLF001 - as above
        process = ffi.cast("JackProcessCallback", self._drain.process.address)
        if lib.jack_set_process_callback(client._ptr, process, ffi.cast("void*", table.ctypes.data)):  # noqa: SLF001
            raise RemixtureError("JACK did not accept our callback: restart the JACK server")

        def lost(_status: object, _reason: str) -> None:
            self._ring.lost = "the JACK server is gone: playing goes on when it is back"

        def freewheel(starting: bool) -> None:  # noqa: FBT001 - JACK's
            table[PATIENT] = starting

        def registered(_port: object, register: bool) -> None:  # noqa: FBT001
            if register:
                self._appeared.set()

        client.set_shutdown_callback(lost)
        client.set_freewheel_callback(freewheel)
        client.set_port_registration_callback(registered, only_available=False)

    def _join(self) -> None:
        """Connect what should be, whenever ports appear; a thread of its own, for JACK lets no callback do it."""
        while self._appeared.wait() and not self._closing:
            self._appeared.clear()
            if not self._ring.lost:
                self._connect()

    def _connect(self) -> None:
        import jack

        for ours, theirs in self._wanted:
            # Not there yet, or connected already.
            with contextlib.suppress(jack.JackError):
                self._client.connect(ours, theirs)

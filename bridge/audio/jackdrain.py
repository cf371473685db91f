"""JACK's process callback, compiled: it drains the ring into the ports and sends MIDI on its frame. No GIL, no Python."""

from typing import Any, Final

import numpy as np
from numba import cfunc, njit, types

from bridge.audio.native import call, carray, fence, pointer
from bridge.audio.ring import CAPACITY, DRIVER, READ, ROWS, SAMPLES, Table, drained, ready

# What JACK adds to the words of the ring's table. ---
GET_BUFFER: Final = DRIVER  # addresses of jack_port_get_buffer, jack_midi_clear_buffer, jack_midi_event_write
CLEAR_MIDI: Final = DRIVER + 1
WRITE_MIDI: Final = DRIVER + 2
MIDI_PORT: Final = DRIVER + 3
EVENTS: Final = DRIVER + 4  # address of the events [shape=(EVENT_ROOM, 2)]: frame, message
EVENTS_WRITTEN: Final = DRIVER + 5
EVENTS_READ: Final = DRIVER + 6
PORTS: Final = DRIVER + 7  # from here on: one port a row

EVENT_ROOM: Final = 4096


def packed(message: bytes) -> int:
    """Return 1 to 3 bytes of MIDI as a word: their count in the lowest byte, then they (all systems are little-endian)."""
    return int.from_bytes(bytes([len(message)]) + message, "little")


@njit(cache=True, nogil=True)
def _play(table: Table, n: int, playing: bool) -> None:  # noqa: FBT001 - numba
    ring = carray(pointer(table[SAMPLES]), (table[ROWS], table[CAPACITY]), np.float32)
    start = table[READ] % table[CAPACITY]
    first = min(n, table[CAPACITY] - start)
    for row in range(table[ROWS]):
        port = carray(pointer(call(table[GET_BUFFER], (table[PORTS + row], n))), (n,), np.float32)
        if playing:
            port[:first] = ring[row, start : start + first]
            port[first:] = ring[row, : n - first]
        else:
            port[:] = np.float32(0)


@njit(cache=True, nogil=True)
def _send(table: Table, n: int, playing: bool) -> None:  # noqa: FBT001 - numba
    port = call(table[GET_BUFFER], (table[MIDI_PORT], n))
    call(table[CLEAR_MIDI], (port,))
    if not playing:
        return
    events = carray(pointer(table[EVENTS]), (EVENT_ROOM, 2), np.int64)
    while table[EVENTS_READ] < table[EVENTS_WRITTEN]:
        place = table[EVENTS_READ] % EVENT_ROOM
        offset = events[place, 0] - table[READ]
        if offset >= n:
            break
        message = table[EVENTS] + 16 * place + 9
        call(table[WRITE_MIDI], (port, max(offset, 0), message, events[place, 1] & 7))
        fence()
        table[EVENTS_READ] += 1


@cfunc(types.int32(types.uint32, types.voidptr), cache=True)
def process(frames: int, words: int) -> int:
    """Play one period; the second argument is the address of the table."""
    rows = carray(words, (DRIVER,), np.int64)[ROWS]
    table = carray(words, (PORTS + rows,), np.int64)
    n: Any = np.int64(frames)
    playing = ready(table, n)
    _play(table, n, playing)
    _send(table, n, playing)
    drained(table, n if playing else 0)
    return 0

"""PortAudio's stream callback, compiled: it drains the ring into interleaved channels. No GIL, no Python."""

import sys
from typing import Any

import numpy as np
from numba import cfunc, types

from bridge.audio.native import carray, pointer
from bridge.audio.ring import CAPACITY, DRIVER, READ, ROWS, SAMPLES, drained, ready

# C's unsigned long.
ULONG = types.uint32 if sys.platform == "win32" else types.uint64
SIGNATURE = types.int32(types.voidptr, types.voidptr, ULONG, types.voidptr, ULONG, types.voidptr)


@cfunc(SIGNATURE, cache=True)
def process(_inputs: int, outputs: int, frames: int, _times: int, _flags: int, words: int) -> int:
    """Play one period; the last argument is the address of the table."""
    table = carray(words, (DRIVER,), np.int64)
    n: Any = np.int64(frames)
    rows = table[ROWS]
    out = carray(outputs, (n, rows), np.float32)
    playing = ready(table, n)
    if playing:
        ring = carray(pointer(table[SAMPLES]), (rows, table[CAPACITY]), np.float32)
        for i in range(n):
            place = (table[READ] + i) % table[CAPACITY]
            for row in range(rows):
                out[i, row] = ring[row, place]
    else:
        out[:] = np.float32(0)
    drained(table, n if playing else 0)
    return 0

"""Records and tables that one process writes and another reads, in shared memory, without locks and system calls.

Every record carries its running number and a checksum over all of it. A reader takes it only if both fit, so one that is half
written, or whose parts become visible in another order than they were written in (ARM allows that), is simply not there yet.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from bridge.session.memory import Block

RECORD = struct.Struct("=qqqd")
"""Number, frame, address, value."""
CHECK = struct.Struct("=Q")
SLOT = RECORD.size + CHECK.size
HEAD = 64
"""Bytes before the slots: how many were taken, alone on its cache line."""
TABLE = struct.Struct("=qqQ")
"""Number, bytes, checksum."""
SEED = 0xFFFFFFFF


class Ring:
    """At most `capacity` records (frame, address, value) under way from one process to another.

    One process only puts, the other only takes; each has its own `Ring` over the same block.
    """

    def __init__(self, block: Block) -> None:
        self.capacity = (block.size - HEAD) // SLOT
        self._view = memoryview(block.view)
        # A whole aligned number is read and written at once; a packed one byte by byte.
        self._done = block.array((1,), np.int64)
        self._put = self._seen = self._taken = 0

    @staticmethod
    def size(capacity: int) -> int:
        """Return the bytes that a ring needs."""
        return HEAD + capacity * SLOT

    def put(self, frame: int, address: int, value: float) -> bool:
        """Put a record in; False if there is no room."""
        if self._put - self._seen >= self.capacity:
            self._seen = int(self._done[0])
            if self._put - self._seen >= self.capacity:
                return False
        start = HEAD + self._put % self.capacity * SLOT
        record = RECORD.pack(self._put, frame, address, value)
        self._view[start : start + SLOT] = record + CHECK.pack(zlib.crc32(record, 1))
        self._put += 1
        return True

    def take(self) -> tuple[int, int, float] | None:
        """Take the next record out; None if there is none."""
        start = HEAD + self._taken % self.capacity * SLOT
        raw = bytes(self._view[start : start + SLOT])
        number, frame, address, value = RECORD.unpack_from(raw)
        if number != self._taken or zlib.crc32(raw[: RECORD.size], 1) != CHECK.unpack_from(raw, RECORD.size)[0]:
            return None
        self._taken += 1
        self._done[0] = self._taken
        return frame, address, value


class Table:
    """Numbers [shape=(n,), float64] that one process writes as a whole, again and again, and others read."""

    def __init__(self, block: Block) -> None:
        self._view = memoryview(block.view)
        self._number = 0

    @staticmethod
    def size(n: int) -> int:
        """Return the bytes that a table of up to `n` numbers needs."""
        return TABLE.size + 8 * n

    def write(self, values: NDArray[np.float64]) -> None:
        """Write all; as many as there are."""
        self._number += 1
        raw = values.tobytes()
        self._view[TABLE.size : TABLE.size + len(raw)] = raw
        TABLE.pack_into(self._view, 0, self._number, len(raw), zlib.crc32(raw, self._number & SEED))

    def read(self) -> NDArray[np.float64] | None:
        """Return what was written last; None if nothing was yet, or the writer is at it right now: ask again."""
        number, length, check = TABLE.unpack_from(self._view)
        raw = bytes(self._view[TABLE.size : TABLE.size + length])
        if number == 0 or zlib.crc32(raw, number & SEED) != check:
            return None
        return np.frombuffer(raw, dtype=np.float64)

"""Samples in memory between the engine's thread, which fills, and a driver's callback, which drains without the GIL.

Both sides share one table of 64-bit words. The filling side owns `WRITTEN`, the draining side `READ`, `LATE` and `CALLS`;
both frame counters only ever grow. A bell (a pipe, or Linux' eventfd) wakes the filling side after each period.
"""

import contextlib
import ctypes
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bridge.audio.native import address, call, fence
from bridge.audio.sink import MOST_AHEAD, SinkLost
from engine.model.audio import Samples

# The words of the table. ---
SAMPLES: Final = 0  # address of the samples [shape=(ROWS, CAPACITY), float32]
ROWS: Final = 1
CAPACITY: Final = 2
WRITTEN: Final = 3
READ: Final = 4
LATE: Final = 5  # periods that were silent for want of samples
STATE: Final = 6
PERIOD: Final = 7  # frames that the last callback asked for
CALLS: Final = 8
PATIENT: Final = 9  # not 0: time does not run (freewheel), so wait for samples
SLEEP: Final = 10  # address of the system's sleep, and what it is told for a nap
NAP: Final = 11
RING: Final = 12  # address of the system's write, 0 where nothing can be rung; then file and 8 bytes to write
BELL: Final = 13
PEAL: Final = 14
DRIVER: Final = 16  # from here on: what the driver needs

# 0: nothing was written yet, so silence is not late
PLAYING: Final = 1
ENDING: Final = 2

NAPS: Final = 20_000
"""Naps of about 60 us (1 ms on Windows): patience ends after a second or more."""

STALLED_SECONDS: Final = 3.0
"""A device that asked for nothing for so long is lost."""

LEAVE_SECONDS: Final = 2.0

Table = NDArray[np.int64]


@njit("void(int64[::1], float32[:, ::1], float32[:, :])", cache=True, nogil=True)
def fill(table: Table, ring: Samples, block: Samples) -> None:
    """Put a block [shape=(ROWS, n)] behind what is there; there must be room."""
    rows, n = block.shape
    start = table[WRITTEN] % table[CAPACITY]
    first = min(n, table[CAPACITY] - start)
    for row in range(rows):
        ring[row, start : start + first] = block[row, :first]
        ring[row, : n - first] = block[row, first:]
    fence()
    table[WRITTEN] += n
    table[STATE] = PLAYING


@njit(cache=True, nogil=True)
def ready(table: Table, n: int) -> bool:
    """Return whether `n` frames are there; where time does not run, wait for them. To be called once in a period."""
    table[PERIOD] = n
    table[CALLS] += 1
    naps = 0
    while table[WRITTEN] - table[READ] < n:
        if table[PATIENT] == 0 or table[STATE] != PLAYING or naps == NAPS:
            if table[STATE] == PLAYING:
                table[LATE] += 1
            return False
        call(table[SLEEP], (table[NAP],))
        fence()
        naps += 1
    fence()
    return True


@njit(cache=True, nogil=True)
def drained(table: Table, n: int) -> None:
    """Give the room of `n` frames back (0 if none were there) and wake the filling side."""
    fence()
    table[READ] += n
    if table[RING] != 0:
        call(table[RING], (table[BELL], table[PEAL], np.int64(8)))


class Ring:
    """The filling side."""

    def __init__(self, rows: int, frames: int, words: int = 0) -> None:
        """Make a ring for blocks [shape=(rows, frames)], with so many words for the driver in its table."""
        self._capacity = (MOST_AHEAD + 1) * frames + 16_384
        self._samples = np.zeros((rows, self._capacity), np.float32)
        self._ahead = 0
        self._frames = frames
        self._one = np.ones(1, np.int64)
        self.table: Table = np.zeros(DRIVER + words, np.int64)
        self.table[[SAMPLES, ROWS, CAPACITY, PERIOD]] = self._samples.ctypes.data, rows, self._capacity, frames
        self.table[[SLEEP, NAP]] = _sleep()
        self._bell, self._pull = _bell()
        if self._pull is not None:
            self.table[[RING, BELL, PEAL]] = address(ctypes.CDLL(None).write), self._pull, self._one.ctypes.data
        self.lost = ""
        """Why nothing will drain any more; set from any thread."""

    @property
    def late(self) -> int:
        """Periods that were silent for want of samples."""
        return int(self.table[LATE])

    @property
    def written(self) -> int:
        """Frames written so far."""
        return int(self.table[WRITTEN])

    def lead(self, blocks: int) -> None:
        """Let so many blocks be rendered ahead."""
        self._ahead = (min(max(blocks, 1), MOST_AHEAD) - 1) * self._frames

    def write(self, block: Samples) -> None:
        """Put a block in and wait until the next one should be rendered; raises SinkLost."""
        fill(self.table, self._samples, block)
        # A driver may ask for more frames at once than a block has: then it must be let to gather.
        self._wait(lambda: max(self._ahead, int(self.table[PERIOD]) - 1))

    def end(self) -> None:
        """Wait until what is in flight has been drained and silence followed; raises SinkLost."""
        self.table[STATE] = ENDING
        self._wait(lambda: int(self.table[PERIOD]) - 1)
        calls = self.table[CALLS]
        self._until(lambda: bool(self.table[CALLS] >= calls + 2))

    def leave(self, close: Callable[[], object]) -> None:
        """Close the driver with `close`, then give the bell back.

        A driver that hangs is left behind after `LEAVE_SECONDS`, with the memory that it may still use.
        """
        leaving = threading.Thread(target=self._leave, args=(close,), daemon=True)
        leaving.start()
        leaving.join(LEAVE_SECONDS)

    def _leave(self, close: Callable[[], object]) -> None:
        close()
        for file in {self._bell, self._pull}:
            if file is not None:
                os.close(file)

    def _wait(self, allowed: Callable[[], int]) -> None:
        self._until(lambda: bool(self.table[WRITTEN] - self.table[READ] <= allowed()))

    def _until(self, done: Callable[[], bool]) -> None:
        calls, since = -1, time.monotonic()
        while not done():
            if self.lost:
                raise SinkLost(self.lost)
            if self.table[CALLS] != calls:
                calls, since = int(self.table[CALLS]), time.monotonic()
            elif time.monotonic() - since > STALLED_SECONDS:
                self.lost = f"the device has asked for no sound for {STALLED_SECONDS:g} s: it hangs or was taken away"
            self._listen()

    def _listen(self) -> None:
        """Wait for the bell, or a moment."""
        if self._bell is None:
            time.sleep(0.0005)
            return
        if select.select([self._bell], [], [], 0.1)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._bell, 4096)


def _sleep() -> tuple[int, int]:
    """Return the address of the system's sleep and the argument for its shortest useful nap."""
    if sys.platform == "win32":
        return address(ctypes.windll.kernel32.Sleep), 1
    return address(ctypes.CDLL(None).usleep), 10


def _bell() -> tuple[int | None, int | None]:
    """Return a file to listen to and one to ring by writing 8 bytes; none on Windows, where pipes cannot be waited for."""
    if sys.platform == "win32":
        return None, None
    if hasattr(os, "eventfd"):
        file = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return file, file
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    return ends


class RingSink:
    """What sinks have in common whose driver drains a ring."""

    _ring: Ring

    @property
    def late(self) -> int:
        """Periods that were silent for want of samples."""
        return self._ring.late

    def write(self, block: Samples) -> None:
        """Hand a block on; it is heard with the next period. Returns when that has been drained."""
        self._ring.write(block)

    def lead(self, blocks: int) -> None:
        """Let so many blocks be rendered ahead."""
        self._ring.lead(blocks)

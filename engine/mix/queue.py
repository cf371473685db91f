"""Commands on their way in: bounded, preallocated, sorted by frame.

One thread may put while another takes (each writes only its own end of the ring); nothing locks.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

NEVER = 2**62
"""A frame that does not come."""

NOTHING = -1
"""An address that nothing has."""

Frames = NDArray[np.int64]
Values = NDArray[np.float64]

PUT, TAKEN, WAITING = range(3)


@njit(cache=True, nogil=True)
def _sort_in(ring: Frames, ring_values: Values, waiting: Frames, values: Values, ends: Frames) -> None:
    """Move what was put into the waiting list, latest first; of equal frames the one put first stands last."""
    while ends[TAKEN] < ends[PUT] and ends[WAITING] < waiting.shape[0]:
        j = ends[TAKEN] % ring.shape[0]
        i = ends[WAITING]
        while i > 0 and waiting[i - 1, 0] <= ring[j, 0]:
            waiting[i], values[i] = waiting[i - 1], values[i - 1]
            i -= 1
        waiting[i], values[i] = ring[j], ring_values[j]
        ends[WAITING] += 1
        ends[TAKEN] += 1


class CommandQueue:
    """At most twice `capacity` commands as (frame, address, value)."""

    def __init__(self, capacity: int) -> None:
        self._ring, self._waiting = (np.zeros((capacity, 2), dtype=np.int64) for _ in range(2))
        self._ring_values, self._values = (np.zeros(capacity) for _ in range(2))
        self._ends = np.zeros(3, dtype=np.int64)
        self.next_frame()

    def put(self, frame: int, address: int, value: float) -> bool:
        """Put a command in; False if there is no room."""
        put = int(self._ends[PUT])
        if put - int(self._ends[TAKEN]) >= self._ring.shape[0]:
            return False
        i = put % self._ring.shape[0]
        self._ring[i, 0], self._ring[i, 1], self._ring_values[i] = frame, address, value
        self._ends[PUT] = put + 1
        return True

    def next_frame(self) -> int:
        """Return the frame of the earliest command, `NEVER` if there is none."""
        _sort_in(self._ring, self._ring_values, self._waiting, self._values, self._ends)
        count = int(self._ends[WAITING])
        return int(self._waiting[count - 1, 0]) if count else NEVER

    def forget(self, first: int, last: int) -> None:
        """Drop what waits for addresses in [first, last). Between two blocks; not while another thread puts."""
        self.next_frame()
        count = int(self._ends[WAITING])
        kept = [i for i in range(count) if not first <= self._waiting[i, 1] < last]
        self._waiting[: len(kept)], self._values[: len(kept)] = self._waiting[kept], self._values[kept]
        self._ends[WAITING] = len(kept)
        for j in range(int(self._ends[TAKEN]), int(self._ends[PUT])):
            place = j % self._ring.shape[0]
            if first <= self._ring[place, 1] < last:
                self._ring[place, 1] = NOTHING

    def take(self) -> tuple[int, float]:
        """Take out the earliest command after `next_frame` found one; return its address and value."""
        last = int(self._ends[WAITING]) - 1
        self._ends[WAITING] = last
        return int(self._waiting[last, 1]), float(self._values[last])

"""The last lines of something, numbered, so that who looks now and then misses none."""

import threading
from collections import deque

from engine.store.files import printable

KEPT = 200


class Recent:
    """Any thread may add and read."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self.count = 0
        """How many lines there were so far: the number of the last one."""

    def add(self, text: str) -> None:
        """Add a line."""
        with self._lock:
            self.count += 1
            self._lines.append((self.count, printable(text)))

    def since(self, number: int) -> list[tuple[int, str]]:
        """Return the lines after that number, with theirs; the oldest may be gone."""
        with self._lock:
            return [line for line in self._lines if line[0] > number]

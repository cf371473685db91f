"""The last seconds of the master, for who listens elsewhere: one process writes, any number read, nobody waits."""

from typing import Final

import numpy as np

from bridge.session.memory import Block
from engine.model.audio import Samples

LENGTH: Final = 2**17
"""Frames that are kept: 2.7 s at 48 kHz."""
HEAD: Final = 64
"""Bytes before the samples."""
BEGUN, DONE = range(2)
"""Up to which frame there is writing, and up to which it is done: what a reader copied meanwhile is not trusted."""


class Heard:
    """What went to the sink's master pair, interleaved, in a ring; each process has its own over the same block.

    Frames are counted from the engine's first one on. Where the order in which another processor sees bytes is not that in
    which they were written (ARM), the last frames of a reading may be those of the lap before; that takes a reader who is
    within nanoseconds of the writer.
    """

    def __init__(self, block: Block) -> None:
        self._frames = block.array((2,), np.int64)
        self._ring = block.array((LENGTH, 2), np.float32, HEAD)
        self._done = 0

    @staticmethod
    def size() -> int:
        """Return the bytes that it needs."""
        return HEAD + LENGTH * 2 * 4

    def put(self, samples: Samples) -> None:
        """Add a block [shape=(2, n)], `n` at most `LENGTH`."""
        place, n = self._done % LENGTH, samples.shape[1]
        first = min(n, LENGTH - place)
        self._done += n
        self._frames[BEGUN] = self._done
        self._ring[place : place + first] = samples[:, :first].T
        self._ring[: n - first] = samples[:, first:].T
        self._frames[DONE] = self._done

    def read(self, since: int) -> tuple[int, Samples]:
        """Return what was written from frame `since` on.

        Returns
        -------
        frame : int
            Up to where: ask for what comes from there on next time.
        samples : ndarray [shape=(2, n), float32]
            The last `n` frames before it. Fewer than from `since` on: the reader is too late, and the first are gone.
        """
        done = int(self._frames[DONE])
        first = max(since, done - LENGTH, 0)
        samples = self._ring[np.arange(first, max(first, done)) % LENGTH].T
        lost = int(self._frames[BEGUN]) - LENGTH - first
        return done, np.ascontiguousarray(samples[:, max(0, lost) :])

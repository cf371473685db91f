"""Room for a song's samples while they are decoded: memory, or for a long song a file.

The file has no name where the system allows that, and is gone with the samples in any case. They are mapped, so that the system
may take back the memory of what nobody is reading: an hour at 96 kHz is 2.8 GB.
"""

import tempfile
from pathlib import Path

import numpy as np

from engine.model.audio import Samples
from engine.model.errors import RemixtureError

LONG = 1 << 29
"""Bytes from which a song is kept in a file: 25 minutes of stereo at 44.1 kHz."""
BYTES = 4


class Room:
    """Takes in up to `frames` of so many channels, block by block. `folder` None: memory, however long."""

    def __init__(self, channels: int, frames: int, folder: Path | None = None) -> None:
        self._channels, self._frames, self._folder, self.done = channels, frames, folder, 0
        self._in_file = folder is not None and channels * frames * BYTES >= LONG
        if self._in_file:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the room
        else:
            self._samples = np.empty((channels, frames), dtype=np.float32)

    def put(self, block: Samples) -> None:
        """Take in the next block [shape=(channels, n)]; what is too much is left out.

        Raises
        ------
        RemixtureError
            If the disk is full.
        """
        block = block[:, : self._frames - self.done]
        if self._in_file:
            self._write(block)
        else:
            self._samples[:, self.done : self.done + block.shape[1]] = block
        self.done += block.shape[1]

    def _write(self, block: Samples) -> None:
        try:
            for channel, row in enumerate(block):
                self._file.seek((channel * self._frames + self.done) * BYTES)
                self._file.write(np.ascontiguousarray(row, dtype=np.float32).data)
            self._file.flush()
        except OSError as error:
            raise RemixtureError(f"cannot keep the song's samples in {self._folder}: {error.strerror}") from error

    def samples(self) -> Samples:
        """Return what was taken in [shape=(channels, done), float32]; the room is closed."""
        if not self._in_file:
            return np.ascontiguousarray(self._samples[:, : self.done])
        with self._file as file:
            file.truncate(self._channels * self._frames * BYTES)
            mapped = np.memmap(file, np.float32, "c", shape=(self._channels, self._frames))
        return np.asarray(mapped)[:, : self.done]

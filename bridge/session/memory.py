"""Memory that several processes see.

A block has no name that could be left behind: on Linux it is an anonymous file in memory (`memfd_create`), where memory is
short and on macOS a file that is unlinked as soon as it is open, on Windows a section that goes with its last handle. So it is
gone when the last process that holds it closes it, ends or is killed, and nobody has to tidy up. The descriptor travels through
a pipe.
"""

import mmap
import os
import sys
import tempfile
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.model.errors import RemixtureError

SHARE_OF_FREE = 0.75
"""How much of the free memory one block may take; a larger one becomes a mapped file."""
NO_FILE = -1


class Block:
    """`size` bytes, zero at first. `view` is all of them; arrays made from it keep them alive."""

    def __init__(self, size: int, descriptor: int, tag: str = "") -> None:
        self.size, self._descriptor, self._tag = size, descriptor, tag
        if sys.platform == "win32":
            self.view = mmap.mmap(NO_FILE, size, tagname=tag)
        else:
            self.view = mmap.mmap(descriptor, size)

    @classmethod
    def new(cls, size: int) -> Self:
        """Make one.

        Raises
        ------
        RemixtureError
            If neither memory nor disk has room.
        """
        size = max(size, mmap.PAGESIZE)
        if sys.platform == "win32":
            return cls(size, NO_FILE, f"remixture-{os.urandom(16).hex()}")
        if sys.platform == "linux" and size <= SHARE_OF_FREE * free_memory():
            descriptor = os.memfd_create("remixture", os.MFD_CLOEXEC)
            os.ftruncate(descriptor, size)
        else:
            descriptor = _file(size)
        return cls(size, descriptor)

    def array(self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, offset: int = 0) -> NDArray[Any]:
        """Return an array that lies `offset` bytes into the block."""
        count = int(np.prod(shape))
        return np.frombuffer(self.view, dtype=dtype, count=count, offset=offset).reshape(shape)

    def hand(self, pipe: Connection, pid: int) -> None:
        """Send the block to process `pid` at the other end of a pipe, which is to `take` it.

        Raises
        ------
        OSError
            If nobody is there any more.
        """
        pipe.send((self.size, self._tag))
        if self._descriptor != NO_FILE:
            reduction.send_handle(pipe, self._descriptor, pid)

    @classmethod
    def take(cls, pipe: Connection) -> Self:
        """Receive a block that the other end of a pipe hands over.

        Raises
        ------
        OSError, EOFError, RuntimeError
            If the other end goes away meanwhile.
        """
        size, tag = pipe.recv()
        return cls(size, NO_FILE if tag else reduction.recv_handle(pipe), tag)

    def close(self) -> None:
        """Give the descriptor back; the bytes go when no array uses them any more."""
        if self._descriptor != NO_FILE:
            os.close(self._descriptor)
            self._descriptor = NO_FILE


def free_memory() -> int:
    """Return the bytes that can be had without swapping, as Linux says; nothing where it does not."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)


def _file(size: int) -> int:
    try:
        with tempfile.TemporaryFile(prefix="remixture-") as file:
            if hasattr(os, "posix_fallocate"):
                # A sparse file on a full disk would kill the process that writes to it.
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                os.ftruncate(file.fileno(), size)
            return os.dup(file.fileno())
    except OSError as error:
        raise RemixtureError(
            f"{size / 1e9:.1f} GB of samples fit neither in memory nor in {tempfile.gettempdir()}: close a deck or make room"
        ) from error

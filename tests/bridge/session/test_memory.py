import multiprocessing
import os
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from bridge.session import memory
from bridge.session.memory import Block
from engine.model.errors import RemixtureError


def _double(pipe: Connection) -> None:
    block = Block.take(pipe)
    block.array((1000,))[:] *= 2.0
    pipe.send(None)


def named_files() -> list[str]:
    """Open files of ours that others could find."""
    targets = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [str(target) for target in targets if "remixture-" in target.name and not str(target).endswith("(deleted)")]


@pytest.mark.parametrize("free", [2**40, 0], ids=["memory", "file"])
def test_another_process_sees_the_same_bytes_and_they_have_no_name(
    free: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    block = Block.new(4000)
    block.array((1000,))[:] = np.arange(1000)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_double, args=(there,))
    process.start()

    block.hand(here, process.pid or 0)
    here.recv()
    process.join()

    np.testing.assert_array_equal(block.array((1000,)), 2.0 * np.arange(1000))
    assert not named_files()
    assert not list(tmp_path.iterdir())


def test_memory_goes_with_the_last_array() -> None:
    block = Block.new(1 << 20)
    array = block.array((100,))

    block.close()
    block.close()

    array[:] = 1.0
    assert array.sum() == 100.0


def test_no_room_anywhere_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "free_memory", lambda: 0)
    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(RemixtureError, match=r"5\.0 GB of samples fit neither in memory nor in .*: close a deck"):
        Block.new(5_000_000_000)

import threading

import numpy as np
import pytest

from bridge.session.heard import BEGUN, LENGTH, Heard
from bridge.session.memory import Block
from engine.model.audio import Samples


def counted(start: int, n: int) -> Samples:
    """Frames that say which they are; float32 counts them up to 2**24."""
    return np.stack([np.arange(start, start + n), -np.arange(start, start + n)]).astype(np.float32)


def pair() -> tuple[Heard, Heard]:
    block = Block.new(Heard.size())
    return Heard(block), Heard(block)


def test_what_was_put_is_read_from_where_the_reader_was() -> None:
    there, here = pair()
    there.put(counted(0, 500))
    assert here.read(0)[0] == 500

    there.put(counted(500, 300))

    frame, samples = here.read(500)
    assert frame == 800
    np.testing.assert_array_equal(samples, counted(500, 300))
    assert here.read(800)[1].shape == (2, 0)


@pytest.mark.parametrize("since", [801, 10**12])
def test_who_asks_for_what_is_to_come_is_told_where_it_stands(since: int) -> None:
    there, here = pair()
    there.put(counted(0, 800))

    frame, samples = here.read(since)

    assert (frame, samples.shape) == (800, (2, 0))


def test_a_reader_that_falls_behind_notices_and_gets_the_last() -> None:
    there, here = pair()
    block, laps = 1000, 2 * LENGTH // 1000
    for k in range(laps):
        there.put(counted(k * block, block))

    frame, samples = here.read(10)

    assert frame == laps * block
    np.testing.assert_array_equal(samples, counted(frame - LENGTH, LENGTH))


def test_what_is_being_written_over_is_not_given() -> None:
    block = Block.new(Heard.size())
    there, here = Heard(block), Heard(block)
    there.put(counted(0, LENGTH))
    block.array((2,), np.int64)[BEGUN] += 1000

    frame, samples = here.read(0)

    np.testing.assert_array_equal(samples, counted(1000, LENGTH - 1000))
    assert frame == LENGTH


def test_many_may_read_while_one_writes() -> None:
    there, here = pair()
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        since = 0
        while not done.is_set() or since < here.read(since)[0]:
            frame, samples = here.read(since)
            if not np.array_equal(samples, counted(frame - samples.shape[1], samples.shape[1])):
                wrong.append(frame)
            since = frame

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for start in range(0, 3 * LENGTH, 2048):
        there.put(counted(start, 2048))
    done.set()
    for reader in readers:
        reader.join()

    assert not wrong

import threading
import time

import numpy as np
import pytest

from bridge.session.memory import Block
from bridge.session.ring import HEAD, SLOT, Ring, Table


def pair(capacity: int) -> tuple[Ring, Ring, Block]:
    block = Block.new(Ring.size(capacity))
    return Ring(block), Ring(block), block


def test_what_was_put_comes_out_in_order() -> None:
    there, here, _ = pair(100)

    for k in range(100):
        assert there.put(k, -k, k / 3)

    assert [here.take() for _ in range(101)] == [*((k, -k, k / 3) for k in range(100)), None]


def test_a_full_ring_takes_nothing_until_there_is_room() -> None:
    there, here, _ = pair(100)
    while there.put(1, 2, 3.0):
        pass

    assert here.take() == (1, 2, 3.0)

    assert there.put(4, 5, 6.0)
    assert not there.put(7, 8, 9.0)


@pytest.mark.parametrize("byte", range(0, SLOT, 5))
def test_a_half_written_record_is_not_there_yet(byte: int) -> None:
    there, here, block = pair(100)
    there.put(12345, 678, 9.25)
    whole = block.view[HEAD + byte]
    block.view[HEAD + byte] = whole ^ 0x55

    assert here.take() is None

    block.view[HEAD + byte] = whole
    assert here.take() == (12345, 678, 9.25)


def test_nothing_is_lost_between_two_threads_over_many_laps() -> None:
    there, here, _ = pair(64)
    taken: list[tuple[int, int, float]] = []

    def take() -> None:
        end = time.monotonic() + 20.0
        while len(taken) < 5_000 and time.monotonic() < end:
            record = here.take()
            if record is not None:
                taken.append(record)

    reader = threading.Thread(target=take)
    reader.start()
    for k in range(5_000):
        while not there.put(k, 2 * k, -k):
            time.sleep(0)
    reader.join()

    assert taken == [(k, 2 * k, -k) for k in range(5_000)]


def test_a_table_is_read_as_a_whole_or_not_at_all() -> None:
    block = Block.new(Table.size(100))
    there, here = Table(block), Table(block)
    assert here.read() is None

    there.write(np.arange(100.0))
    np.testing.assert_array_equal(here.read(), np.arange(100.0))

    block.view[Table.size(50)] ^= 1
    assert here.read() is None

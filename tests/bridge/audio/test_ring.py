import threading
import time

import numpy as np
import pytest
from numba import njit

from bridge.audio.native import carray, pointer
from bridge.audio.ring import CAPACITY, LATE, PATIENT, PERIOD, READ, ROWS, SAMPLES, WRITTEN, Ring, drained, ready
from bridge.audio.sink import SinkLost
from engine.model.audio import Samples

FRAMES = 64


@njit(nogil=True)
def taken(table: np.ndarray, n: int) -> np.ndarray:
    """What a driver does in its callback."""
    ring = carray(pointer(table[SAMPLES]), (table[ROWS], table[CAPACITY]), np.float32)
    out = np.zeros((table[ROWS], n), np.float32)
    playing = ready(table, n)
    if playing:
        for i in range(n):
            out[:, i] = ring[:, (table[READ] + i) % table[CAPACITY]]
    drained(table, n if playing else 0)
    return out


class Driver(threading.Thread):
    """Takes `n` frames at a time, at a device's pace or a hasty one."""

    def __init__(self, ring: Ring, n: int, pause: float = 0.0005) -> None:
        super().__init__(daemon=True)
        self.got: list[Samples] = []
        self._ring, self._n, self._pause, self._going = ring, n, pause, True

    def run(self) -> None:
        while self._going:
            self.got.append(taken(self._ring.table, self._n))
            time.sleep(self._pause)

    def stop(self) -> Samples:
        self._going = False
        self.join()
        return np.concatenate(self.got, axis=1)


@pytest.fixture
def ring() -> Ring:
    ring = Ring(2, FRAMES)
    taken(ring.table, FRAMES)
    return ring


def counted(blocks: int) -> Samples:
    return np.arange(1, 2 * FRAMES * blocks + 1, dtype=np.float32).reshape(2, FRAMES * blocks)


@pytest.mark.parametrize("n", [FRAMES, FRAMES // 2, 4 * FRAMES, 96, 100])
@pytest.mark.parametrize("lead", [1, 7])
def test_any_period_gets_every_frame_in_order(ring: Ring, n: int, lead: int) -> None:
    blocks = 1000
    written = counted(blocks)
    ring.table[PERIOD] = n
    ring.lead(lead)
    driver = Driver(ring, n, 0.0)
    driver.start()
    for i in range(blocks):
        ring.write(written[:, i * FRAMES : (i + 1) * FRAMES])
    ring.end()
    got = driver.stop()
    sounding = got[:, np.flatnonzero(got[0])]
    np.testing.assert_array_equal(sounding, written[:, : sounding.shape[1]])
    assert sounding.shape[1] > written.shape[1] - n
    ring.leave(lambda: None)


def test_nothing_is_late_before_the_first_block_or_after_the_last(ring: Ring) -> None:
    driver = Driver(ring, FRAMES)
    driver.start()
    time.sleep(0.02)
    assert ring.late == 0
    ring.write(np.ones((2, FRAMES), np.float32))
    ring.end()
    late = ring.late
    time.sleep(0.02)
    assert ring.late == late
    driver.stop()
    ring.leave(lambda: None)


def test_missing_blocks_are_silence_and_counted(ring: Ring) -> None:
    ring.lead(2)
    ring.write(np.ones((2, FRAMES), np.float32))
    heard = [float(taken(ring.table, FRAMES)[0, 0]) for _ in range(4)]
    assert heard == [1.0, 0.0, 0.0, 0.0]
    assert ring.late == ring.table[LATE] == 3
    ring.leave(lambda: None)


def test_leading_blocks_do_not_wait(ring: Ring) -> None:
    ring.lead(8)
    for _ in range(7):
        ring.write(np.ones((2, FRAMES), np.float32))
    assert ring.table[WRITTEN] == 7 * FRAMES
    ring.leave(lambda: None)


def test_where_time_does_not_run_the_driver_waits(ring: Ring) -> None:
    ring.lead(2)
    ring.write(np.ones((2, FRAMES), np.float32))
    ring.table[PATIENT] = 1
    driver = Driver(ring, FRAMES)
    driver.start()
    time.sleep(0.05)
    ring.write(np.full((2, FRAMES), 2.0, np.float32))
    ring.table[PATIENT] = 0
    assert driver.stop()[0, : 2 * FRAMES].tolist() == [1.0] * FRAMES + [2.0] * FRAMES
    ring.leave(lambda: None)


def test_a_lost_driver_is_told_at_once(ring: Ring) -> None:
    ring.lost = "the server is gone"
    with pytest.raises(SinkLost, match="the server is gone"):
        ring.write(np.ones((2, FRAMES), np.float32))
    ring.leave(lambda: None)


def test_a_driver_that_hangs_while_it_closes_is_left_behind(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.audio.ring.LEAVE_SECONDS", 0.05)
    done = threading.Event()
    ring.leave(done.wait)
    done.set()


def test_a_driver_that_hangs_is_lost(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.audio.ring.STALLED_SECONDS", 0.2)
    with pytest.raises(SinkLost, match="asked for no sound"):
        ring.write(np.ones((2, FRAMES), np.float32))
    ring.leave(lambda: None)

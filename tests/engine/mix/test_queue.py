from hypothesis import given
from hypothesis import strategies as st

from engine.mix.queue import NEVER, CommandQueue


@given(frames=st.lists(st.integers(-5, 50), max_size=64))
def test_commands_come_out_by_frame_and_of_equals_in_the_order_put(frames: list[int]) -> None:
    queue = CommandQueue(64)
    for i, frame in enumerate(frames):
        assert queue.put(frame, i, float(i))

    out = []
    while (frame := queue.next_frame()) != NEVER:
        address, value = queue.take()
        assert value == address
        out.append((frame, address))

    assert out == sorted((frame, i) for i, frame in enumerate(frames))


def test_a_full_queue_says_so_and_loses_nothing() -> None:
    queue = CommandQueue(4)
    taken = [queue.put(i, i, 0.0) for i in range(6)]
    assert taken == [True] * 4 + [False] * 2
    assert [(queue.next_frame(), queue.take()[0]) for _ in range(4)] == [(i, i) for i in range(4)]
    assert queue.next_frame() == NEVER


def test_putting_and_taking_in_turn_goes_on_for_ever() -> None:
    queue = CommandQueue(4)
    for i in range(1000):
        assert queue.put(i, i, 0.5)
        assert queue.next_frame() == i
        assert queue.take() == (i, 0.5)

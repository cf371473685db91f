from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.takeover import NEAR, Grip

places = st.integers(0, 16383).map(lambda count: count / 16383)


def play(grip: Grip, moves: list[float], value: float) -> list[float]:
    """Move a control; return where the value went after each move."""
    values = []
    for control in moves:
        new = grip.move(control, value)
        if new is not None:
            value = new
            grip.left_at(value)
        values.append(value)
    return values


@given(st.lists(places, min_size=1, max_size=20), places)
def test_pickup_moves_a_value_only_from_near_or_across(moves: list[float], value: float) -> None:
    after = play(Grip("pickup"), moves, value)

    taken = next((i for i, new in enumerate(after) if new == moves[i]), len(moves))
    for before, control in pairwise(moves[:taken]):
        assert (before < value - NEAR and control < value - NEAR) or (before > value + NEAR and control > value + NEAR)
    if taken < len(moves):
        assert after[taken:] == moves[taken:]


@given(places, places, places)
def test_a_fast_move_across_is_a_pickup(start: float, end: float, value: float) -> None:
    low, high = sorted((start, end))

    after = play(Grip("pickup"), [low, high], value)

    assert (after[-1] == high) if low <= value <= high else (after[-1] in {value, high})


def test_another_hand_on_the_value_loosens_the_grip() -> None:
    grip = Grip("pickup")
    assert play(grip, [0.5, 0.6], 0.5) == [0.5, 0.6]

    assert play(grip, [0.61, 0.62], 0.1) == [0.1, 0.1]
    assert play(grip, [0.3, 0.05], 0.1) == [0.1, 0.05]


@given(st.lists(places, min_size=1, max_size=20), places)
def test_jump_follows_at_once(moves: list[float], value: float) -> None:
    assert play(Grip("jump"), moves, value) == moves


@given(st.lists(places, min_size=2, max_size=20), places)
def test_scale_keeps_direction_and_range(moves: list[float], value: float) -> None:
    after = play(Grip("scale"), moves, value)

    assert all(0 <= new <= 1 for new in after)
    for i in range(1, len(moves)):
        assert (after[i] - after[i - 1]) * (moves[i] - moves[i - 1]) >= -1e-12


@pytest.mark.parametrize("end", [0.0, 1.0])
@given(start=places, value=places)
def test_scale_reaches_the_end_with_the_control(end: float, start: float, value: float) -> None:
    after = play(Grip("scale"), [start, (start + end) / 2, end], value)

    assert after[-1] == pytest.approx(end, abs=1e-9) or start == end

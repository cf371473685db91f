import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.command import Command
from engine.model.take import RECORD, Recording, recordings


def switched(*turns: tuple[int, float]) -> tuple[Recording, ...]:
    """What these switches (frame, on or off) mark, with other commands between."""
    other = [Command(frame, "master.gain", 1.0) for frame, _ in turns]
    return recordings([one for pair in zip(other, (Command(at, RECORD, on) for at, on in turns), strict=True) for one in pair])


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        ((), ()),
        (((5, 0),), ()),
        (((5, 1),), (Recording(1, 5),)),
        (((5, 1), (9, 0), (20, 1)), (Recording(1, 5, 9), Recording(2, 20))),
        (((5, 1), (7, 1), (9, 0)), (Recording(1, 5, 9),)),
        (((5, 1), (5, 0), (6, 1), (8, 0), (9, 0)), (Recording(1, 6, 8),)),
    ],
)
def test_a_recording_goes_from_on_to_off(turns: tuple[tuple[int, float], ...], wanted: tuple[Recording, ...]) -> None:
    assert switched(*turns) == wanted


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from([0.0, 1.0]))))
def test_recordings_are_numbered_in_order_apart_and_only_the_last_goes_on(turns: list[tuple[int, float]]) -> None:
    found = switched(*sorted(turns, key=lambda turn: turn[0]))

    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert all(one.end is not None and one.start < one.end for one in found[:-1])
    assert all((one.end or 0) <= after.start for one, after in itertools.pairwise(found))

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.dsp.delay import delay_line, delay_state, delayed

LENGTH = 480
LONGEST = 700


def late(x: NDArray[np.float64], moves: dict[int, int], cuts: tuple[int, ...] = (), first: int = 0) -> NDArray[np.float64]:
    """The signal [shape=(2, frames)] with the delay set at these frames, in pieces."""
    y, line, state, frames = x.copy(), delay_line(LONGEST), delay_state(first), first
    for a, b in itertools.pairwise(sorted({0, x.shape[1], *moves, *cuts})):
        frames = moves.get(a, frames)
        delayed(y, a, b - a, line, state, frames, LENGTH)
    return y


def noise(frames: int) -> NDArray[np.float64]:
    return np.random.default_rng(7).uniform(-1, 1, (2, frames))


@pytest.mark.parametrize("frames", [0, 1, 64, LONGEST])
def test_what_comes_out_is_what_went_in_so_many_frames_before(frames: int) -> None:
    x = noise(3000)

    y = late(x, {}, first=frames)

    np.testing.assert_array_equal(y[:, frames:], x[:, : 3000 - frames])
    assert np.all(y[:, :frames] == 0.0)


@pytest.mark.parametrize(("first", "then"), [(0, 300), (300, 0), (300, LONGEST), (17, 16)])
def test_a_new_length_holds_exactly_after_the_fade(first: int, then: int) -> None:
    x = noise(4000)

    y = late(x, {1000: then}, first=first)

    np.testing.assert_array_equal(y[:, first:1000], x[:, : 1000 - first])
    np.testing.assert_array_equal(y[:, 1000 + LENGTH :], x[:, 1000 + LENGTH - then : 4000 - then])


def test_a_length_that_comes_during_a_fade_is_reached_after_it() -> None:
    x = noise(4000)

    y = late(x, {1000: 100, 1100: 200, 1200: 300})

    np.testing.assert_array_equal(y[:, 1000 + 2 * LENGTH :], x[:, 700 + 2 * LENGTH : 3700])


def test_a_change_does_not_click() -> None:
    x = np.tile(np.sin(2 * np.pi * 100 * np.arange(20_000) / 48_000), (2, 1))

    y = late(x, {5000: 240, 9000: 0, 12_000: LONGEST})

    steepest = np.abs(np.diff(x)).max()
    assert np.abs(np.diff(y)).max() < steepest + 2 * 1.5 / LENGTH  # the fade's own slope between opposite signs


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 3999), max_size=12))
def test_cutting_changes_no_bit(cuts: list[int]) -> None:
    moves = {100: 30, 700: 0, 1500: LONGEST, 1600: 2, 3000: 0}
    np.testing.assert_array_equal(late(noise(4000), moves), late(noise(4000), moves, tuple(cuts)))

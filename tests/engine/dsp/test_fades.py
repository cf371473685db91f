import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.dsp.fades import glide_to, glides, multiply_glide

LENGTH = 441


def curve(targets: dict[int, float], frames: int, cuts: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """The gain that starts at 1 and is sent to new targets at these frames, rendered in pieces."""
    row, levels = glides(np.ones(1))[0], np.ones(frames)
    edges = sorted({0, frames, *targets, *cuts})
    for a, b in itertools.pairwise(edges):
        if a in targets:
            glide_to(row, targets[a], LENGTH)
        multiply_glide(row, LENGTH, levels[a:b], b - a)
    return levels


def test_a_glide_ends_on_its_target_exactly() -> None:
    levels = curve({100: 0.3}, 1000)
    assert np.all(levels[:101] == 1.0)
    assert np.all(levels[100 + LENGTH :] == 0.3)


def test_a_glide_is_monotonic() -> None:
    assert np.all(np.diff(curve({0: 0.0}, 600)) <= 0)


def test_cutting_changes_no_bit() -> None:
    targets = {50: 0.2, 200: 3.0, 230: 0.0}
    np.testing.assert_array_equal(curve(targets, 900), curve(targets, 900, cuts=(1, 51, 100, 199, 333, 671)))


@pytest.mark.parametrize("again", [1, 100, 220, 440])
def test_a_new_target_on_the_way_makes_no_corner(again: int) -> None:
    levels = curve({0: 0.0, again: 0.7}, 1200)

    corner = np.abs(np.diff(levels, n=2)).max()

    assert corner < 20 / LENGTH**2  # a corner would be of order 1 / LENGTH


def test_a_stream_of_targets_is_followed() -> None:
    targets = {k * 44: 1.0 - k / 50 for k in range(1, 51)}

    levels = curve(targets, 3000)

    wanted = np.interp(np.arange(2200), list(targets), list(targets.values()))
    assert np.abs(levels[600:2200] - wanted[600:]).max() < 0.25
    assert levels[-1] == 0.0


def test_at_once_is_at_once() -> None:
    row, levels = glides(np.ones(1))[0], np.ones(4)
    glide_to(row, 0.25, 0)
    multiply_glide(row, LENGTH, levels, 4)
    assert np.all(levels == 0.25)

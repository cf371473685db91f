import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dsp.crossfade import CUT, LINEAR, POWER, side_gain

CURVES = [POWER, LINEAR, CUT]


@pytest.mark.parametrize("curve", CURVES)
def test_at_the_ends_one_side_is_full_and_the_other_gone(curve: int) -> None:
    assert (side_gain(-1.0, -1.0, curve), side_gain(-1.0, 1.0, curve)) == (1.0, 0.0)
    assert (side_gain(1.0, -1.0, curve), side_gain(1.0, 1.0, curve)) == (0.0, 1.0)


@given(x=st.floats(-1, 1), curve=st.sampled_from(CURVES))
def test_a_deck_on_no_side_is_untouched(x: float, curve: int) -> None:
    assert side_gain(x, 0.0, curve) == 1.0


@given(x=st.floats(-1, 1), curve=st.sampled_from(CURVES))
def test_the_sides_mirror_each_other(x: float, curve: int) -> None:
    assert side_gain(x, -1.0, curve) == side_gain(-x, 1.0, curve)


@given(x=st.floats(-1, 1), y=st.floats(-1, 1), curve=st.sampled_from(CURVES))
def test_the_right_rises_to_the_right(x: float, y: float, curve: int) -> None:
    assert 0.0 <= side_gain(min(x, y), 1.0, curve) <= side_gain(max(x, y), 1.0, curve) <= 1.0


@given(x=st.floats(-1, 1))
def test_power_keeps_the_power(x: float) -> None:
    assert side_gain(x, -1.0, POWER) ** 2 + side_gain(x, 1.0, POWER) ** 2 == pytest.approx(1.0, abs=1e-12)


@given(x=st.floats(-1, 1))
def test_linear_keeps_the_sum(x: float) -> None:
    assert side_gain(x, -1.0, LINEAR) + side_gain(x, 1.0, LINEAR) == pytest.approx(1.0, abs=1e-12)


@given(x=st.floats(-1, 0.9))
def test_cut_is_full_until_the_last_of_the_way(x: float) -> None:
    assert side_gain(x, -1.0, CUT) == pytest.approx(1.0, abs=1e-12)
    assert side_gain(0.95, -1.0, CUT) == pytest.approx(0.5)

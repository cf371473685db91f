import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import RemixtureError
from engine.model.params import PARAMS, Param, find


@pytest.mark.parametrize("param", PARAMS, ids=lambda param: param.pattern)
class TestEveryParam:
    def test_its_default_is_within_its_range(self, param: Param) -> None:
        assert param.check(param.default) == param.default

    def test_a_control_reaches_both_ends(self, param: Param) -> None:
        assert param.map(0.0) == pytest.approx(param.low)
        assert param.map(1.0) == pytest.approx(param.high)

    def test_a_control_beyond_its_ends_is_held(self, param: Param) -> None:
        assert param.map(-1.0) == param.map(0.0)
        assert param.map(2.0) == param.map(1.0)

    def test_nan_is_refused(self, param: Param) -> None:
        with pytest.raises(RemixtureError):
            param.check(math.nan)


@given(share=st.floats(0, 1), param=st.sampled_from([param for param in PARAMS if param.curve in {"linear", "log"}]))
def test_unmap_undoes_map(share: float, param: Param) -> None:
    assert param.unmap(param.map(share)) == pytest.approx(share, abs=1e-9)


@given(share=st.floats(0, 1), param=st.sampled_from([param for param in PARAMS if param.curve == "steps"]))
def test_unmap_undoes_map_to_half_a_step(share: float, param: Param) -> None:
    value = param.map(share)

    assert param.check(value) == value
    assert abs(param.unmap(value) - share) <= 0.5 / (param.high - param.low) + 1e-9


@given(data=st.data(), param=st.sampled_from([param for param in PARAMS if param.curve == "steps"]))
def test_map_undoes_unmap_at_every_step(data: st.DataObject, param: Param) -> None:
    value = float(data.draw(st.integers(int(param.low), int(param.high))))

    assert param.map(param.unmap(value)) == value


def test_the_middle_of_a_gain_is_0_db() -> None:
    assert find("deck.a.drums.gain").map(0.5) == 0.0


def test_a_gain_of_13_is_refused_with_value_range_and_unit() -> None:
    with pytest.raises(RemixtureError, match=r"deck\.a\.drums\.gain must be within -12 to 12 dB, got 13 dB"):
        find("deck.a.drums.gain").check(13.0, "deck.a.drums.gain")


def test_a_tempo_of_0_is_refused() -> None:
    with pytest.raises(RemixtureError, match=r"0\.25 to 4 .*got 0"):
        find("deck.a.tempo").check(0.0)


def test_a_switch_takes_no_half() -> None:
    with pytest.raises(RemixtureError, match=r"0 or 1, got 0\.5"):
        find("deck.a.drums.mute").check(0.5)


def test_a_controller_is_held_at_the_ends() -> None:
    gain = find("deck.b.loop-1.gain")
    assert (gain.clamp(13.0), gain.clamp(-99.0), gain.clamp(3.0)) == (12.0, -12.0, 3.0)


@pytest.mark.parametrize("path", ["", "deck", "deck.a", "deck.a.colour", "deck.a.drums.colour", "deck.a.b.c.gain", "master"])
def test_an_unknown_path_names_the_ones_there_are(path: str) -> None:
    with pytest.raises(RemixtureError, match=r"deck\.\{deck\}\.\{source\}\.gain"):
        find(path)

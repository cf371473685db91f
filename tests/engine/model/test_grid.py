import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.grid import Beatgrid, GridReport


@given(bpm=st.floats(40, 300), downbeat=st.floats(0, 5), seconds=st.floats(6, 100), beats_per_bar=st.integers(1, 7))
def test_a_steady_grid_has_its_tempo_and_its_downbeat(bpm: float, downbeat: float, seconds: float, beats_per_bar: int) -> None:
    grid = Beatgrid.steady_at(bpm, downbeat, seconds, beats_per_bar)

    assert grid.bpm == pytest.approx(bpm, rel=1e-9)
    assert grid.steady
    bars = (downbeat - grid.bar_seconds(0)) / (60 / bpm * beats_per_bar)
    assert bars == pytest.approx(round(bars), abs=1e-6)
    assert grid.times[0] < 60 / bpm + 1e-6


def test_seconds_and_beats_are_inverse_on_a_drifting_grid_and_beyond_its_ends() -> None:
    grid = Beatgrid(np.cumsum([0.5, 0.5, 0.52, 0.48, 0.55, 0.5, 0.4]), 1, 3)

    for beat in np.linspace(-5, 12, 100):
        assert grid.beat(grid.seconds(beat)) == pytest.approx(beat)


def test_a_grid_that_wavers_by_more_than_5_ms_is_not_steady() -> None:
    times = np.arange(32, dtype=np.float64) * 0.5
    wavering = times + 0.02 * np.sin(np.arange(32))

    assert Beatgrid(times).steady
    assert not Beatgrid(wavering).steady


def test_bars_are_counted_from_the_first_downbeat_and_only_if_they_end_inside() -> None:
    grid = Beatgrid.steady_at(120, 1.0, 10.0)

    assert grid.full_bars(9.0) == 4
    assert grid.full_bars(8.9) == 3
    np.testing.assert_array_equal(grid.bar_frames(1000, 9000), [1000, 3000, 5000, 7000, 9000])


@pytest.mark.parametrize("times", [[1.0], [1.0, 1.0], [2.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_times_that_do_not_rise_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="rising seconds"):
        Beatgrid(np.array(times))


def test_the_surest_grid_wins_and_the_report_names_the_others() -> None:
    slow, fast = Beatgrid.steady_at(100, 0, 10), Beatgrid.steady_at(200, 0, 10)

    report = GridReport.best([(slow, "one", 0.3), (fast, "two", 0.9)])

    assert report.method == "two"
    assert report.grid is fast
    assert "one 0.30" in report.why
    assert [c.method for c in report.candidates] == ["two", "one"]

"""How far a job is and how long it takes, on made-up clocks."""

import pytest

from bridge.session.forecast import EARLY_SECONDS, Forecast, expected
from engine.model.stemchoice import StemChoice

STEPS = {"decode": 1.0, "grid": 3.0, "loops": 40.0, "stems": 60.0}


def walked(forecast: Forecast, took: dict[str, float], ticks: int = 50) -> list[tuple[float, float, float | None]]:
    """(true seconds left, share, seconds left) at every tick of steps that take so long."""
    now, end, seen = 100.0, 100.0 + sum(took.values()), []
    for step, seconds in took.items():
        forecast.begin(step, now)
        for k in range(ticks):
            forecast.go_on(k / ticks)
            seen.append((end - now, *forecast.look(now)))
            now += seconds / ticks
    return seen


@pytest.mark.parametrize("slower", [0.25, 1.0, 6.0])
def test_share_never_falls_and_the_end_is_foreseen_on_any_machine(slower: float) -> None:
    seen = walked(Forecast(STEPS), {step: slower * seconds for step, seconds in STEPS.items()})

    shares = [share for _, share, _ in seen]
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] < 1.0
    stems = [(true, left) for true, _, left in seen[-50:]]
    assert all(left == pytest.approx(true, rel=0.2) for true, left in stems)


def test_a_whole_that_goes_as_expected_goes_evenly() -> None:
    seen = walked(Forecast(STEPS), STEPS)

    total = sum(STEPS.values())
    assert all(share == pytest.approx(1.0 - true / total, abs=0.02) for true, share, _ in seen)


def test_steps_that_were_done_before_cost_nothing() -> None:
    forecast = Forecast(STEPS)

    forecast.begin("loops", 0.0)
    forecast.begin("stems", 40.0)
    share, left = forecast.look(70.0)

    assert share == pytest.approx(0.7, abs=0.02)
    assert left == pytest.approx(30.0, abs=1.0)


def test_a_step_that_comes_late_or_was_never_expected_breaks_nothing() -> None:
    seen = walked(Forecast(STEPS), {"loops": 40.0, "decode": 1.0, "polish": 5.0, "stems": 60.0})

    shares = [share for _, share, _ in seen]
    assert shares == sorted(shares)
    true, _, left = seen[-1]
    assert left == pytest.approx(true, abs=1.0)


def test_nobody_knows_anything_at_first() -> None:
    forecast = Forecast(STEPS)

    assert forecast.look(5.0) == (0.0, None)
    forecast.begin("decode", 10.0)
    assert forecast.look(10.0 + 0.9 * EARLY_SECONDS)[1] is None
    assert forecast.look(10.0 + EARLY_SECONDS)[1] is not None


def test_a_job_of_which_nothing_was_expected_is_judged_by_its_own_pace() -> None:
    seen = walked(Forecast({}), {"bounce": 30.0})

    assert seen[0][1] == 0.0
    assert all(left == pytest.approx(true, rel=0.2) for true, share, left in seen if share > 0.35 and left is not None)


def test_a_step_that_is_overdue_holds_the_share_where_it_is() -> None:
    forecast = Forecast({"map": 1.0})
    forecast.begin("map", 0.0)

    share, left = forecast.look(500.0)

    assert share < 1.0
    assert left == 0.0


def test_another_separator_is_another_expectation() -> None:
    assert "stems" not in expected(180.0, None)
    assert expected(180.0, "demucs")["stems"] > 3 * expected(180.0, "builtin")["stems"]
    forecast = Forecast(expected(180.0, "demucs"))
    forecast.begin("stem model", 0.0)
    before = forecast.look(1.0)[1]
    forecast.expect("stems", 1.0)
    after = forecast.look(1.0)[1]

    assert before is not None
    assert after is not None
    assert after < 0.1 * before


def test_clean_drums_come_last_and_cost_where_they_are_asked_for() -> None:
    assert "clean drums" not in expected(60.0, "builtin")
    assert list(expected(60.0, "builtin", clean_drums=True))[-2:] == ["stems", "clean drums"]


@pytest.mark.parametrize("choice", [choice for choice in StemChoice if choice not in {StemChoice.AUTO, StemChoice.NONE}])
def test_every_separator_has_its_price_and_a_longer_song_a_higher_one(choice: StemChoice) -> None:
    assert 0 < expected(60.0, choice)["stems"] < expected(120.0, choice)["stems"]

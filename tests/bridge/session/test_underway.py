import pytest

from bridge.session.underway import MOST, WAIT_SECONDS, Underway

GAIN, MUTE = "deck.a.drums.gain", "deck.a.drums.mute"


@pytest.fixture
def underway() -> Underway:
    return Underway()


def test_what_happens_by_itself_is_news(underway: Underway) -> None:
    assert underway.newest("deck.a.play", 0.0, 0.0)


def test_of_many_values_only_the_last_is_news(underway: Underway) -> None:
    for k in range(1000):
        underway.sent(GAIN, float(k), k / 1000)

    assert [underway.newest(GAIN, float(k), 1.0 + k / 10_000) for k in range(1000)] == [False] * 999 + [True]


def test_a_switch_turned_to_and_fro_does_not_flicker(underway: Underway) -> None:
    for value in (1.0, 0.0, 1.0):
        underway.sent(MUTE, value, 0.0)

    assert [underway.newest(MUTE, value, 0.01) for value in (1.0, 0.0, 1.0)] == [False, False, True]


def test_other_paths_do_not_matter(underway: Underway) -> None:
    underway.sent(GAIN, -3.0, 0.0)

    assert underway.newest(MUTE, 1.0, 0.0)


def test_values_that_found_no_room_are_not_waited_for(underway: Underway) -> None:
    for value in (1.0, 2.0, 3.0):
        underway.sent(GAIN, value, 0.0)

    assert underway.newest(GAIN, 3.0, 0.1)
    assert underway.newest(GAIN, 7.0, 0.1)


def test_something_older_is_no_news_while_something_newer_is_on_its_way(underway: Underway) -> None:
    underway.sent("deck.a.play", 1.0, 0.0)

    assert not underway.newest("deck.a.play", 0.0, WAIT_SECONDS / 2)
    assert underway.newest("deck.a.play", 1.0, WAIT_SECONDS / 2)


def test_what_never_comes_back_is_given_up(underway: Underway) -> None:
    for k in range(2 * MOST):
        underway.sent(GAIN, float(k), 0.0)

    assert not underway.newest(GAIN, -1.0, WAIT_SECONDS / 2)
    assert underway.newest(GAIN, -1.0, WAIT_SECONDS + 0.01)

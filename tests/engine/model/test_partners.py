import pytest

from engine.model.key import parse_key
from engine.model.partners import Pulse, partners


def pulse(bpm: float, key: str | None = None) -> Pulse:
    return Pulse(bpm, parse_key(key) if key else None)


def test_the_reason_says_what_changes() -> None:
    songs = [pulse(128.0, "E minor"), pulse(126.0, "A minor"), pulse(63.0, "B minor")]

    (first, second), *_ = partners(songs)

    assert (first.other, first.semitones) == (1, 0)
    assert first.tempo_ratio == pytest.approx(128 / 126)
    assert first.reason == "128.0 for 126.0 bpm (+1.6 %), 8A to 9A: neighbours"
    assert second.tempo_ratio == pytest.approx(64 / 63)
    assert second.reason == "64.0 for 63.0 bpm (+1.6 %) in half time, 10A to 9A: neighbours"


def test_a_shift_is_part_of_the_reason() -> None:
    ((found,), _) = partners([pulse(100.0, "C major"), pulse(100.001, "B major")])

    assert found.semitones == 1
    assert found.reason == "100.0 for 100.0 bpm (+0.0 %), 1B by +1 semitone is 8B to 8B: the same notes"


def test_less_change_ranks_first() -> None:
    songs = [pulse(120.0, "A minor"), pulse(139.0, "A minor"), pulse(121.0, "D# minor"), pulse(121.0, "A minor"), pulse(121.0)]

    ranked = partners(songs)[0]

    assert [partner.other for partner in ranked] == [3, 4, 2, 1]
    assert [partner.cost for partner in ranked] == sorted(partner.cost for partner in ranked)


@pytest.mark.parametrize("bpm", [60.0, 77.0, 85.0, 170.0, 250.0])
def test_the_tempo_changes_by_less_than_half_an_octave(bpm: float) -> None:
    ((found,), (back,)) = partners([pulse(120.0), pulse(bpm)])

    assert 2**-0.5 <= found.tempo_ratio <= 2**0.5
    assert found.tempo_ratio * back.tempo_ratio == pytest.approx(1.0)


def test_a_song_without_tempo_is_nobodys_partner() -> None:
    assert [[p.other for p in row] for row in partners([pulse(120.0), None, pulse(125.0)])] == [[2], [], [0]]
    assert partners([]) == ()

import numpy as np
import pytest

from engine.analysis.drums import Drum, find_drums, played
from engine.analysis.drums.groups import once
from engine.dsp.levels import si_sdr_db
from engine.dsp.sdr import sdr_db, source_gains
from engine.model.audio import Audio, Samples
from tests.engine.analysis.drums import beats

BLEED = np.float32(0.4)
Found = tuple[tuple[Drum, ...], Samples, Audio]


@pytest.fixture(scope="module")
def found() -> Found:
    """Drums found in a stem into which everything else bleeds; the clean ones; that stem."""
    stem = Audio(np.float32(0.9) * beats.drums() + BLEED * beats.others(), beats.RATE)
    drums = find_drums(stem, Audio(beats.drums() + beats.others(), beats.RATE))
    return drums, played(drums, stem), stem


@pytest.mark.parametrize("kind", ["kick", "snare", "hat"])
def test_every_strike_is_found_and_classed(found: Found, kind: str) -> None:
    times = np.sort(np.concatenate([drum.strikes_s(beats.RATE) for drum in found[0] if drum.kind.name == kind]))
    true = np.sort(beats.strikes()[kind])

    assert times.size == true.size
    assert np.abs(times - true).max() < 0.01


def test_a_drum_is_found_once(found: Found) -> None:
    assert [drum.kind.name for drum in found[0]] == ["kick", "snare", "hat"]


def test_what_was_moved_to_one_strike_is_struck_once() -> None:
    at, alike = np.array([900, 100, 500, 512]), np.array([0.9, 0.8, 0.7, 0.9])

    assert once(at, alike, 100).tolist() == [100, 512, 900]
    assert once(at[:1], alike[:1], 100).tolist() == [900]


def test_levels_follow_the_strikes(found: Found) -> None:
    rng = np.random.default_rng(2)
    for drum in found[0]:
        true = rng.uniform(0.6, 1.0, drum.at.size)
        assert np.corrcoef(drum.gains, true)[0, 1] > 0.9


def test_clean_drums_are_nearer_to_the_drums_than_the_stem_was(found: Found) -> None:
    _, clean, stem = found
    true = beats.drums()

    assert sdr_db(clean, true) > sdr_db(stem.samples, true) + 3.0
    assert si_sdr_db(clean, true) > si_sdr_db(stem.samples, true) + 3.0


def test_what_bled_in_is_gone(found: Found) -> None:
    _, clean, stem = found

    before, after = source_gains([stem.samples, clean], [beats.drums(), beats.others()])[:, 1]

    assert abs(after) < 0.1 * abs(before)


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_silence_has_no_drums(rate: int) -> None:
    silent = Audio(np.zeros((1, rate), dtype=np.float32), rate)

    assert find_drums(silent, silent) == ()
    assert not played((), silent).any()


def test_what_a_separator_leaves_of_nothing_is_not_played_as_loud_as_the_song() -> None:
    song = Audio(beats.drums(), beats.RATE)

    assert find_drums(Audio(np.float32(1e-5) * song.samples, beats.RATE), song) == ()


def test_a_held_tone_is_not_struck() -> None:
    t = np.arange(2 * beats.RATE) / beats.RATE
    tone = Audio((0.3 * np.sin(2 * np.pi * 330 * t) * np.minimum(1, t))[None].astype(np.float32), beats.RATE)

    assert np.abs(played(find_drums(tone), tone)).max() < 0.01


def test_a_drum_that_is_never_the_same_is_played_by_one_of_its_strikes() -> None:
    rng = np.random.default_rng(4)
    stem = np.zeros((1, 4 * beats.RATE), dtype=np.float32)
    fall = np.exp(-np.arange(round(0.2 * beats.RATE)) / (0.03 * beats.RATE))
    for at in range(8):
        start = round((0.1 + 0.45 * at) * beats.RATE)
        stem[0, start : start + fall.size] += (0.2 * rng.standard_normal(fall.size) * fall).astype(np.float32)
    audio = Audio(stem, beats.RATE)

    drums = find_drums(audio)

    assert drums
    assert not any(drum.repeats for drum in drums)
    level = np.square(played(drums, audio)).sum() / np.square(stem).sum()
    assert 0.3 < level < 3.0

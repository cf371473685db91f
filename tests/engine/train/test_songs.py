from pathlib import Path

import numpy as np
import pytest

from engine.model.errors import RemixtureError
from engine.train import notes, songs, sources, synths, voices

RATE = 44_100


def test_a_song_depends_on_its_numbers_alone(bank: songs.Bank) -> None:
    first = songs.song(bank, 3, 7, 2.0)
    songs.song(bank, 3, 8, 2.0)

    np.testing.assert_array_equal(songs.song(bank, 3, 7, 2.0), first)
    assert not np.array_equal(songs.song(bank, 4, 7, 2.0), first)
    assert not np.array_equal(songs.song(bank, 3, 8, 2.0), first)


def test_each_source_plays_about_equally_loud(bank: songs.Bank) -> None:
    for index in range(4):
        song = songs.song(bank, 0, index, 3.0)
        level = 20 * np.log10(np.sqrt(np.mean(np.square(song), axis=(1, 2))))

        assert song.shape == (4, 2, 3 * RATE)
        assert np.all(np.isfinite(song))
        assert np.all((level > -32) & (level < -19)), level


def test_a_plan_stays_in_its_scale() -> None:
    plan = songs.Plan(0.5, 2, songs.MINOR, (0, 4, 5, 3), 0.0, 4.0)

    classes = {plan.pitch(step, 40) % 12 for step in range(-7, 21)}

    assert classes == {(2 + step) % 12 for step in songs.MINOR}
    assert plan.pitch(0, 40) in range(40, 52)
    assert [plan.chord(at) for at in (0.0, 2.1, 4.1, 6.1, 8.1)] == [0, 4, 5, 3, 0]


@pytest.mark.parametrize("shape", range(5))
def test_a_synth_plays_the_pitch_it_is_told(shape: int) -> None:
    note = synths.Synth(shape, 0.0, 0.004, 1.0, 1.0, 1.0, 4000.0).note(69.0, 1.0, np.random.default_rng(0))

    power = np.abs(np.fft.rfft(note[:RATE])) ** 2
    assert abs(int(np.argmax(power)) - 440) <= 1
    assert np.abs(note).max() <= 1.2


def test_a_sampled_note_is_read_at_the_wanted_pitch() -> None:
    tone = np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE).astype(np.float16)

    note = notes.Sampled((57,), (tone,)).note(60.0, 0.9, np.random.default_rng(0))

    power = np.abs(np.fft.rfft(note, RATE)) ** 2
    assert abs(int(np.argmax(power)) - 220 * 2**0.25) <= 1


def test_a_phrase_is_found_and_moved_to_a_pitch() -> None:
    voice = voices.sung([60.0], [1.5], np.random.default_rng(1))
    silence = np.zeros(RATE, dtype=np.float32)

    found = voices.phrases([np.concatenate([silence, voice, silence])])
    again = voices.phrases([np.concatenate([silence, voices.moved(found[0], 65.0), silence])])

    assert len(found) == 1
    assert found[0].pitch == pytest.approx(60.0, abs=1.0)
    assert again[0].pitch == pytest.approx(65.0, abs=1.0)


def test_the_bank_says_what_it_holds(bank: songs.Bank, tmp_path: Path) -> None:
    assert bank.used == ("sonic_pi", "synthesis", "vocadito")
    assert set(bank.used) <= set(sources.LICENCES)
    with pytest.raises(RemixtureError, match=r"sonic_pi.*--data"):
        songs.bank(tmp_path)

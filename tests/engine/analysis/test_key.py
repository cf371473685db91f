from typing import Literal

import numpy as np
import pytest

from engine.analysis.key import find_key
from engine.model.audio import Audio
from engine.model.key import Key
from tests.engine.analysis.rhythms import audio, chord, drums, placed

Mode = Literal["major", "minor"]


def progression(tonic: int, mode: Mode, *, tuning: float = 0.0, rate: int = 22050) -> Audio:
    """I vi IV V I, or i VI iv V i, a bass note under each."""
    major, minor = (0, 4, 7, -12), (0, 3, 7, -12)
    chords = (
        ((0, major), (9, minor), (5, major), (7, major))
        if mode == "major"
        else ((0, minor), (8, major), (5, minor), (7, major))
    )
    root = 48 + tonic + tuning
    sounds = [chord([root + degree + note for note in notes], 0.6, rate) for degree, notes in (*chords, chords[0]) * 2]
    return audio(np.concatenate(sounds), rate)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_is_told_from_its_chords(tonic: int, mode: Mode) -> None:
    key = find_key(progression(tonic, mode))

    assert key is not None
    assert (key.tonic, key.mode) == (tonic, mode)
    assert 0.0 < key.confidence <= 1.0


@pytest.mark.parametrize("tuning", [-0.4, 0.3])
def test_a_song_out_of_tune_has_the_same_key(tuning: float) -> None:
    key = find_key(progression(9, "minor", tuning=tuning))

    assert key is not None
    assert key.name == "A minor"


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_the_rate_does_not_matter(rate: int) -> None:
    key = find_key(progression(2, "major", rate=rate))

    assert key is not None
    assert key.name == "D major"


def test_drums_do_not_hide_the_key() -> None:
    music = progression(4, "minor")
    beats = np.arange(0.0, music.seconds, 0.5).tolist()
    beat = placed(drums(beats, [0, 2], [1, 3], np.arange(0, 4, 0.5), 4), music.seconds)
    loud = Audio(music.samples + beat[None, : music.frames].astype(np.float32), music.rate)

    key = find_key(loud)

    assert key is not None
    assert key.name == "E minor"


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.1, 3.0])
def test_silence_has_no_key(seconds: float) -> None:
    assert find_key(Audio(np.zeros((2, int(seconds * 44100)), dtype=np.float32), 44100)) is None


def test_noise_has_no_key() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 44100 * 10)).astype(np.float32)

    assert find_key(Audio(0.1 * noise, 44100)) is None


@pytest.mark.parametrize(
    ("tonic", "mode", "name", "camelot"),
    [(0, "major", "C major", "8B"), (9, "minor", "A minor", "8A"), (4, "minor", "E minor", "9A"),
     (11, "major", "B major", "1B"),
     (8, "minor", "G# minor", "1A"), (5, "minor", "F minor", "4A"), (4, "major", "E major", "12B"),
     (1, "minor", "C# minor", "12A")],
)  # fmt: skip
def test_names_and_camelot_numbers(tonic: int, mode: Mode, name: str, camelot: str) -> None:
    key = Key(tonic, mode, 1.0)

    assert (key.name, key.camelot) == (name, camelot)


def test_each_key_has_its_own_camelot_number() -> None:
    modes: tuple[Mode, Mode] = ("major", "minor")

    assert len({Key(tonic, mode, 1.0).camelot for tonic in range(12) for mode in modes}) == 24

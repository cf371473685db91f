from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from bridge.daw.drumkit import Kit, pitches_of, trimmed, write_kit
from engine.analysis.drums import Drum, find_drums
from engine.analysis.drums.kinds import HAT
from engine.model.audio import Audio
from engine.model.grid import Beatgrid
from tests.engine.analysis.drums import beats

STEM = Audio(beats.drums(), beats.RATE)


@pytest.fixture(scope="module")
def drums() -> tuple[Drum, ...]:
    return find_drums(STEM)


def note_seconds(path: Path) -> dict[int, list[float]]:
    """When each note of a MIDI file begins, in seconds."""
    now, found = 0.0, dict[int, list[float]]()
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on":
            found.setdefault(message.note, []).append(now)
    return found


@pytest.mark.parametrize(("downbeat", "moved"), [(0.0, 0.0), (0.5, 1.5)])
def test_notes_are_struck_where_the_drums_are(drums: tuple[Drum, ...], tmp_path: Path, downbeat: float, moved: float) -> None:
    grid = Beatgrid.steady_at(120.0, downbeat, beats.SECONDS)

    pieces, said = write_kit(Kit("song", grid, STEM, drums), tmp_path / "kit")

    found = note_seconds(tmp_path / "kit" / "drums.mid")
    assert [piece.note for piece in pieces] == [36, 38, 42]
    assert bool(said) == bool(moved)
    for piece, drum in zip(pieces, drums, strict=True):
        np.testing.assert_allclose(found[piece.note], drum.strikes_s(beats.RATE) + moved, atol=0.001)


def test_the_folder_holds_the_clean_drums_and_each_hit(drums: tuple[Drum, ...], tmp_path: Path) -> None:
    write_kit(Kit("song", Beatgrid.steady_at(120.0, 0.0, beats.SECONDS), STEM, drums), tmp_path / "kit")

    files = {path.name for path in (tmp_path / "kit").iterdir()}
    clean, _ = soundfile.read(tmp_path / "kit" / "clean-drums.wav")
    hit, rate = soundfile.read(tmp_path / "kit" / "kick-1.wav")
    assert files == {"clean-drums.wav", "drums.mid", "kick-1.wav", "snare-1.wav", "hat-1.wav"}
    assert clean.shape == (STEM.frames, 2)
    assert rate == beats.RATE
    assert np.abs(hit[: round(0.02 * rate)]).max() > 0.1
    assert np.abs(hit[-1]).max() == 0.0


def test_velocities_follow_the_levels(drums: tuple[Drum, ...], tmp_path: Path) -> None:
    write_kit(Kit("song", Beatgrid.steady_at(120.0, 0.0, beats.SECONDS), STEM, drums), tmp_path / "kit")

    notes = [message for message in mido.MidiFile(tmp_path / "kit" / "drums.mid").tracks[1] if message.type == "note_on"]
    kicks = np.array([note.velocity for note in notes if note.note == 36])
    assert kicks.max() == 127
    assert np.corrcoef(np.square(kicks), drums[0].gains)[0, 1] > 0.99
    assert {note.channel for note in notes} == {9}


def test_a_hat_that_rings_is_open() -> None:
    t = np.arange(round(0.6 * beats.RATE)) / beats.RATE
    noise = np.random.default_rng(0).standard_normal((1, t.size))
    hats = [Drum(HAT, np.array([0]), np.ones(1), (noise * np.exp(-t / fall)).astype(np.float32), 1.0) for fall in (0.02, 0.3)]

    assert pitches_of(hats, beats.RATE) == [42, 46]


def test_silence_around_a_hit_goes() -> None:
    hit = np.zeros((1, 1000), dtype=np.float32)
    hit[0, 400:500] = 0.5

    assert 100 <= trimmed(hit, 44_100).shape[1] < 400
    assert trimmed(np.zeros((1, 1000), dtype=np.float32), 44_100).shape == (1, 1)

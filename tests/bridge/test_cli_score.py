"""`remixture prepare --stems nmf --score FILE.mid`, and what is said where it cannot be."""

import json
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from bridge.cli import main

RATE = 8_000


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Six seconds of two notes and clicks."""
    t = np.arange(6 * RATE) / RATE
    wave = 0.2 * np.sin(2 * np.pi * 110 * t) + 0.2 * np.sin(2 * np.pi * 440 * t) * (t % 1 < 0.5)
    wave[:: RATE // 2] += 0.7
    path = tmp_path / "song.wav"
    soundfile.write(path, wave.astype(np.float32), RATE)
    return path


@pytest.fixture
def score(tmp_path: Path) -> Path:
    """One held bass note."""
    notes = [
        mido.Message("program_change", program=33),
        mido.Message("note_on", note=45),
        mido.Message("note_off", note=45, time=480 * 12),
    ]
    path = tmp_path / "song.mid"
    mido.MidiFile(type=0, tracks=[mido.MidiTrack(notes)]).save(path)
    return path


@pytest.mark.slow
def test_a_set_says_which_score_it_followed(song: Path, score: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.remix"

    assert main(["prepare", str(song), "-o", str(out), "--loops", "1", "--stems", "nmf", "--score", str(score)]) == 0

    made = json.loads((out / "set.json").read_text())["decompositions"]["stems"]
    assert made["algorithm"] == "nmf-score"
    assert len(made["params"]["score"]) == 64


@pytest.mark.parametrize("stems", ["auto", "hpss", "builtin"])
def test_only_nmf_follows_a_score(song: Path, score: Path, stems: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(song), "--stems", stems, "--score", str(score)]) == 2

    assert f"got --stems {stems}: say --stems nmf" in capsys.readouterr().err


def test_one_score_is_for_one_song(song: Path, score: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(song), str(song), "--stems", "nmf", "--score", str(score)]) == 2

    assert "one song's score, but there are 2" in capsys.readouterr().err


def test_no_song_is_begun_without_its_score(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(song), "--stems", "nmf", "--score", str(song)]) == 2

    error = capsys.readouterr().err
    assert str(song) in error
    assert "MIDI" in error
    assert not (song.parent / "song.remix").exists()

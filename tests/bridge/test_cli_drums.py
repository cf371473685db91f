"""`remixture drums` and `remixture prepare --clean-drums`: what they make, and what they refuse."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from engine.store.manifest import read_manifest, write_manifest
from engine.store.sources import read_source
from tests.engine.analysis.drums import beats

QUICK = ["--loops", "1", "--bpm", "120", "--downbeat", "0", "--stems", "builtin"]


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drums") / "song.wav"
    soundfile.write(path, (beats.drums() + beats.others()).T, beats.RATE, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def prepared(song: Path) -> Path:
    """The song as a set with clean drums."""
    assert main(["prepare", str(song), "-o", str(song.with_suffix(".remix")), *QUICK, "--clean-drums"]) == 0
    return song.with_suffix(".remix")


def test_clean_drums_and_the_rest_are_stems_and_the_sum_is_the_song(song: Path, prepared: Path) -> None:
    remixset = read_manifest(prepared)
    stems = remixset.decompositions["stems"]

    total = sum(read_source(source, prepared, remixset.song).astype(np.float64) for source in stems.sources)

    whole = soundfile.read(song)[0].T
    assert [source.id for source in stems.sources] == ["drums", "bass", "vocals", "other", "drums-rest", "residual"]
    assert 20 * np.log10(np.abs(total - whole).max()) < -120.0


def test_only_another_wish_makes_other_stems(song: Path, prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = prepared / "stems" / "drums.flac"
    made = file.stat().st_mtime_ns
    key = read_manifest(prepared).decompositions["stems"].params

    assert main(["prepare", str(song), "-o", str(prepared), *QUICK, "--clean-drums"]) == 0

    assert file.stat().st_mtime_ns == made
    assert "clean_drums" in key
    assert "clean drums" not in capsys.readouterr().err


def test_a_set_gives_a_kit(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drums", str(prepared), "-o", str(tmp_path / "kit"), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    kinds = {drum["kind"] for drum in told["drums"]}
    assert {"kick", "snare", "hat"} <= kinds
    assert all((tmp_path / "kit" / drum["file"]).is_file() for drum in told["drums"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["drums", "no-such.wav", "-o", "kit"], "does not exist"),
        (["drums", "SET", "-o", "kit", "--stems", "hpss"], "--stems is for songs"),
        (["drums", "SET", "-o", "SET"], "in or over"),
        (["prepare", "no-such.wav", "--clean-drums", "--stems", "none"], "clean drums need stems"),
    ],
)
def test_nonsense_is_refused(words: list[str], said: str, prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(prepared) if word == "SET" else word for word in words]) == 2

    assert said in capsys.readouterr().err


def test_a_set_without_stems_gives_no_kit(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = tmp_path / "bare.remix"
    bare.mkdir()
    write_manifest(bare, dataclasses.replace(read_manifest(prepared), decompositions={}))

    assert main(["drums", str(bare), "-o", str(tmp_path / "kit")]) == 2

    assert "no drums among its stems" in capsys.readouterr().err
    assert not (tmp_path / "kit").exists()


def test_a_recording_is_never_replaced(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare, own = tmp_path / "bare.remix", tmp_path / "own"
    bare.mkdir()
    own.mkdir()
    known = read_manifest(prepared)
    moved = dataclasses.replace(known.song, path=str(own / "song.wav"))
    write_manifest(bare, dataclasses.replace(known, song=moved, decompositions={}))

    assert main(["drums", str(bare), "-o", str(own), "--force"]) == 2

    assert "in or over" in capsys.readouterr().err


def test_stems_that_a_file_brought_are_used(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.analysis.stems.separator_for", lambda *_: pytest.fail("separated again"))
    assert main(["export", str(prepared), "--to", "stem.mp4", "-o", str(tmp_path / "song.stem.mp4")]) == 0

    assert main(["drums", str(tmp_path / "song.stem.mp4"), "-o", str(tmp_path / "kit")]) == 0

    assert "kick-1.wav" in capsys.readouterr().out


def test_a_song_that_is_no_set_gives_a_kit_too(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drums", str(song), "-o", str(tmp_path / "kit"), "--stems", "builtin"]) == 0

    assert "kick-1.wav" in capsys.readouterr().out
    assert (tmp_path / "kit" / "drums.mid").is_file()

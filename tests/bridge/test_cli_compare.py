import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from engine.model.audio import Samples

RATE = 8_000
LEAK = np.float32(0.1)


def noise(seed: int, channels: int = 1, seconds: float = 2.0) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))).astype(np.float32)


def folder(place: Path, rate: int = RATE, **tracks: Samples) -> Path:
    place.mkdir()
    for name, samples in tracks.items():
        soundfile.write(place / f"{name}.wav", samples.T, rate, subtype="FLOAT")
    return place


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return folder(tmp_path / "truth", drums=noise(0), bass=noise(1))


def compared(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[dict[str, Any], str]:
    """Run it with --json; return the document and the notes."""
    capsys.readouterr()
    assert main(["compare", "--json", *(str(a) for a in arguments)]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), "\n".join(re.findall("note: (.+)", err))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    capsys.readouterr()
    assert main(["compare", *(str(a) for a in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return next(line for line in err.splitlines() if line.startswith("remixture: "))


def test_a_leak_is_scored_as_the_level_it_has(truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estimate = folder(tmp_path / "estimate", drums=noise(0) + LEAK * noise(1), Bass=noise(1))

    document, notes = compared(capsys, estimate, truth)

    drums, bass = document["sources"]["drums"], document["sources"]["bass"]
    assert drums["sdr_db"] == pytest.approx(20.0, abs=0.3)
    assert drums["sir_db"] == pytest.approx(20.0, abs=0.6)
    assert drums["sar_db"] > 40
    assert bass["sdr_db"] == 100.0
    assert document["mean"]["sdr_db"] == pytest.approx(60.0, abs=0.3)
    assert document["mixture"] is None
    assert notes == ""


def test_the_table_has_a_row_for_each_source_the_mean_and_what_doing_nothing_scores(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "song.wav", (noise(0) + noise(1)).T, RATE, subtype="FLOAT")

    assert main(["compare", str(truth), str(truth), "--mixture", str(tmp_path / "song.wav")]) == 0

    heading, *rows = capsys.readouterr().out.splitlines()
    assert re.split("  +", heading.strip()) == ["dB", "SDR", "SI-SDR", "SD-SDR", "SIR", "SAR", "remix minSDR", "LD"]
    cells = {row.split()[0]: row.split()[1:] for row in rows}
    assert list(cells) == ["bass", "drums", "mean", "mixture/2"]
    assert cells["mean"][0] == "100.00"
    assert float(cells["mixture/2"][0]) == pytest.approx(10 * np.log10(2), abs=0.2)


def test_two_files_are_one_source_whatever_they_are_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "files", mine=noise(0) + LEAK * noise(1), theirs=noise(0))

    document, _ = compared(capsys, place / "mine.wav", place / "theirs.wav")

    assert document["sources"]["theirs"]["sdr_db"] == pytest.approx(20.0, abs=0.3)
    assert document["sources"]["theirs"]["sir_db"] is None


def test_what_is_longer_mono_or_missing_is_said(truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(truth / "mix.wav", noise(5).T, RATE)
    longer = np.concatenate([np.tile(noise(0), (2, 1)), noise(3, 2, 0.5)], axis=1)
    estimate = folder(tmp_path / "estimate", drums=longer, voice=noise(4), mixture=noise(5))

    document, notes = compared(capsys, estimate, truth)

    assert document["sources"]["drums"]["sdr_db"] == 100.0
    assert document["missing"] == ["bass"]
    for said in (
        f"{estimate} has 20000 frames: only the first 16000 count",
        f"{truth} is mono: taken to both sides",
        f"{estimate} has no bass",
        f"{truth} has no voice: not scored",
        f"{truth / 'mix.wav'} is no source: --mixture",
        f"shorter than the rest of {estimate}, so silent from there on: voice",
    ):
        assert said in notes


def test_a_true_source_may_be_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = folder(tmp_path / "truth", drums=noise(0), vocals=np.zeros_like(noise(0)))
    estimate = folder(tmp_path / "estimate", drums=noise(0), vocals=noise(1))

    document, _ = compared(capsys, estimate, truth)

    assert set(document["sources"]["vocals"].values()) == {None}
    assert document["mean"] == document["sources"]["drums"]


def test_too_many_sources_for_sir_and_sar_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = folder(tmp_path / "truth", RATE, **{f"loop-{k}": noise(k) for k in range(17)})

    document, notes = compared(capsys, truth, truth)

    assert notes == "17 sources are too many for SIR and SAR"
    assert document["mean"]["sir_db"] is None
    assert document["mean"]["sdr_db"] == 100.0


def test_a_set_is_compared_without_its_residual(sets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    document, notes = compared(capsys, sets[1], sets[1] / "loops", "--parts", "loops")

    assert set(document["sources"]) == {"loop-1", "loop-2"}
    assert all(one["sdr_db"] == 100.0 for one in document["sources"].values())
    assert f"{sets[1]} has no residual" in notes
    assert "no stems, only loops" in refused(capsys, sets[1], sets[0], "--parts", "stems")


def test_what_cannot_be_compared_is_told_in_a_line(truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faster = folder(tmp_path / "faster", rate=16_000, drums=noise(0))
    voice = folder(tmp_path / "voice", vocals=noise(0))
    mixed = folder(tmp_path / "mixed", drums=noise(0))
    soundfile.write(mixed / "bass.flac", noise(1).T, 16_000)

    assert "16000 Hz" in refused(capsys, faster, truth)
    assert "no source in common" in refused(capsys, voice, truth)
    assert "bring all to one rate" in refused(capsys, mixed, truth)
    assert "does not exist" in refused(capsys, tmp_path / "nowhere", truth)
    assert "holds no audio" in refused(capsys, tmp_path, truth)
    assert re.search("--gain.+-12.+12.+13", refused(capsys, truth, truth, "--gain", "13"))
    assert "changes nothing" in refused(capsys, truth, truth, "--gain", "0")


def test_museval_s_own_scores_can_be_had(truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """White sources need no floor, so both agree."""
    estimate = folder(tmp_path / "estimate", drums=noise(0) + LEAK * noise(1) + LEAK * noise(2))

    floored, exact = (compared(capsys, estimate, truth, *option)[0]["sources"]["drums"] for option in ([], ["--museval"]))

    assert exact["sir_db"] == pytest.approx(floored["sir_db"], abs=0.05)
    assert exact["sar_db"] == pytest.approx(floored["sar_db"], abs=0.05)

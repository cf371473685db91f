import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from bridge.cli.info import described
from engine.dsp.levels import db_of_gain, peak_dbfs, rms_dbfs
from engine.model.audio import Audio
from engine.store.manifest import read_manifest, write_manifest
from engine.store.setdir import open_set
from tests.conftest import ROOT, loop_song, null_dbfs, real_song


def write(path: Path, audio: Audio, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, audio.samples.T, audio.rate, subtype=subtype)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared set of the short song."""
    room = tmp_path_factory.mktemp("cli")
    song = write(room / "song.wav", loop_song(rate=44_100))
    assert main(["prepare", str(song), "-o", str(room), "--loops", "3", "--stems", "builtin"]) == 0
    return room / "song.remix"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared set of another song, at another rate and tempo."""
    room = tmp_path_factory.mktemp("other")
    song = write(room / "other.wav", loop_song(rate=32_000, seed=1))
    assert main(["prepare", str(song), "-o", str(room), "--loops", "2", "--stems", "none", "--bpm", "120"]) == 0
    return room / "other.remix"


def read(path: Path) -> np.ndarray:
    return np.asarray(soundfile.read(path, dtype="float32", always_2d=True)[0].T)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run what must fail; return its one line, which may stand below steps and notes."""
    capsys.readouterr()
    assert main([str(a) for a in arguments]) == 2
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not re.fullmatch(r".+  [a-z ]+ +[\d.]+ s|note: .+", line)]
    assert out == ""
    assert len(lines) == 1, err
    assert lines[0].startswith("remixture: ")
    return lines[0]


def test_help_is_answered_without_loading_anything_heavy() -> None:
    code = (
        "import sys, engine\n"
        "from bridge.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'torch', 'numba', 'soundfile', 'matplotlib', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout


def test_importing_every_part_of_engine_but_demucs_loads_no_torch() -> None:
    code = "import sys, engine, engine.prepare, engine.bounce, engine.demosong\nassert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


# --- prepare and info


def test_prepare_prints_one_json_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = folder.parent / "song.wav"
    capsys.readouterr()

    assert main(["prepare", str(song), "-o", str(folder), "--loops", "3", "--stems", "builtin", "--json"]) == 0

    (one,) = json.loads(capsys.readouterr().out)["sets"]
    assert one["folder"] == str(folder)
    assert one["song"]["frames"] == loop_song(rate=44_100).frames


def test_info_says_what_there_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["info", str(folder)]) == 0
    text = capsys.readouterr().out
    for word in ("drums", "loop-1", "residual", "bpm", "LUFS", "A from bar 1", "crosstalk"):
        assert word in text

    assert "every" not in text.split("stems by")[1]

    assert main(["info", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "remixture/set/1"


def test_info_says_how_exactly_sources_repeat_and_how_clean_they_are(folder: Path) -> None:
    remixset = open_set(folder)
    found = remixset.decompositions["stems"]
    kick = dataclasses.replace(found.sources[0], id="loop-1", name="Kick", confidence_db=52.1, crosstalk_db=-24.0)
    hats = dataclasses.replace(found.sources[1], id="loop-2", name="Hats 2", confidence_db=12.4, crosstalk_db=-11.3)
    found = dataclasses.replace(found, sources=(kick, hats, found.sources[-1]))

    text = described(dataclasses.replace(remixset, decompositions={"loops": found}))

    assert [line.split()[:-1] for line in text.splitlines()[-3:]] == [
        ["loop-1", "Kick", "exact", "crosstalk", "under", "-24", "dB"],
        ["loop-2", "Hats", "2", "12", "dB", "crosstalk", "-11", "dB"],
        ["residual", "Residual"],
    ]  # fmt: skip


def test_one_bad_song_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path / "good.wav", loop_song(2.0))

    code = main(["prepare", str(tmp_path / "missing.wav"), str(good), "-o", str(tmp_path), "--stems", "none"])

    assert code == 2
    assert "missing.wav does not exist" in capsys.readouterr().err
    assert open_set(tmp_path / "good.remix").decompositions


# --- bad input


def test_files_that_are_no_songs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.mp3").write_text("not music\n" * 500)
    write(tmp_path / "none.wav", Audio(np.zeros((1, 0), np.float32), 44_100))
    write(tmp_path / "short.wav", Audio(np.ones((1, 441), np.float32), 44_100))
    write(tmp_path / "silent.wav", Audio(np.zeros((2, 44_100), np.float32), 44_100))
    write(tmp_path / "nan.wav", Audio(np.full((2, 44_100), np.nan, np.float32), 44_100))
    write(tmp_path / "six.wav", Audio(np.full((6, 44_100), 0.1, np.float32), 44_100))
    expected = {
        "missing.wav": "does not exist", ".": "is a folder", "empty.wav": "0 bytes", "text.mp3": "damaged",
        "none.wav": "too short", "short.wav": "too short", "silent.wav": "silent", "nan.wav": "NaN", "six.wav": "6 channels",
    }  # fmt: skip
    before = sorted(tmp_path.rglob("*"))

    for name, said in expected.items():
        assert said in refused(capsys, "prepare", tmp_path / name, "-o", tmp_path), name

    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["a.mp3", "a.flac"])
def test_a_truncated_song(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    audio = loop_song(20.0, 44_100)
    soundfile.write(tmp_path / name, audio.samples.T, audio.rate)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])

    said = refused(capsys, "prepare", tmp_path / name, "-o", tmp_path)

    assert "ends early" in said or "damaged" in said
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_places_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = folder.parent / "song.wav"

    assert "cannot write" in refused(capsys, "prepare", song, "-o", song / "under-a-file")
    assert "is no folder" in refused(capsys, "render", folder, "-o", folder / "nowhere" / "a.wav")
    assert "is a folder" in refused(capsys, "render", folder, "-o", folder)
    assert "must end in" in refused(capsys, "render", folder, "-o", folder.parent / "a.ogg")
    assert "is the recording itself" in refused(capsys, "render", folder, "-o", song)


@pytest.mark.parametrize(("options", "said"), [
    (["--gain", "drums=+13"], "-12 to 12 dB, got 13 dB"),
    (["--gain", "drums=loud"], "takes a number, got 'loud'"),
    (["--gain", "drums"], "drums=+6"),
    (["--gain", "drums=nan"], "got nan"),
    (["--gain", "guitar=3"], "drums, bass, vocals, other, residual"),
    (["--mute", "guitar"], "drums, bass, vocals, other, residual"),
    (["--gain", "b.drums=3"], "no deck b"),
    (["--parts", "voices"], "stems or loops"),
    (["--tempo", "0"], "20 to 400 bpm, got 0 bpm"),
    (["--tempo", "-120"], "got -120 bpm"),
    (["--pitch", "13"], "semitones"),
    (["--start", "0"], "bars count from 1"),
    (["--start", "900"], "bars, got start bar 900"),
    (["--bars", "0"], "at least 1 bar"),
    (["--loudness", "3"], "-70 to 0 LUFS"),
    (["--ceiling", "high"], "takes a number"),
    (["--mute", "drums,bass,vocals,other,residual", "--loudness", "-14"], "silence cannot"),
])  # fmt: skip
def test_values_out_of_range(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert said in refused(capsys, "render", folder, "-o", tmp_path / "a.wav", *options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("options", "said"), [
    (["--loops", "0"], "1 to 12"), (["--loops", "many"], "1 to 12"),
    (["--bpm", "0"], "per minute, got 0"), (["--bpm", "nan"], "got nan"),
    (["--beats-per-bar", "0"], "0"), (["--stem-model", "no-such-model", "--stems", "demucs"], "no-such-model"),
])  # fmt: skip
def test_settings_out_of_range(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert said in refused(capsys, "prepare", folder.parent / "song.wav", "-o", tmp_path / "sets", *options)
    assert not list((tmp_path / "sets").glob("*")) or options[0] == "--stem-model"


def test_what_is_no_set(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not exist" in refused(capsys, "info", tmp_path / "no.remix")
    assert "not a remix set" in refused(capsys, "render", tmp_path, "-o", tmp_path / "a.wav")
    assert "not a remix set" in refused(capsys, "info", folder.parent / "song.wav")


# --- render


def test_a_mix_at_0_db_is_the_song(folder: Path, tmp_path: Path) -> None:
    truth = loop_song(rate=44_100).samples
    for parts in ("stems", "loops"):
        for bits, limit in (("24", -120), ("32f", -120)):
            assert main(["render", str(folder), "-o", str(tmp_path / "a.wav"), "--parts", parts, "--bits", bits]) == 0
            assert null_dbfs(read(tmp_path / "a.wav"), truth) < limit


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3"])
def test_levels_reach_the_file(folder: Path, tmp_path: Path, name: str) -> None:
    sources = {n: read(folder / "stems" / f"{n}.flac") for n in ("drums", "bass", "vocals", "other", "residual")}
    wanted = 10 ** (-6 / 20) * sources["drums"] + sources["vocals"] + sources["other"] + sources["residual"]

    assert main(["render", str(folder), "-o", str(tmp_path / name), "--gain", "drums=-6", "--mute", "bass"]) == 0

    if name == "a.mp3":
        assert rms_dbfs(read(tmp_path / name) - wanted) < rms_dbfs(wanted) - 15
    else:
        assert null_dbfs(read(tmp_path / name), wanted) < -120


def test_one_file_per_source_and_they_sum_to_the_mix(folder: Path, tmp_path: Path) -> None:
    options = ["--each", "--solo", "drums,bass", "--gain", "bass=-3", "--ceiling", "off", "--bits", "32f"]
    assert main(["render", str(folder), "-o", str(tmp_path / "a.wav"), *options]) == 0

    each = {p.stem: read(p) for p in tmp_path.glob("a-*.wav")}

    assert sorted(each) == ["a-bass", "a-drums", "a-other", "a-residual", "a-vocals"]
    assert null_dbfs(np.sum(list(each.values()), axis=0), read(tmp_path / "a.wav")) < -120
    assert peak_dbfs(each["a-vocals"]) < -180
    assert peak_dbfs(each["a-drums"]) > -30


def test_start_and_length_are_in_bars(folder: Path, tmp_path: Path) -> None:
    grid = open_set(folder).grid.grid()  # type: ignore[union-attr]
    start, stop = (round(grid.bar_seconds(b) * 44_100) for b in (1, 3))

    assert main(["render", str(folder), "-o", str(tmp_path / "a.wav"), "--start", "2", "--bars", "2"]) == 0

    assert null_dbfs(read(tmp_path / "a.wav"), loop_song(rate=44_100).samples[:, start:stop]) < -120


def test_two_sets_at_one_tempo_fall_together_at_bar_1(folder: Path, other: Path, tmp_path: Path) -> None:
    options = ["--tempo", "126", "--parts", "loops", "--gain", "b=-3", "--pitch", "b=2", "--bits", "32f", "--ceiling", "off"]
    assert main(["render", str(folder), str(other), "-o", str(tmp_path / "both.wav"), *options]) == 0
    alone = ["--tempo", "126", "--parts", "loops", "--bits", "32f", "--ceiling", "off"]
    assert main(["render", str(folder), "-o", str(tmp_path / "one.wav"), *alone]) == 0

    both, one = read(tmp_path / "both.wav"), read(tmp_path / "one.wav")
    bpms = [open_set(f).grid.bpm for f in (folder, other)]  # type: ignore[union-attr]

    assert both.shape[1] == pytest.approx(12.0 * 44_100 * min(bpms) / 126, rel=0.1)
    assert peak_dbfs(both[:, : one.shape[1]] - one[:, : both.shape[1]]) > -30


def test_loudness_is_reached_and_the_true_peak_held(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["render", str(folder), "-o", str(tmp_path / "a.wav"), "--loudness", "-20", "--json"]) == 0

    done = json.loads(capsys.readouterr().out)

    assert done["loudness_lufs"] == pytest.approx(-20, abs=0.3)
    assert done["true_peak_dbtp"] <= -0.9
    assert db_of_gain(float(np.abs(read(tmp_path / "a.wav")).max())) <= -0.9


# --- processes


def run_prepare(song: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bridge.cli", "prepare", str(song), "-o", str(out), "--stems", "builtin", "--loops", "3"]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Path, process: subprocess.Popen[str], seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not condition.exists():
        assert time.monotonic() < until, "it took too long"
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_of_stems_the_next_run_keeps_grid_and_loops(tmp_path: Path, how: signal.Signals) -> None:
    song = write(tmp_path / "song.wav", loop_song(24.0, 44_100))
    process = run_prepare(song, tmp_path)
    wait_for(tmp_path / "song.remix" / "loops", process)
    while "loops" not in open_set(tmp_path / "song.remix").decompositions and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(how)
    code = process.wait()

    remixset = open_set(tmp_path / "song.remix")
    assert code == (130 if how == signal.SIGINT else -9)
    assert "stems" not in remixset.decompositions
    assert remixset.grid is not None
    loops = (tmp_path / "song.remix" / "loops" / "loop-1.flac").stat().st_mtime_ns

    again = run_prepare(song, tmp_path)
    assert again.wait() == 0
    assert list(open_set(tmp_path / "song.remix").decompositions) == ["loops", "stems"]
    assert (tmp_path / "song.remix" / "loops" / "loop-1.flac").stat().st_mtime_ns == loops
    assert not [p for p in tmp_path.rglob("*") if ".part-" in p.name]


@pytest.mark.slow
def test_the_demo_shows_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0

    text = capsys.readouterr().out
    for word in ("SI-SDR", "vocals", "bassline", "112.0", "together", "demo-remix.wav"):
        assert word in text
    assert read(tmp_path / "demo" / "demo-remix.wav").shape[1] == read(tmp_path / "demo" / "demo-song.wav").shape[1]
    assert (tmp_path / "demo" / "demo-song.remix" / "map.png").exists()


@pytest.mark.slow
def test_a_real_song_the_whole_way(shared: Path, tmp_path: Path) -> None:
    audio = real_song(shared / "data" / "lmms" / "Crunk-Demo", seconds=8.0)
    song = write(tmp_path / "crunk.wav", audio)

    assert main(["prepare", str(song), "-o", str(tmp_path), "--stems", "builtin"]) == 0
    assert main(["render", str(tmp_path / "crunk.remix"), "-o", str(tmp_path / "same.wav"), "--bits", "32f"]) == 0
    assert (
        main(
            ["render", str(tmp_path / "crunk.remix"), "-o", str(tmp_path / "fast.wav"), "--tempo", "140", "--gain", "drums=+6"]
        )
        == 0
    )

    bpm = open_set(tmp_path / "crunk.remix").grid.bpm  # type: ignore[union-attr]
    assert null_dbfs(read(tmp_path / "same.wav"), audio.samples) < -120
    assert read(tmp_path / "fast.wav").shape[1] == pytest.approx(audio.frames * bpm / 140, abs=2)


@pytest.mark.skipif(not shutil.which("rubberband"), reason="needs the program rubberband")
def test_straightening_spaces_the_beats_of_a_drifting_song_evenly(tmp_path: Path) -> None:
    beats = np.cumsum(0.5 + 0.03 * np.sin(np.arange(20) / 3)) + 0.2
    x = np.zeros(11 * 44_100)
    for beat in beats:
        at = round(beat * 44_100)
        x[at : at + 2000] = np.sin(np.arange(2000) / 5) * np.exp(-np.arange(2000) / 300)
    song = write(tmp_path / "a.wav", Audio(0.5 * x[None].astype(np.float32), 44_100))
    assert main(["prepare", str(song), "-o", str(tmp_path), "--stems", "none", "--loops", "1"]) == 0
    folder = tmp_path / "a.remix"
    known = read_manifest(folder)
    assert known.grid is not None
    drifting = dataclasses.replace(known.grid, beats=tuple(beats.tolist()), downbeats=(0,), steady=False)
    write_manifest(folder, dataclasses.replace(known, grid=drifting))

    assert main(["render", str(folder), "-o", str(tmp_path / "straight.wav"), "--straighten", "--each"]) == 0

    hits = first_frames(read(tmp_path / "straight.wav")[0]) / 44_100
    assert len(hits) == len(beats)
    even = np.polyval(np.polyfit(np.arange(len(hits)), hits, 1), np.arange(len(hits)))
    assert np.abs(hits - even).max() < 0.004
    assert np.abs(np.diff(beats) - 0.5).max() > 0.025


def first_frames(x: np.ndarray) -> np.ndarray:
    """The frames at which the clicks begin."""
    loud = np.flatnonzero(np.abs(x) > 0.3 * np.abs(x).max())
    return loud[np.diff(loud, prepend=-44_100) > 4_410]

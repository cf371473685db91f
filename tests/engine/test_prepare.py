import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.stems import StemChoice
from engine.model.audio import Audio, Progress
from engine.model.errors import RemixtureError
from engine.model.remixset import RemixSet
from engine.prepare import Settings, prepare
from engine.store.manifest import read_manifest
from engine.store.setdir import open_set, set_folder
from engine.store.sources import read_source
from tests.conftest import loop_song, null_dbfs, real_song
from tests.engine.store.mp4 import add_stem_atom, write_mp4

QUICK = Settings(loops=3, stems=StemChoice.BUILTIN)
REAL_SECONDS = 8


class Heard:
    """A report that remembers, and stops the run at a step if told to."""

    def __init__(self, stop_in: str = "", after: float = 0.0) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []
        self.stop_in, self.after = stop_in, after

    def step(self, name: str) -> Progress:
        self.steps.append(name)
        if name == self.stop_in and self.after == 0.0:
            raise KeyboardInterrupt

        def progress(share: float) -> None:
            if name == self.stop_in and share >= self.after:
                raise KeyboardInterrupt

        return progress

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "short song.wav"
    return write(path, loop_song())


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of half the length, for what only asks which steps were done."""
    return write(tmp_path_factory.mktemp("brief") / "short song.wav", loop_song(6.0))


@pytest.fixture(scope="module")
def made(song: Path) -> tuple[Path, RemixSet]:
    return prepare(song, song.parent / "sets", QUICK)


def write(path: Path, audio: Audio) -> Path:
    soundfile.write(path, audio.samples.T, audio.rate, subtype="FLOAT")
    return path


def copied(made: tuple[Path, RemixSet], room: Path) -> tuple[Path, RemixSet]:
    """The set as a run into `room` would have made it."""
    folder, remixset = made
    return shutil.copytree(folder, room / folder.name), remixset


def total(folder: Path, remixset: RemixSet, name: str) -> np.ndarray:
    sources = remixset.decompositions[name].sources
    return np.asarray(np.sum([read_source(s, folder, remixset.song) for s in sources], axis=0, dtype=np.float64))


def test_a_set_has_everything_and_each_decomposition_sums_to_the_song(made: tuple[Path, RemixSet]) -> None:
    folder, remixset = made

    assert folder.name == "short song.remix"
    assert sorted(remixset.decompositions) == ["loops", "stems"]
    for name in remixset.decompositions:
        assert null_dbfs(total(folder, remixset, name), loop_song().samples) < -120
    assert remixset.grid is not None
    assert remixset.loudness_lufs is not None
    assert (folder / "map.png").stat().st_size > 1000
    assert [s.id for s in remixset.decompositions["stems"].sources] == ["drums", "bass", "vocals", "other", "residual"]


def test_the_manifest_keeps_the_documented_keys(made: tuple[Path, RemixSet]) -> None:
    document = json.loads((made[0] / "set.json").read_bytes())

    assert document["schema"] == "remixture/set/1"
    assert {"title", "sha256", "path", "frames", "rate", "channels"} <= document["song"].keys()
    assert {"beats", "downbeats", "beats_per_bar", "bpm", "steady"} <= document["grid"].keys()
    loops = document["decompositions"]["loops"]
    assert {"algorithm", "version", "params", "model", "sources", "layout"} <= loops.keys()
    assert {"id", "name", "kind", "file", "sha256", "scale", "color", "crosstalk_db"} <= loops["sources"][0].keys()
    assert document["sections"][0] == {"bar": 0, "label": "A"}
    assert len(loops["layout"][0]) == len(loops["sources"]) - 1


def test_each_loop_is_cut_on_the_grid_for_samplers(made: tuple[Path, RemixSet]) -> None:
    folder, remixset = made
    grid = remixset.grid.grid()  # type: ignore[union-attr]

    for source in remixset.decompositions["loops"].sources[:-1]:
        assert source.once is not None
        assert source.best_bar is not None
        assert source.period is not None
        with soundfile.SoundFile(folder / source.once) as file:
            log = file.extra_info
            seconds = grid.bar_seconds(source.best_bar + source.period) - grid.bar_seconds(source.best_bar)
            assert file.frames == pytest.approx(seconds * file.samplerate, abs=1.1)
            cut = file.read(always_2d=True).T
        start = round(grid.bar_seconds(source.best_bar) * remixset.song.rate)
        whole = read_source(source, folder, remixset.song)
        assert null_dbfs(whole[:, start : start + cut.shape[1]], cut) < -130
        told = {name: float(value) for name, value in re.findall(r"(Tempo|Beats|End) +: +([\d.]+)", log)}
        assert told["Tempo"] == pytest.approx(grid.bpm, rel=1e-6)
        assert told["Beats"] == source.period * grid.beats_per_bar
        assert told["End"] == cut.shape[1] - 1


def test_a_second_run_computes_nothing(song: Path, made: tuple[Path, RemixSet]) -> None:
    heard = Heard()

    _, again = prepare(song, song.parent / "sets", QUICK, heard)

    assert again == made[1]
    assert not set(heard.steps) & {"decode", "grid", "loops", "stems", "map"}


def test_a_recording_that_was_moved_is_found_where_it_lies_now(song: Path, made: tuple[Path, RemixSet], tmp_path: Path) -> None:
    folder, before = copied(made, tmp_path)
    moved = tmp_path / "moved.wav"
    shutil.copy(song, moved)

    _, after = prepare(moved, folder, QUICK)

    assert after.song == dataclasses.replace(before.song, title="moved", path=str(moved))
    assert read_manifest(folder).song == after.song


def test_the_map_is_there_before_the_rest_is_computed(brief: Path, tmp_path: Path) -> None:
    heard = Heard("loudness")
    with pytest.raises(KeyboardInterrupt):
        prepare(brief, tmp_path, QUICK, heard)

    drawn = tmp_path / "short song.remix" / "map.png"
    at = drawn.stat().st_mtime_ns
    again = Heard()
    prepare(brief, tmp_path, QUICK, again)

    assert not set(heard.steps) & {"stem model", "stems"}
    assert "map" not in again.steps
    assert drawn.stat().st_mtime_ns == at


def test_other_settings_compute_only_what_they_concern(song: Path, made: tuple[Path, RemixSet], tmp_path: Path) -> None:
    copied(made, tmp_path)

    heard = Heard()
    prepare(song, tmp_path, dataclasses.replace(QUICK, loops=2), heard)
    assert "loops" in heard.steps
    assert not set(heard.steps) & {"grid", "stems"}

    heard = Heard()
    _, moved = prepare(song, tmp_path, dataclasses.replace(QUICK, loops=2, downbeat=0.25), heard)
    assert {"grid", "loops"} <= set(heard.steps)
    assert "stems" not in heard.steps
    assert moved.grid != made[1].grid
    assert not list((tmp_path / "short song.remix" / "loops").glob("loop-3*"))


@pytest.mark.parametrize(("step", "after", "kept"), [
    ("decode", 0.0, None), ("grid", 0.0, None), ("loops", 0.0, []), ("loops", 0.9, []), ("stems", 0.0, ["loops"]),
    ("stems", 0.5, ["loops"]), ("map", 0.0, ["loops"]),
])  # fmt: skip
def test_a_run_that_was_stopped_leaves_a_set_that_opens_and_goes_on_there(
    brief: Path, tmp_path: Path, step: str, after: float, kept: list[str] | None
) -> None:
    with pytest.raises(KeyboardInterrupt):
        prepare(brief, tmp_path, QUICK, Heard(step, after))

    folder = tmp_path / "short song.remix"
    if kept is None:
        assert not folder.exists()
    else:
        assert list(open_set(folder).decompositions) == kept
        assert not [p for p in folder.rglob("*") if ".part-" in p.name]

    heard = Heard()
    prepare(brief, tmp_path, QUICK, heard)
    assert not set(heard.steps) & set(kept or [])
    assert list(open_set(folder).decompositions) == ["loops", "stems"]


def test_stopping_while_loops_are_found_anew_keeps_the_old_ones(
    song: Path, made: tuple[Path, RemixSet], tmp_path: Path
) -> None:
    folder, before = copied(made, tmp_path)

    with pytest.raises(KeyboardInterrupt):
        prepare(song, tmp_path, dataclasses.replace(QUICK, loops=2), Heard("loops", 0.9))

    assert open_set(folder) == before
    assert null_dbfs(total(folder, before, "loops"), loop_song().samples) < -120


def test_a_damaged_file_is_noticed_and_made_again(song: Path, made: tuple[Path, RemixSet], tmp_path: Path) -> None:
    folder, before = copied(made, tmp_path)
    (folder / "stems" / "bass.flac").write_bytes(b"fLaC broken")

    with pytest.raises(RemixtureError, match="missing or has changed"):
        open_set(folder)
    heard = Heard()
    _, after = prepare(song, tmp_path, QUICK, heard)

    assert "stems" in heard.steps
    assert "loops" not in heard.steps
    assert after == before


def test_the_set_of_another_song_is_left_alone(made: tuple[Path, RemixSet], tmp_path: Path) -> None:
    other = write(tmp_path / "other.wav", loop_song(seed=1))
    before = (made[0] / "set.json").read_bytes()

    with pytest.raises(RemixtureError, match="set of another song"):
        prepare(other, made[0], QUICK)

    assert (made[0] / "set.json").read_bytes() == before


@pytest.mark.parametrize(("text", "said"), [
    ("{", "damaged"), ('{"schema": "remixture/set/2", "song": 1}', "remixture/set/2"),
    ('{"schema": "remixture/set/1"}', "damaged"),
])  # fmt: skip
def test_a_manifest_that_cannot_be_read_is_said_and_left(song: Path, tmp_path: Path, text: str, said: str) -> None:
    folder = tmp_path / "a.remix"
    folder.mkdir()
    (folder / "set.json").write_text(text)

    with pytest.raises(RemixtureError, match=said):
        prepare(song, folder, QUICK)

    assert (folder / "set.json").read_text() == text


def test_a_manifest_cannot_name_files_outside_its_set(made: tuple[Path, RemixSet], tmp_path: Path) -> None:
    text = (made[0] / "set.json").read_text()
    for evil in ("../../etc/passwd", "/etc/passwd"):
        (tmp_path / "set.json").write_text(text.replace("loops/loop-1.flac", evil))
        with pytest.raises(RemixtureError, match="outside the set"):
            read_manifest(tmp_path)


def test_a_disk_too_small_is_said_before_anything_is_done(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    heard = Heard()

    with pytest.raises(RemixtureError, match=r"0\.0 GB are free"):
        prepare(song, tmp_path / "sets", QUICK, heard)

    assert heard.steps == []
    assert not (tmp_path / "sets").exists()


def test_a_set_that_is_being_prepared_is_not_prepared_twice(song: Path, tmp_path: Path) -> None:
    class Second(Heard):
        def step(self, name: str) -> Progress:
            if name == "loops":
                with pytest.raises(RemixtureError, match="another process"):
                    prepare(song, tmp_path, QUICK)
            return super().step(name)

    with pytest.raises(KeyboardInterrupt):
        prepare(song, tmp_path, QUICK, Second("loops"))


def test_a_stem_file_keeps_its_own_stems(tmp_path: Path) -> None:
    audio = loop_song(rate=44_100)
    stems = [audio.samples * np.float32(g) for g in (0.4, 0.3, 0.2, 0.1)]
    path = tmp_path / "song.stem.mp4"
    write_mp4(path, [audio.samples, *stems], audio.rate)
    add_stem_atom(path, ["Drums", "Bass", "Synth", "Vocals"])

    folder, remixset = prepare(path, tmp_path, dataclasses.replace(QUICK, stems=StemChoice.AUTO))

    assert folder.name == "song.remix"
    found = remixset.decompositions["stems"]
    assert found.algorithm == "stem.mp4"
    assert [s.name for s in found.sources] == ["Drums", "Bass", "Synth", "Vocals", "Residual"]
    drums = read_source(found.sources[0], folder, remixset.song)
    assert null_dbfs(drums, stems[0][:, : drums.shape[1]]) < -88


@pytest.mark.parametrize("audio", [loop_song(4.0, 8_000, 1), loop_song(4.0, 192_000, 1), loop_song(0.6, 44_100, 1)])
def test_any_rate_and_length_can_be_prepared(tmp_path: Path, audio: Audio) -> None:
    folder, remixset = prepare(write(tmp_path / "a.wav", audio), tmp_path, Settings(stems=StemChoice.BUILTIN))

    for name in remixset.decompositions:
        assert null_dbfs(total(folder, remixset, name), audio.samples) < -120


def test_names_from_outside_never_become_paths() -> None:
    assert set_folder(Path("a") / "..\\..\\x<y>|z?.wav", None).name == "x-y-z.remix"
    assert set_folder(Path("/music") / "CON.wav", Path("out")) == Path("out/song-CON.remix")
    assert len(set_folder(Path("ü" * 200 + ".wav"), None).name.encode()) < 100


def real_songs(shared: Path) -> Iterator[tuple[str, Audio]]:
    for folder in sorted((shared / "data" / "lmms").iterdir()):
        yield folder.name, real_song(folder, seconds=REAL_SECONDS)
    for path in (shared / "data" / "songs").glob("*.ogg"):
        rate = soundfile.info(path).samplerate
        samples, _ = soundfile.read(path, REAL_SECONDS * rate, dtype="float32", always_2d=True)
        yield path.stem, Audio(np.ascontiguousarray(samples.T), rate)


@pytest.mark.slow
def test_real_songs_null(shared: Path, tmp_path: Path) -> None:
    for name, audio in real_songs(shared):
        path = write(tmp_path / f"{name}.wav", audio)
        folder, remixset = prepare(path, tmp_path, Settings(stems=StemChoice.BUILTIN))
        for parts in remixset.decompositions:
            assert null_dbfs(total(folder, remixset, parts), audio.samples) < -120, (name, parts)

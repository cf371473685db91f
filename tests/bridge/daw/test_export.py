"""An export is whole or not there, and never lies over what was there."""

import contextlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.daw.export import export, staged
from bridge.daw.formats import FORMATS
from bridge.daw.work import Options
from engine.model.errors import RemixtureError
from engine.store.manifest import read_manifest
from tests.bridge.daw.rig import export_set
from tests.engine.bounce.test_take import play


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_set(tmp_path_factory.mktemp("export"), title='a/b "c" \U0001f941')


def target(room: Path, to: str) -> Path:
    return room / f"out{FORMATS[to].suffixes[0]}"


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_is_written_and_nothing_lies_beside(folder: Path, tmp_path: Path, to: str) -> None:
    done = export(folder, to, target(tmp_path, to))

    assert done.path == target(tmp_path, to)
    assert [path.name for path in tmp_path.iterdir()] == [done.path.name]


def test_the_zip_of_loops_is_one(folder: Path, tmp_path: Path) -> None:
    export(folder, "loops", tmp_path / "loops.zip")

    with zipfile.ZipFile(tmp_path / "loops.zip") as archive:
        assert archive.testzip() is None
        assert any(name.endswith(".wav") for name in archive.namelist())


@pytest.mark.parametrize("to", ["dawproject", "stems"])
def test_what_is_there_stays_unless_it_may_be_replaced(folder: Path, tmp_path: Path, to: str) -> None:
    there = target(tmp_path, to)
    there.write_text("mine")

    with pytest.raises(RemixtureError, match="is there already"):
        export(folder, to, there)
    assert there.read_text() == "mine"
    export(folder, to, there, force=True)

    assert there.is_dir() or zipfile.is_zipfile(there)
    assert [path.name for path in tmp_path.iterdir()] == [there.name]


@contextlib.contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file grow over `room` bytes: writing fails half-way, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("to", sorted(set(FORMATS) - {"rekordbox"}))
def test_a_full_disk_leaves_nothing_half_and_what_was_there(folder: Path, tmp_path: Path, to: str) -> None:
    there = target(tmp_path, to)
    there.write_text("mine")

    with full_disk(60_000), pytest.raises(RemixtureError, match="cannot write"):
        export(folder, to, there, force=True)

    assert there.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == [there.name]


def test_what_stood_there_comes_back_where_the_new_cannot_take_its_place(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine").touch()

    with pytest.raises(RemixtureError, match="cannot write"), staged(there, force=True):
        pass

    assert (there / "mine").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def interrupted(there: Path) -> None:
    with staged(there, force=False) as part:
        part.mkdir()
        (part / "half").touch()
        raise KeyboardInterrupt


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "there")

    assert not list(tmp_path.iterdir())


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["export", *map(str, arguments)]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_the_command_says_what_it_made_and_what_to_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["export", str(folder), "--to", "stems", "-o", str(tmp_path / "stems")]) == 0

    assert capsys.readouterr().out.splitlines()[0] == str(tmp_path / "stems")


@pytest.mark.parametrize(("name", "to", "words"), [
    ("song.wav", "dawproject", "dawproject is written to a .dawproject"),
    ("no/such/folder.dawproject", "dawproject", "is no folder: make it first"),
])  # fmt: skip
def test_a_wrong_target_is_refused_before_any_work(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, to: str, words: str
) -> None:
    assert words in refused(capsys, folder, "--to", to, "-o", tmp_path / name)


def test_a_wrong_source_or_option_is_refused_in_a_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (tmp_path / "take.jsonl").write_text("no take\n")

    assert "does not exist" in refused(capsys, tmp_path / "no.remix", "--to", "stems", "-o", out)
    assert "no header of a take" in refused(capsys, tmp_path / "take.jsonl", "--to", "stems", "-o", out)
    assert "is not a remix set" in refused(capsys, tmp_path, "--to", "stems", "-o", tmp_path.parent / "elsewhere")
    assert "in or over" in refused(capsys, folder, "--to", "stems", "-o", folder / "stems", "--force")
    assert "it is for stem.mp4" in refused(capsys, folder, "--to", "stems", "-o", out, "--aac")
    assert "--bits means nothing to --to rekordbox" in refused(capsys, folder, "--to", "rekordbox", "-o", out, "--bits", "24")
    assert "--recording means nothing to --to loops" in refused(capsys, folder, "--to", "loops", "-o", out, "--recording", "1")
    assert "is a set" in refused(capsys, folder, "--to", "stems", "-o", out, "--recording", "1")
    assert not out.exists()


@pytest.mark.parametrize("name", [".", "sub/.."])
def test_a_folder_without_a_name_is_refused_in_a_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)

    assert "without a name" in refused(capsys, folder, "--to", "reaper", "-o", name, "--force")
    assert (tmp_path / "sub").is_dir()


@pytest.mark.parametrize("name", ["a" * 251 + ".xml", "\U0001f941" * 62 + ".xml"])
def test_names_as_long_as_a_system_takes_are_written(tmp_path: Path, name: str) -> None:
    with staged(tmp_path / name, force=False) as part:
        part.touch()

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_is_too_long_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match="cannot write"), staged(tmp_path / ("a" * 300), force=True) as part:
        part.touch()

    assert not list(tmp_path.iterdir())


def test_the_recording_and_the_sets_of_a_take_are_never_replaced(sets: tuple[Path, Path], tmp_path: Path) -> None:
    copies = [Path(shutil.copytree(one, tmp_path / one.name)) for one in sets]
    take, _ = play(tmp_path / "take.jsonl", copies, [(0, "deck.a.load", 0.0), (0, "deck.a.play", 1.0)], 4_000)

    with pytest.raises(RemixtureError, match="in or over"):
        export(take, "reaper", copies[0], Options(folders=(copies[0],)), force=True)
    recording = read_manifest(copies[0]).song.path
    with pytest.raises(RemixtureError, match="in or over"):
        export(copies[0], "loops", Path(recording), force=True)

    assert (copies[0] / "set.json").is_file()
    assert Path(recording).is_file()


def test_stopped_exports_say_that_nothing_was_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bridge.daw.stems.write", stop)

    assert main(["export", str(folder), "--to", "stems", "-o", str(tmp_path / "out")]) == 130
    assert "stopped; nothing was written" in capsys.readouterr().err


@pytest.mark.parametrize("to", FORMATS)
def test_a_take_without_a_song_is_refused_in_a_line(tmp_path: Path, sets: tuple[Path, Path], to: str) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, [(100, "master.gain", -3.0)], 4_000)

    with pytest.raises(RemixtureError, match="no song was put on"):
        export(take, to, target(tmp_path, to))
    assert [path.name for path in tmp_path.iterdir()] == ["take.jsonl"]


@pytest.mark.parametrize("to", ["dawproject", "reaper", "ardour", "stem.mp4", "stems"])
def test_a_take_in_which_nothing_sounds_is_refused_in_a_line(tmp_path: Path, sets: tuple[Path, Path], to: str) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, [(0, "deck.a.load", 0.0)], 4_000)

    with pytest.raises(RemixtureError, match="nothing sounds in"):
        export(take, to, target(tmp_path, to))
    assert [path.name for path in tmp_path.iterdir()] == ["take.jsonl"]


@pytest.mark.parametrize("options", [Options(parts="loops"), Options(looped=True)])
def test_what_is_chosen_for_sets_is_not_silently_passed_over_for_takes(
    tmp_path: Path, sets: tuple[Path, Path], options: Options
) -> None:
    take, _ = play(tmp_path / "take.jsonl", sets, [(0, "deck.a.load", 0.0), (0, "deck.a.play", 1.0)], 4_000)

    with pytest.raises(RemixtureError, match="is for sets"):
        export(take, "reaper", tmp_path / "out", options)


@pytest.mark.parametrize("to", ["dawproject", "reaper", "ardour", "loops", "stems"])
def test_what_is_said_of_a_lead_in_is_a_line_each_whatever_the_title(tmp_path: Path, to: str) -> None:
    with_lead_in = export_set(tmp_path, lead_in=0.7, title="two\nlines \x1b[31m")

    said = export(with_lead_in, to, target(tmp_path, to)).said

    assert any("0.700 s" in line for line in said)
    assert to == "loops" or any("1 bar in front" in line for line in said)
    assert all(line.isprintable() for line in said)

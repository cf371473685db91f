"""An export is whole or not there, and never lies over what was there."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.daw.export import export, staged
from bridge.daw.formats import FORMATS
from engine.model.errors import RemixtureError
from tests.bridge.daw.rig import export_set


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
    assert "--aac is for --to stem.mp4" in refused(capsys, folder, "--to", "stems", "-o", out, "--aac")
    assert "is a set" in refused(capsys, folder, "--to", "stems", "-o", out, "--recording", "1")
    assert not out.exists()

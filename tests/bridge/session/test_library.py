import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.session.library import Library, Shelf
from engine.bounce.load import bank_of, choose
from engine.bounce.wanted import SetChoice
from engine.model.errors import RemixtureError
from engine.model.report import Quiet
from engine.store.manifest import write_manifest
from engine.store.setdir import open_set
from tests.bridge.session.rig import RATE, make_set


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def library(said: list[str]) -> Iterator[Library]:
    library = Library(said.append)
    yield library
    library.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set whose loop has a layout."""
    folder = make_set(tmp_path_factory.mktemp("library"))
    remixset = open_set(folder)
    loops = remixset.decompositions["loops"]
    sources = (dataclasses.replace(loops.sources[0], best_bar=2, period=2), *loops.sources[1:])
    loops = dataclasses.replace(loops, sources=sources, layout=tuple((float(bar > 1),) for bar in range(6)))
    write_manifest(folder, dataclasses.replace(remixset, decompositions={**remixset.decompositions, "loops": loops}))
    return folder


def whole(shelf: Shelf) -> Shelf:
    assert shelf.whole.wait(30.0)
    return shelf


@pytest.mark.parametrize("rate", [RATE, 44_100, 48_000])
@pytest.mark.parametrize("parts", ["stems", "loops"])
def test_samples_are_those_of_a_bounce(library: Library, folder: Path, rate: int, parts: str) -> None:
    bank = bank_of(choose(SetChoice(folder, parts)), rate, straighten=False, report=Quiet())

    shelf = whole(library.fetch(folder, rate, parts))

    assert shelf.parcel.layers[0].name == parts
    assert shelf.parcel.layers[0].ids == bank.ids
    np.testing.assert_array_equal(shelf.rows(0), bank.samples)
    record = shelf.parcel.record([shelf.rows(k) for k in range(2)])
    assert (record.rate, record.frames, record.names) == (rate, bank.frames, shelf.parcel.names)
    assert record.banks[0].cell_bars == bank.cell_bars == (((), (), ()) if parts == "stems" else ((2, 3, 2, 3, 4, 5), ()))


def test_the_start_is_there_when_a_song_may_play(library: Library, folder: Path) -> None:
    shelf = library.fetch(folder, RATE)

    assert shelf.playable.wait(30.0)

    assert np.all(np.abs(shelf.rows(0)[:, :, : 2 * RATE]).max(axis=(1, 2)) > 0.0)


def test_a_folder_deleted_meanwhile_changes_nothing(library: Library, tmp_path: Path, said: list[str]) -> None:
    folder = make_set(tmp_path, seconds=30.0)
    before = bank_of(choose(SetChoice(folder)), RATE, straighten=False, report=Quiet()).samples

    shelf = library.fetch(folder, RATE)
    shutil.rmtree(folder)

    np.testing.assert_array_equal(whole(shelf).rows(0), before)
    assert said == []


def test_a_file_of_another_content_is_said_in_one_line(library: Library, tmp_path: Path, said: list[str]) -> None:
    folder, other = make_set(tmp_path), make_set(tmp_path, seed=1)
    ours, theirs = (one / "stems" / "drums.flac" for one in (folder, other))
    ours.write_bytes((theirs.read_bytes() + bytes(ours.stat().st_size))[: ours.stat().st_size])

    whole(library.fetch(folder, RATE))

    assert len(said) == 1
    assert "drums.flac" in said[0]


def test_what_is_no_set_or_lacks_what_is_wanted_is_refused(library: Library, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match="does not exist"):
        library.fetch(tmp_path / "nothing", RATE)
    with pytest.raises(RemixtureError, match="has no voices: there are stems, loops"):
        library.fetch(folder, RATE, "voices")

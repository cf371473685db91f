import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.remixset import SCHEMA, RemixSet, Section, Song
from engine.model.separation import Layout, Part, Provenance, Separation
from engine.store.assemble import replace_decomposition
from engine.store.manifest import read_manifest, write_manifest

RATE, BARS = 8_000, 8
GRID = Beatgrid(np.linspace(0.0, BARS, 4 * BARS + 1))
NAMES = ("Kick", "Hats 2", "Voice and chords")
CONFIDENCES = (np.inf, np.float64(12.44), None)


@pytest.fixture
def found() -> RemixSet:
    return RemixSet(SCHEMA, Song("a", "0", "a.wav", BARS * RATE, RATE, 2))


def separated(confidences: tuple[float | None, ...] = CONFIDENCES) -> Separation:
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, (3, 2, BARS * RATE)).astype(np.float32)
    parts = [Part(f"loop-{i + 1}", name, "loop", "#4e79a7", confidences[i]) for i, name in enumerate(NAMES)]
    layout = Layout(np.ones((BARS, 3)), (2, 0, 4), (1, 2, 4))
    return Separation(tuple(parts), Provenance("ntd", 1), iter([samples]), layout)


def stored(folder: Path, remixset: RemixSet, separation: Separation, crosstalk: tuple[float, ...] = (np.nan,) * 3) -> RemixSet:
    silence = np.zeros((2, BARS * RATE), np.float32)
    return replace_decomposition(folder, remixset, "loops", separation, silence, GRID, lambda: np.array(crosstalk))


def test_how_exactly_loops_repeat_comes_back_from_disk(tmp_path: Path, found: RemixSet) -> None:
    made = stored(tmp_path, found, separated())

    again = read_manifest(tmp_path)

    assert again == made
    sources = again.decompositions["loops"].sources
    assert [s.confidence_db for s in sources] == [144.0, 12.4, None, None]
    assert [s.confidence_text for s in sources] == ["exact", "12 dB", "", ""]


def test_crosstalk_and_sections_come_back_from_disk(tmp_path: Path, found: RemixSet) -> None:
    known = dataclasses.replace(found, sections=(Section(0, "A"), Section(4, "B")))
    made = stored(tmp_path, known, separated(), (-11.26, -24.0, np.nan))

    again = read_manifest(tmp_path)

    assert again == made
    assert again.sections == known.sections
    sources = again.decompositions["loops"].sources
    assert [s.crosstalk_db for s in sources] == [-11.3, -24.0, None, None]
    assert [s.crosstalk_text for s in sources] == ["-11 dB", "under -24 dB", "", ""]


def test_a_set_of_an_older_version_opens(tmp_path: Path, found: RemixSet) -> None:
    made = stored(tmp_path, found, separated((None, None, None)))
    document = json.loads((tmp_path / "set.json").read_bytes())
    for source in document["decompositions"]["loops"]["sources"]:
        del source["confidence_db"], source["crosstalk_db"]
    del document["sections"]
    (tmp_path / "set.json").write_text(json.dumps(document))

    assert read_manifest(tmp_path) == made


def test_a_key_that_is_none_is_refused(tmp_path: Path, found: RemixSet) -> None:
    write_manifest(tmp_path, dataclasses.replace(found, key="H minor"))

    with pytest.raises(RemixtureError, match=r"set\.json is damaged.*'H minor'"):
        read_manifest(tmp_path)


def test_files_are_named_by_id_whatever_a_loop_is_called(tmp_path: Path, found: RemixSet) -> None:
    sources = stored(tmp_path, found, separated()).decompositions["loops"].sources[:-1]

    assert [s.name for s in sources] == list(NAMES)
    assert [s.once for s in sources] == [f"loops/once/loop-{k}.wav" for k in (1, 2, 3)]
    assert [soundfile.info(tmp_path / str(s.once)).frames for s in sources] == [RATE, 2 * RATE, 4 * RATE]

"""DAWprojects are valid, mean something, and sound as what they were made from."""

import hashlib
from dataclasses import replace
from pathlib import Path

import lxml.etree as xml
import numpy as np
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.daw import dawproject
from bridge.daw.dawprojectxml import number, project_xml
from bridge.daw.media import distinct, text
from bridge.daw.project import Clip, Marker, Project, SceneSlots, Track
from bridge.daw.work import Options, Work
from engine.dsp.levels import peak_dbfs
from engine.model.audio import Samples
from engine.model.grid import Beatgrid
from engine.model.report import Quiet
from engine.store.encode import BitDepth
from engine.store.manifest import read_manifest, write_manifest
from tests.bridge.daw.dawprojectcheck import complaints
from tests.bridge.daw.dawprojectfile import DawprojectFile, write
from tests.bridge.daw.madeup import DRIFTING, RATE, STEADY, expected, made_up, media, noise
from tests.bridge.daw.rig import RATE as SET_RATE
from tests.bridge.daw.rig import export_set, mixdown, song_of
from tests.bridge.daw.test_fromtake import source as played
from tests.engine.bounce.test_take import SECOND

AWKWARD = ["a/b\\c", "🥁 & <drums>", '"it\'s"', "tab\tnew\nline\x00\x1b\x7f", "x" * 200, "same", "same", "", "é\ud800ü", "CON"]
TOLERANCE_DBFS = -120.0
DEFAULT = Options()


def write_set(folder: Path, target: Path, options: Options = DEFAULT) -> tuple[Work, DawprojectFile]:
    """Write a set; read it back."""
    work = Work(folder, options, Quiet())
    dawproject.write(work, target)
    return work, DawprojectFile(target)


def assert_valid(path: Path, shared: Path) -> None:
    """Both documents are as both validators want them."""
    file = DawprojectFile(path)
    for name, root in (("Project", file.root), ("MetaData", file.meta)):
        schema = shared / "dawproject" / f"{name}.xsd"
        xml.XMLSchema(xml.parse(str(schema))).assertValid(root)
        xmlschema.XMLSchema(str(schema)).validate(root)


@pytest.mark.parametrize("grid", [STEADY, DRIFTING], ids=["steady", "drifting"])
def test_everything_is_valid_and_means_something(tmp_path: Path, shared: Path, grid: Beatgrid) -> None:
    write(made_up(grid), tmp_path / "x.dawproject")

    assert_valid(tmp_path / "x.dawproject", shared)
    assert complaints(tmp_path / "x.dawproject") == []


@pytest.mark.parametrize(("lead_in", "drift"), [(0.7, 0.0), (2.5, 0.01)])
@pytest.mark.parametrize("looped", [False, True])
def test_a_set_is_valid_and_means_something(
    tmp_path: Path, shared: Path, lead_in: float, drift: float, *, looped: bool
) -> None:
    folder = export_set(tmp_path, lead_in=lead_in, drift=drift)

    for parts in ("stems", "loops"):
        target = tmp_path / f"{parts}.dawproject"
        write_set(folder, target, Options(parts, looped))
        assert_valid(target, shared)
        assert complaints(target) == []


@pytest.mark.parametrize("parts", ["stems", "loops"])
@pytest.mark.parametrize(("lead_in", "drift"), [(0.0, 0.0), (0.7, 0.0), (2.5, 0.01)])
def test_an_untouched_set_sounds_as_the_song(tmp_path: Path, parts: str, lead_in: float, drift: float) -> None:
    folder = export_set(tmp_path, lead_in=lead_in, drift=drift)

    work, file = write_set(folder, tmp_path / "x.dawproject", Options(parts))

    heard = file.render()[:, work.project.origin - round(lead_in * SET_RATE) :]
    assert peak_dbfs(heard - song_of(folder)) < TOLERANCE_DBFS
    assert work.said == list(work.project.notes)
    assert bool(work.said) == bool(lead_in)


def test_looped_clips_go_round_as_the_project_has_them(tmp_path: Path) -> None:
    work, file = write_set(export_set(tmp_path), tmp_path / "x.dawproject", Options("loops", looped=True))

    assert sum(clip.get("loopEnd") is not None for clip in file.root.findall("Arrangement//Clip")) == 3
    assert peak_dbfs(file.render() - mixdown(work.project)) < TOLERANCE_DBFS


def test_beats_of_a_grid_that_drifts_are_where_the_songs_are(tmp_path: Path) -> None:
    work, file = write_set(export_set(tmp_path, lead_in=0.7, drift=0.01), tmp_path / "x.dawproject")

    before = work.project.lead_in_bars * 4
    lengths = 0.5 * 1.01 ** np.arange(26)
    places = [file.seconds(before + beat) - work.project.origin / SET_RATE for beat in range(27)]
    assert before > 0
    np.testing.assert_allclose(places, np.concatenate([[0.0], np.cumsum(lengths)]), atol=1.0 / SET_RATE)
    markers = {node.get("name"): float(node.get("time")) for node in file.root.iter("Marker")}
    assert markers == pytest.approx({"A": before, "B": before + 8.0}, abs=1e-4)
    slots = {scene.get("name"): scene.find("Lanes/ClipSlot/Clip") for scene in file.root.iter("Scene")}
    assert float(slots["Section A"].get("duration")) == pytest.approx(8.0, abs=1e-3)


@pytest.mark.parametrize("grid", [STEADY, DRIFTING], ids=["steady", "drifting"])
def test_moves_of_tracks_groups_and_the_master_sound_as_they_were_made(tmp_path: Path, grid: Beatgrid) -> None:
    project = made_up(grid)

    write(project, tmp_path / "x.dawproject")

    heard = DawprojectFile(tmp_path / "x.dawproject").render()
    assert heard.shape == (2, 64_000)
    assert np.abs(heard).max() > 0.1
    assert peak_dbfs(heard - expected(project)) < TOLERANCE_DBFS


@pytest.mark.slow
def test_a_take_is_valid_and_sounds_as_it_was_played(sets: tuple[Path, Path], tmp_path: Path, shared: Path) -> None:
    made, heard = played(sets, tmp_path)

    project = made.project(Quiet())
    write(project, tmp_path / "x.dawproject", BitDepth.FLOAT)

    assert_valid(tmp_path / "x.dawproject", shared)
    assert complaints(tmp_path / "x.dawproject") == []
    difference = DawprojectFile(tmp_path / "x.dawproject").render()[:, : project.frames] - heard[:, -project.frames :]
    # A DAW switches its mutes its own way; ours takes 10 ms.
    assert np.sqrt(np.mean(difference**2) / np.mean(heard**2)) < 0.05
    assert peak_dbfs(difference[:, : SECOND - 6_000]) < TOLERANCE_DBFS


def test_only_what_moves_has_points(tmp_path: Path) -> None:
    write(made_up(), tmp_path / "x.dawproject")

    file = DawprojectFile(tmp_path / "x.dawproject")
    moved = {track.get("name"): len(lanes.findall("Points")) for track, lanes in file.lanes()}
    assert moved == {"Deck A": 2, "Kick": 2, "Pad": 0, "Voice": 0, "Loop": 0, "Still": 0, "Master": 1}
    assert file.root.find("Arrangement/TempoAutomation") is None
    tracks = {track.get("name"): track.find("Channel") for track in file.root.iter("Track")}
    assert tracks["Pad"].find("Volume").get("value") == "0.5"
    assert tracks["Still"].find("Mute").get("value") == "true"
    assert tracks["Kick"].find("Volume").get("max") == "3.0"
    assert {channel.find("Pan").get("value") for channel in tracks.values()} == {"0.5"}


def test_structure_is_what_was_played(tmp_path: Path) -> None:
    write(made_up(), tmp_path / "x.dawproject")

    file = DawprojectFile(tmp_path / "x.dawproject")
    assert file.root.find("Application").get("name") == "Remixture"
    assert float(file.root.find("Transport/Tempo").get("value")) == 120.0
    outer = [
        (track.get("name"), track.get("color"), track.find("Channel").get("role")) for track in file.root.find("Structure")
    ]
    assert outer == [
        ("Deck A", "#808080", "submix"), ("Voice", "#0000ff", "regular"), ("Loop", "#ffff00", "regular"),
        ("Still", "#123456", "regular"), ("Master", None, "master"),
    ]  # fmt: skip
    assert [track.get("name") for track in file.root.find("Structure/Track").findall("Track")] == ["Kick", "Pad"]
    assert [(node.get("name"), float(node.get("time"))) for node in file.root.iter("Marker")] == [("A", 0.0), ("B <&>", 8.0)]
    launched = {
        scene.get("name"): [file.by_id[slot.get("track")].get("name") for slot in scene.iter("ClipSlot") if len(slot)]
        for scene in file.root.iter("Scene")
    }
    assert launched == {"Drums": ["Kick"], "All": ["Pad", "Loop"]}
    assert file.meta.findtext("Title") == "Made up"
    assert "A minor" in file.meta.findtext("Comment")
    assert "a note" in file.meta.findtext("Comment")


def test_the_same_project_gives_the_same_bytes_and_leaves_nothing_beside_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(made_up(DRIFTING), tmp_path / f"{name}.dawproject")

    one, other = (hashlib.sha256((tmp_path / f"{name}.dawproject").read_bytes()).digest() for name in ("a", "b"))
    assert one == other
    assert {path.name for path in tmp_path.iterdir()} == {"a.dawproject", "b.dawproject"}


def unreadable() -> Samples:
    raise OSError(28, "No space left on device")


def test_what_cannot_be_read_leaves_nothing_beside_the_target(tmp_path: Path) -> None:
    project = made_up()
    lost = replace(project.media[1], samples=unreadable)

    with pytest.raises(OSError, match="No space"):
        write(replace(project, media=(project.media[0], lost, *project.media[2:])), tmp_path / "x.dawproject")
    assert {path.name for path in tmp_path.iterdir()} <= {"x.dawproject"}


def test_files_that_no_clip_plays_stay_out(tmp_path: Path) -> None:
    project = made_up()

    write(replace(project, media=(*project.media, media("idle.wav", noise(9)))), tmp_path / "x.dawproject")

    assert complaints(tmp_path / "x.dawproject") == []


@pytest.mark.parametrize("depth", list(BitDepth))
def test_peaks_over_full_scale_are_scaled_together_and_told(tmp_path: Path, depth: BitDepth) -> None:
    project = made_up()
    project = replace(project, media=tuple(media(one.name, 4 * one.samples()) for one in project.media))

    work = write(project, tmp_path / "x.dawproject", depth)

    factor = (1 - 2.0**-23) / max(np.abs(one.samples()).max() for one in project.media) if depth is BitDepth.PCM_24 else 1.0
    heard = DawprojectFile(tmp_path / "x.dawproject").render()
    assert peak_dbfs(heard - factor * expected(project)) < TOLERANCE_DBFS
    assert work.said[-2] == "a note"
    assert "mutes" in work.said[-1]
    assert len(work.said) == (3 if depth is BitDepth.PCM_24 else 2)


def named(names: list[str]) -> Project:
    """A project whose tracks, clips, markers and scenes have these names."""
    sound = noise(5, 0.1)
    files = [f"{name}.wav" for name in distinct(names)]
    tracks = tuple(
        Track(f"t{row}", name, "other", "#808080", (Clip(file, name, 0, 800),))
        for row, (name, file) in enumerate(zip(names, files, strict=True))
    )
    scenes = tuple(SceneSlots(name, ((track.id, track.clips[0]),)) for name, track in zip(names, tracks, strict=True))
    markers = tuple(Marker(row, name) for row, name in enumerate(names))
    whole = Project(names[0], RATE, 800, STEADY, tracks, tuple(media(file, sound) for file in files), 0, markers, scenes)
    return replace(whole, notes=tuple(names))


def test_awkward_names_come_out_safe_and_distinct(tmp_path: Path, shared: Path) -> None:
    write(named(AWKWARD), tmp_path / "x.dawproject")

    file = DawprojectFile(tmp_path / "x.dawproject")
    assert complaints(tmp_path / "x.dawproject") == []
    assert_valid(tmp_path / "x.dawproject", shared)
    assert len(file.sounds) == len(AWKWARD)
    assert all(name.startswith("audio/") and name.count("/") == 1 and "\\" not in name for name in file.sounds)
    assert [track.get("name") for track in file.root.iter("Track")] == [*map(text, AWKWARD), "Master"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=3))
def test_any_name_makes_a_document_that_reads_back(names: list[str]) -> None:
    root = xml.fromstring(project_xml(named(names)))

    assert [scene.get("name") for scene in root.iter("Scene")] == [text(name) for name in names]


def test_sources_named_as_each_others_files_keep_their_sound(tmp_path: Path) -> None:
    folder = export_set(tmp_path, lead_in=0.7)
    manifest = read_manifest(folder)
    stems = manifest.decompositions["stems"]
    names = ("drums", "drums lead-in", "drums loop")
    sources = tuple(replace(source, name=name) for source, name in zip(stems.sources, names, strict=True))
    write_manifest(folder, replace(manifest, decompositions={"stems": replace(stems, sources=sources)}))

    work, file = write_set(folder, tmp_path / "x.dawproject")

    assert complaints(tmp_path / "x.dawproject") == []
    assert peak_dbfs(file.render()[:, work.project.origin - round(0.7 * SET_RATE) :] - song_of(folder)) < TOLERANCE_DBFS


def test_numbers_read_back_as_they_were() -> None:
    for value in (0.0, -0.0, 1e-12, 1 / 3, 1e15, 0.1 + 0.2, np.float64(2.5)):
        assert float(number(value)) == value
        assert "e" not in number(value)

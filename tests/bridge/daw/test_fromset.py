"""A set as a project: nothing is lost, and everything is where it was."""

from pathlib import Path

import numpy as np
import pytest

from bridge.daw.fromset import project_of_set
from bridge.daw.project import tempo_map
from engine.model.errors import RemixtureError
from engine.store.scene import save_scene
from tests.bridge.daw.rig import RATE, export_set, mixdown, song_of
from tests.conftest import null_dbfs


@pytest.mark.parametrize("parts", ["stems", "loops"])
@pytest.mark.parametrize(("lead_in", "drift"), [(0.0, 0.0), (0.7, 0.0), (2.5, 0.01)])
def test_its_clips_are_the_song(tmp_path: Path, parts: str, lead_in: float, drift: float) -> None:
    folder = export_set(tmp_path, lead_in=lead_in, drift=drift)

    project = project_of_set(folder, parts)

    song, frames = song_of(folder), round(lead_in * RATE)
    assert null_dbfs(mixdown(project)[:, project.origin - frames :], song) < -120
    assert not mixdown(project)[:, : project.origin - frames].any()


def test_clips_lie_on_bars_and_leave_out_what_is_silent(tmp_path: Path) -> None:
    project = project_of_set(export_set(tmp_path))
    drums = next(track for track in project.tracks if track.id == "drums")

    bar = 2 * RATE
    assert [(clip.start, clip.end, clip.name) for clip in drums.clips] == [(0, 4 * bar, "Drums bars 1-4")]


def test_sample_0_of_every_file_is_bar_1_and_the_lead_in_is_kept_and_stated(tmp_path: Path) -> None:
    folder = export_set(tmp_path, lead_in=0.7)

    project = project_of_set(folder)

    lead_in, song = round(0.7 * RATE), song_of(folder)
    assert project.lead_in_bars == 1
    assert project.origin == 2 * RATE
    assert f"{lead_in} frames" in project.notes[0]
    whole = np.sum([one.samples() for one in project.media if "lead-in" not in one.name], axis=0)
    before = np.sum([one.samples() for one in project.media if "lead-in" in one.name], axis=0)
    assert null_dbfs(whole, song[:, lead_in:]) < -120
    assert null_dbfs(before, song[:, :lead_in]) < -120


@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_the_timelines_beats_are_the_songs(tmp_path: Path, drift: float) -> None:
    folder = export_set(tmp_path, lead_in=0.7, drift=drift)

    project = project_of_set(folder)

    assert project.grid.times[0] == 0.0
    assert project.beat(project.origin) == pytest.approx(4.0, abs=1e-3)
    for bar, start in enumerate(project_of_set(folder).markers):
        assert project.beat(start.frame) == pytest.approx(4.0 + 8.0 * bar, abs=1e-3)
    assert len(tempo_map(project)) == (1 if drift == 0.0 else len(project.grid.times) - 4)


def test_loops_go_round_where_the_layout_has_them(tmp_path: Path) -> None:
    folder = export_set(tmp_path)

    project = project_of_set(folder, "loops", looped=True)

    first, second, residual = project.tracks
    bar = 2 * RATE
    assert [(clip.start, clip.frames, clip.loop) for clip in first.clips] == [(0, 2 * bar, bar), (4 * bar, 2 * bar, bar)]
    assert [(clip.start, clip.frames, clip.loop) for clip in second.clips] == [(2 * bar, 2 * bar, bar)]
    assert all(clip.loop is None for clip in residual.clips)
    # They repeat exactly, but for what rings into bar 3, and the half bar at the end that no layout knows.
    heard, song = mixdown(project), song_of(folder)
    assert null_dbfs(heard[:, : 2 * bar], song[:, : 2 * bar]) < -120
    assert null_dbfs(heard[:, 2 * bar + 400 : 6 * bar], song[:, 2 * bar + 400 : 6 * bar]) < -120


def test_sections_are_markers_and_scenes_and_stored_scenes_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    save_scene("drop", {"drums.mute": 0.0, "bass.mute": 1.0})
    save_scene("elsewhere", {"master.crossfader": 0.5})

    project = project_of_set(export_set(tmp_path))

    assert [(marker.name, marker.frame) for marker in project.markers] == [("A", 0), ("B", 4 * RATE)]
    scenes = {scene.name: dict(scene.clips) for scene in project.scenes}
    assert set(scenes) >= {"Section A", "Section B", "drop"}
    assert "elsewhere" not in scenes
    assert "bass" not in scenes["drop"]
    assert "drums" in scenes["drop"]
    assert (scenes["Section B"]["bass"].offset, scenes["Section B"]["bass"].start) == (4 * RATE, 0)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match="does not exist"):
        project_of_set(tmp_path / "no.remix")
    with pytest.raises(RemixtureError, match="has no drums: there are stems, loops"):
        project_of_set(export_set(tmp_path), "drums")


def test_names_are_safe_and_distinct() -> None:
    from bridge.daw.media import distinct, text

    names = ["a/b", "a-b", "A-B", "\U0001f941", "x" * 200, "x" * 200, "", "con", "..", "b\x00\x07c"]

    found = distinct(names)

    assert len({name.casefold() for name in found}) == len(names)
    assert all(name and "/" not in name and "\x00" not in name and len(name.encode()) < 100 for name in found)
    assert text("b\x00\x07c \U0001f941") == "b c \U0001f941"
    assert text("") == "untitled"


def test_files_over_full_scale_are_made_quieter_together() -> None:
    from bridge.daw.media import LOUDEST, common_factor
    from bridge.daw.project import Media
    from engine.store.encode import BitDepth

    loud, soft = np.full((2, 9), -1.6, dtype=np.float32), np.full((2, 9), 0.1, dtype=np.float32)
    media = [Media("a.wav", 9, 2, lambda: loud), Media("b.wav", 9, 2, lambda: soft)]

    assert common_factor(media, BitDepth.PCM_24) == pytest.approx(LOUDEST / 1.6)
    assert common_factor(media[1:], BitDepth.PCM_24) == 1.0
    assert common_factor(media, BitDepth.FLOAT) == 1.0

"""A take as a project: the fader moves come along, and together it is what was heard."""

from pathlib import Path

import numpy as np
import pytest

from bridge.daw.fromtake import TakeSource
from engine.model.errors import RemixtureError
from engine.model.report import Quiet
from tests.bridge.daw.rig import mixdown
from tests.conftest import null_dbfs
from tests.engine.bounce.test_dry import QUIET, Commands
from tests.engine.bounce.test_take import RATE, SECOND, play

MOVES: Commands = (
    *QUIET, (0, "deck.a.load", 0), (0, "deck.b.load", 1), (6_000, "deck.a.play", 1), (6_000, "master.record", 1.0),
    (SECOND, "deck.a.drums.gain", -12.0), (SECOND + 9_000, "deck.a.bass.mute", 1), (2 * SECOND, "deck.b.play", 1),
    (2 * SECOND, "deck.b.side", 1), (2 * SECOND, "deck.a.side", -1), (2 * SECOND + 1_000, "master.crossfader", 0.6),
    (3 * SECOND, "master.record", 0.0), (3 * SECOND, "master.gain", -18.0), (3 * SECOND + 2_000, "deck.a.play", 0),
)  # fmt: skip


def source(sets: tuple[Path, Path], room: Path, recording: int | None = None) -> tuple[TakeSource, np.ndarray]:
    take, heard = play(room / "take.jsonl", sets, MOVES, 4 * SECOND)
    return TakeSource.opened(take, (), recording, Quiet()), heard


def test_a_take_is_a_group_for_each_deck_and_a_track_for_each_source_that_sounded(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    project = source(sets, tmp_path)[0].project(Quiet())

    assert [group.id for group in project.tracks] == ["deck.a", "deck.b"]
    assert {track.id.rpartition(".")[2] for track, _ in project.leaves()} >= {"drums", "bass", "residual", "loop-1"}
    assert project.title == "song 0 + song 1"
    # Deck b comes in on its own bars.
    bass = next(track for track, groups in project.leaves() if track.id == "a.0.bass")
    assert bass.mute.turns == ((SECOND + 9_000 - 6_000, True),)


def test_together_it_is_what_was_heard_from_the_first_sound_on(sets: tuple[Path, Path], tmp_path: Path) -> None:
    made, heard = source(sets, tmp_path)

    project = made.project(Quiet())

    there = heard[:, 6_000:]
    difference = mixdown(project)[:, : there.shape[1]] - there
    assert project.frames == there.shape[1]
    assert np.sqrt(np.mean(difference**2) / np.mean(there**2)) < 1e-3
    # Where nothing moves it is exact.
    assert null_dbfs(mixdown(project)[:, : SECOND - 6_000], heard[:, 6_000:SECOND]) < -120


def test_with_moves_in_the_sound_tracks_sum_to_the_mix(sets: tuple[Path, Path], tmp_path: Path) -> None:
    made, heard = source(sets, tmp_path)

    project = made.baked(Quiet())

    difference = mixdown(project) - heard[:, 6_000:]
    assert np.sqrt(np.mean(difference**2) / np.mean(heard**2)) < 1e-3
    assert all(not track.gain.moves and not track.tracks for track, _ in project.leaves())


def test_a_recording_is_its_part_and_stands_on_its_bars(sets: tuple[Path, Path], tmp_path: Path) -> None:
    made, heard = source(sets, tmp_path, 1)

    project = made.project(Quiet())

    assert project.frames == 3 * SECOND - 6_000
    difference = mixdown(project) - heard[:, 6_000 : 3 * SECOND]
    assert np.sqrt(np.mean(difference**2) / np.mean(heard**2)) < 1e-3


def test_a_recording_has_no_tracks_of_what_sounded_before_it(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [
        *QUIET, (0, "deck.a.load", 0), (0, "deck.b.load", 1), (0, "deck.b.play", 1), (SECOND, "deck.b.play", 0),
        (2 * SECOND, "deck.a.play", 1), (2 * SECOND, "master.record", 1.0), (3 * SECOND, "master.record", 0.0),
    ]  # fmt: skip
    take, _ = play(tmp_path / "take.jsonl", sets, commands, 3 * SECOND)

    project = TakeSource.opened(take, (), 1, Quiet()).project(Quiet())

    assert [group.id for group in project.tracks] == ["deck.a"]
    assert all(track.clips for track, _ in project.leaves())


def test_the_beats_are_those_that_were_heard(sets: tuple[Path, Path], tmp_path: Path) -> None:
    project = source(sets, tmp_path)[0].project(Quiet())

    assert project.grid.steady
    assert project.grid.bpm == pytest.approx(120.0, abs=1e-6)
    assert project.beat(RATE) == pytest.approx(2.0, abs=1e-6)


def test_the_sets_of_a_take_are_found_and_a_recording_that_is_not_there_is_refused(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    assert source(sets, tmp_path)[0].sets == sets
    with pytest.raises(RemixtureError, match="there is no recording 2"):
        source(sets, tmp_path, 2)

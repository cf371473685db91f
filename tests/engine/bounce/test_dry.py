"""A take without its faders, and where they stood: together they are what was heard."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.bounce.beats import BeatCounter
from engine.bounce.dry import Dry, DryTake
from engine.dsp.levels import gain_of_db, peak_dbfs
from engine.model.audio import Samples
from engine.model.curve import Curve
from engine.model.report import Quiet
from tests.conftest import null_dbfs
from tests.engine.bounce.test_take import PERFORMANCE, RATE, SECOND, START, play, read, record, rendered

QUIET = ((0, "master.gain", -12.0), (0, "master.limiter", 0.0))
"""Nothing is loud enough for the limiter."""

Commands = Sequence[tuple[int, str, float]]


def dry(sets: tuple[Path, Path], room: Path, commands: Commands, frames: int, *, bare: bool = True) -> tuple[Dry, Samples]:
    """Play, and take the take apart; return that and what was heard."""
    take, heard = play(room / "take.jsonl", sets, commands, frames)
    return DryTake.opened(take, (), None).play(Quiet(), bare=bare), heard


def together(found: Dry, frames: int) -> Samples:
    """Return the sum of all sources at their levels."""
    at = np.arange(frames)
    out = np.zeros((2, frames))
    for source in found.sources:
        out += source.samples[:, :frames] * (source.level * found.decks[source.deck] * found.master).at(at)
    return out.astype(np.float32)


def test_sources_at_levels_that_stand_are_what_was_heard(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [
        *QUIET, *START, (0, "deck.a.drums.gain", 4.0), (0, "deck.a.gain", -3.0), (0, "deck.b.load", 1),
        (0, "deck.b.loop-1.mute", 1), (0, "deck.b.side", 1), (0, "master.crossfader", -0.3), (SECOND, "deck.b.play", 1),
        (2 * SECOND, "deck.a.seek", 0.0), (2 * SECOND + 5_000, "deck.a.loop", 0.5),
    ]  # fmt: skip

    found, heard = dry(sets, tmp_path, commands, 4 * SECOND)

    assert peak_dbfs(heard) > -40
    assert null_dbfs(together(found, 4 * SECOND), heard) < -120
    assert {(one.deck, one.source) for one in found.sources} >= {("a", "drums"), ("a", "residual"), ("b", "residual")}


def test_moves_are_followed_within_60_db(sets: tuple[Path, Path], tmp_path: Path) -> None:
    sweep = [(SECOND + 97 * k, "deck.a.drums.gain", -12.0 + 24.0 * k / 200) for k in range(201)]
    commands = [
        *QUIET, *START, *sweep, (2 * SECOND, "deck.a.drums.mute", 1), (2 * SECOND + 100, "deck.a.drums.mute", 0),
        (2 * SECOND + 5_000, "deck.a.bass.solo", 1), (2 * SECOND + 7_000, "deck.a.bass.solo", 0),
        (2 * SECOND + 9_000, "deck.a.gain", -9.0), (2 * SECOND + 9_050, "master.gain", -15.0),
        (3 * SECOND, "deck.a.side", -1), (3 * SECOND, "master.crossfader", 1.0), (3 * SECOND + 4_000, "deck.a.play", 0),
        (3 * SECOND + 6_000, "deck.a.gain", 0.0), (3 * SECOND + 6_000, "deck.a.drums.gain", 0.0),
        (3 * SECOND + 6_000, "master.crossfader", -1.0), (3 * SECOND + 9_000, "deck.a.play", 1),
    ]  # fmt: skip

    found, heard = dry(sets, tmp_path, sorted(commands, key=lambda one: one[0]), 4 * SECOND)

    difference = together(found, 4 * SECOND) - heard
    assert np.sqrt(np.mean(difference**2) / np.mean(heard**2)) < 1e-3
    drums = next(one for one in found.sources if one.source == "drums")
    assert drums.level.frames.size < 600
    assert drums.gain.at(np.array([2 * SECOND]))[0] == pytest.approx(gain_of_db(12.0), abs=1e-3)
    assert drums.mute.turns == (
        (2 * SECOND, True), (2 * SECOND + 100, False), (2 * SECOND + 5_000, True), (2 * SECOND + 7_000, False),
    )  # fmt: skip


def test_a_solo_among_the_stems_mutes_none_of_the_loops(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [*QUIET, *START, (SECOND, "deck.a.drums.solo", 1), (2 * SECOND, "deck.a.parts", 1)]

    found, heard = dry(sets, tmp_path, commands, 3 * SECOND)

    mutes = {one.source: one.mute.turns for one in found.sources}
    assert mutes["bass"] == ((SECOND, True),)
    assert mutes["drums"] == mutes["loop-1"] == ()
    assert null_dbfs(together(found, 3 * SECOND)[:, 2 * SECOND + 1_000 :], heard[:, 2 * SECOND + 1_000 :]) < -120


def test_a_whole_performance_comes_apart_and_together_again(sets: tuple[Path, Path], tmp_path: Path) -> None:
    kept = [command for command in PERFORMANCE if not command[1].endswith(("eq_low", "filter")) and command[1] != "master.gain"]

    found, heard = dry(sets, tmp_path, [*QUIET, *kept], 5 * SECOND)

    difference = together(found, 5 * SECOND) - heard
    assert np.sqrt(np.mean(difference**2) / np.mean(heard**2)) < 2e-3
    assert found.left_out == ()


def test_what_cannot_come_along_is_named(sets: tuple[Path, Path], tmp_path: Path) -> None:
    found, _ = dry(sets, tmp_path, PERFORMANCE, 5 * SECOND)

    assert found.left_out == ("deck.a.eq_low", "deck.a.filter")


def test_with_levels_in_them_sources_sum_to_the_mix(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [*START, (0, "master.limiter", 0), (SECOND, "deck.a.drums.gain", -6.0), (2 * SECOND, "deck.a.gain", -2.0)]

    found, heard = dry(sets, tmp_path, commands, 3 * SECOND, bare=False)

    assert null_dbfs(np.sum([one.samples for one in found.sources], axis=0)[:, : 3 * SECOND], heard) < -120


def test_sources_before_their_faders_are_the_songs_own_bit_for_bit(sets: tuple[Path, Path], tmp_path: Path) -> None:
    found, _ = dry(sets, tmp_path, [*START, (SECOND, "deck.a.drums.gain", -6.0), (SECOND, "deck.a.bass.mute", 1)], 3 * SECOND)

    bank = record(sets[0]).banks[0]
    for source in found.sources:
        np.testing.assert_array_equal(source.samples[:, : 3 * SECOND], bank.samples[bank.index(source.source), :, : 3 * SECOND])


@pytest.mark.parametrize(("moves", "bpm"), [
    ([], 120.0),
    ([(0, "deck.a.tempo", 1.05)], 126.0),
    ([(SECOND, "deck.a.loop", 1.0)], 120.0),
    ([(SECOND, "deck.a.loop", 0.125), (2 * SECOND + 6_000, "deck.a.loop", 0.0)], 120.0),
])  # fmt: skip
def test_beats_are_counted_on_through_loops(sets: tuple[Path, Path], tmp_path: Path, moves: Commands, bpm: float) -> None:
    commands = [
        (0, "deck.a.load", 0.0),
        *(m for m in moves if m[0] == 0),
        (6_000, "deck.a.play", 1.0),
        *(m for m in moves if m[0]),
    ]

    found, _ = dry(sets, tmp_path, commands, 5 * SECOND)

    assert found.first == pytest.approx(6_000, abs=256)
    assert found.grid.times[0] == pytest.approx(6_000 / RATE, abs=0.011)
    # A stretcher says to some milliseconds where it is.
    np.testing.assert_allclose(np.diff(found.grid.times), 60.0 / bpm, atol=1e-3)
    assert found.grid.steady


@pytest.mark.parametrize("began", [256, 1_024, 3_000, 11_111])
def test_the_first_beat_is_as_long_as_the_others_whenever_it_began(sets: tuple[Path, Path], tmp_path: Path, began: int) -> None:
    found, _ = dry(sets, tmp_path, [(0, "deck.a.load", 0.0), (began, "deck.a.play", 1.0)], 3 * SECOND)

    assert found.grid.times[0] == pytest.approx(began / RATE, abs=0.011)
    np.testing.assert_allclose(np.diff(found.grid.times), 0.5, atol=1e-6)


def test_it_begins_at_the_bar_line_before_what_was_played_first(sets: tuple[Path, Path], tmp_path: Path) -> None:
    commands = [(0, "deck.a.load", 0.0), (0, "deck.a.seek", 2.0), (3 * SECOND, "deck.a.play", 1.0)]

    found, _ = dry(sets, tmp_path, commands, 5 * SECOND)

    assert found.grid.times[0] == pytest.approx(3.0 - 1.0, abs=0.011)


@pytest.mark.parametrize("bpm", [84.0, 120.0, 141.0])
def test_the_first_bar_has_the_tempo_of_what_plays_where_the_clock_was_pulled_to_it(bpm: float) -> None:
    """A clock runs at 120 bpm until a deck leads it, and then jumps to its beat."""
    beats, per_frame = BeatCounter(), bpm / 60.0 / RATE
    beats.note(1024, 2.0 * 1024 / RATE, 2.0 * 1024 / RATE, follow=True)
    for frame in range(2048, 4 * SECOND, 1024):
        beats.note(frame, (frame - 1024) * per_frame, 1024 * per_frame, follow=True)

    grid = beats.grid(1024, 4 * SECOND, RATE, 4)

    assert grid.times[0] == pytest.approx(1024 / RATE, abs=1e-9)
    np.testing.assert_allclose(np.diff(grid.times), 60.0 / bpm, rtol=1e-6)


def test_thinning_keeps_a_curve_within_its_tolerance() -> None:
    frames = np.arange(0, 5_000, 7)
    curve = Curve(frames, 1.0 + 0.5 * np.sin(frames / 300.0) + 0.3 * (frames > 2_000))

    thin = curve.thinned(1e-3)

    assert thin.frames.size < curve.frames.size / 3
    assert np.abs(thin.at(frames) - curve.values).max() <= 1e-3 + 1e-12


def test_the_bounce_of_a_take_is_untouched_by_all_this(sets: tuple[Path, Path], tmp_path: Path) -> None:
    take, heard = play(tmp_path / "take.jsonl", sets, PERFORMANCE[:12], 2 * SECOND)
    DryTake.opened(take, (), None).play(Quiet(), bare=True)

    np.testing.assert_array_equal(rendered(take), heard)
    assert read(take.with_suffix(".wav")).shape[1] == 2 * SECOND

"""Fader moves sound the same over beats as over frames."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.daw.dawprojectmoves import moves_in_beats
from engine.model.grid import Beatgrid
from tests.bridge.daw.madeup import DRIFTING, RATE, curve, made_up

Row = NDArray[np.float64]
FADERS: dict[str, tuple[Callable[[Row], Row], Callable[[Row], Row]]] = {
    "dB": (np.log, np.exp),
    "cube": (np.cbrt, lambda x: x**3),
    "square": (np.sqrt, np.square),
}


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-100, 70_000), st.floats(0.0, 4.0)), min_size=1, max_size=8, unique_by=lambda p: p[0]),
    st.lists(st.floats(40.0, 240.0), min_size=2, max_size=40),
)
def test_a_move_over_any_tempos_is_the_same_curve(points: list[tuple[int, float]], bpms: list[float]) -> None:
    grid = Beatgrid(np.concatenate([[0.0], np.cumsum(60.0 / np.array(bpms))]))
    project, gain = replace(made_up(), grid=grid), curve(*sorted(points))
    # A bend within half a frame of a point is left out; what counts as steady has one tempo.
    assume(not grid.steady and np.abs(grid.times[:, None] * RATE - gain.frames).min() > 0.5)

    moves = moves_in_beats(project, gain)

    beats, values = (np.array(column) for column in zip(*moves, strict=True))
    assert beats[0] == 0.0
    assert np.all(np.diff(beats) > 0.0)
    frames = np.arange(0, 70_000, 97)
    heard = np.interp([project.beat(float(frame)) for frame in frames], beats, values)
    np.testing.assert_allclose(heard, gain.at(frames), atol=1e-9)


@pytest.mark.parametrize("fader", FADERS)
@pytest.mark.parametrize("ends", [(0.2, 1.0), (1.0, 0.01), (0.0, 2.0)])
def test_a_slow_move_is_the_same_on_any_fader(fader: str, ends: tuple[float, float]) -> None:
    to_fader, from_fader = FADERS[fader]
    gain = curve((1000, ends[0]), (33_000, ends[1]))

    moves = moves_in_beats(made_up(), gain)

    beats, values = (np.array(column) for column in zip(*moves, strict=True))
    frames = np.arange(1000, 33_000, 7)
    drawn = np.interp(frames / RATE * 2.0, beats, to_fader(np.maximum(values, 1e-9)))
    true = to_fader(gain.at(frames).clip(1e-9))
    audible = gain.at(frames) > 0.002
    difference_db = 20.0 * np.log10(from_fader(drawn[audible]) / from_fader(true[audible]))
    assert np.abs(difference_db).max() < 0.15
    assert len(moves) < 40


def test_a_quick_move_needs_no_more_points() -> None:
    assert len(moves_in_beats(made_up(), curve((0, 1.0), (1000, 1.0), (1080, 0.0)))) == 3


def test_no_two_points_are_in_one_place() -> None:
    beats = [beat for beat, _ in moves_in_beats(made_up(DRIFTING), curve((0, 1.0), (60_000, 0.0)))]

    assert np.all(np.diff(beats) > 1e-5)

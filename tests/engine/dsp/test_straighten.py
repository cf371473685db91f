import shutil

import numpy as np
import pytest

from engine.dsp.straighten import straighten, time_map
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid

RATE = 44_100


def drifting(seconds: float) -> tuple[Samples, Beatgrid]:
    """A click on every beat of a tempo that sways by 4 %, over a tone."""
    times = [0.3]
    while times[-1] < seconds - 1.0:
        times.append(times[-1] + 0.5 * (1 + 0.04 * np.sin(len(times) / 9)))
    x = np.zeros((4, round(seconds * RATE)), dtype=np.float32)
    x[2:] = 0.05 * np.sin(2 * np.pi * 220 / RATE * np.arange(x.shape[1]))
    for t in times:
        x[:2, round(t * RATE) - 32 : round(t * RATE) + 32] += 0.8 * np.hanning(64) * np.sin(0.5 * np.arange(64))
    return x, Beatgrid(np.array(times), first_downbeat=2)


needs_program = pytest.mark.skipif(shutil.which("rubberband") is None, reason="the program rubberband is not here")


@needs_program
def test_every_beat_lands_on_the_steady_grid() -> None:
    x, grid = drifting(12.0)

    out, steady = straighten(x, RATE, grid)

    assert steady.steady
    assert (steady.first_downbeat, steady.times[0]) == (2, grid.times[0])
    spans = [out[0, round(t * RATE) - 1500 : round(t * RATE) + 1500].astype(np.float64) ** 2 for t in steady.times]
    misses = [(np.arange(3000) @ span / span.sum() - 1499.5) / RATE for span in spans]
    assert np.abs(misses).max() < 0.002


@needs_program
def test_many_channels_go_through_at_once_and_keep_their_level() -> None:
    x, grid = drifting(2.0)
    x = np.concatenate([x] * 9) * np.float32(2.0)
    out, _ = straighten(x, RATE, grid)
    assert out.shape[0] == 36
    assert np.abs(out).max() > 1.2
    tone = out[2, RATE // 2 : 3 * RATE // 2]
    assert np.sqrt(2 * np.mean(tone**2)) == pytest.approx(0.1, rel=0.02)


def test_the_map_names_every_beat_and_both_ends() -> None:
    grid = Beatgrid(np.array([0.5, 1.0, 1.6]))
    steady = Beatgrid(np.array([0.5, 1.05, 1.6]))
    assert time_map(grid, steady, 100, 200) == [(0, 0), (50, 50), (100, 105), (160, 160), (200, 200)]


def test_beats_outside_the_song_are_left_out() -> None:
    grid = Beatgrid(np.array([-0.5, 1.0, 2.5]))
    assert time_map(grid, grid, 100, 200) == [(0, 0), (100, 100), (200, 200)]


def test_without_the_program_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RemixtureError, match=r"apt install rubberband-cli.*brew install rubberband"):
        straighten(np.zeros((2, 100), dtype=np.float32), RATE, Beatgrid(np.array([0.0, 1.0])))

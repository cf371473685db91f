import numpy as np
import pytest
from scipy.optimize import nnls

from engine.analysis.loops.bars import bars_of, gains_of
from engine.analysis.loops.choice import best_bars
from engine.analysis.loops.layout import LoopLayout
from engine.analysis.loops.masks import LoopMask, masked
from engine.analysis.loops.templates import Templates, bar_magnitude, fit_templates, non_negative
from engine.model.audio import Audio, no_progress
from engine.model.grid import Beatgrid
from tests.engine.analysis.loops.songs import RATE, bass, built, hits, plain

SIZE = 2048
FLAT = LoopLayout(np.ones((12, 1)), np.array([0]), np.array([0]), np.array([1]))


def test_least_squares_agree_with_lawson_and_hanson() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((30, 5)), rng.standard_normal((30, 40)) + 0.5

    found = non_negative((a.T @ a).astype(np.float32), (a.T @ b).astype(np.float32), sweeps=200)

    true = np.stack([nnls(a, column)[0] for column in b.T], axis=1)
    np.testing.assert_allclose(found, true, atol=2e-3)


def test_templates_are_the_loops_own_magnitudes() -> None:
    i = np.arange(12)
    song = built([i >= 0, i >= 6], [hits(2.0, RATE), bass(2.0, RATE)], channels=1)
    layout = np.stack([i >= 0, i >= 6], axis=1).astype(float)

    templates = fit_templates(song.audio, np.arange(13) * 2 * RATE, layout, SIZE, SIZE // 4)

    for k, part in enumerate(song.parts):
        true = bar_magnitude(part[None].astype(np.float32), 8 * 2 * RATE, 9 * 2 * RATE, templates.steps, SIZE)
        error = np.linalg.norm(templates.magnitude[k] - true) / np.linalg.norm(true)
        assert error < 0.25


@pytest.mark.parametrize(("start", "end"), [(-3000.0, 2000.0), (9000.0, 15_000.0), (-9000.0, -4000.0), (20_000.0, 30_000.0)])
def test_beyond_the_recording_is_silence(start: float, end: float) -> None:
    x = np.random.default_rng(0).standard_normal((2, 10_000)).astype(np.float32)
    padded = np.pad(x, [(0, 0), (20_000, 40_000)])

    found = bar_magnitude(x, start, end, 9, 1024)

    np.testing.assert_allclose(found, bar_magnitude(padded, start + 20_000, end + 20_000, 9, 1024), atol=1e-4)


def mask_of(song_gains: np.ndarray, magnitudes: np.ndarray, frames: int) -> LoopMask:
    templates = Templates(magnitudes.astype(np.float32), SIZE, SIZE // 4)
    return LoopMask(templates, np.linspace(0, frames, len(song_gains) + 1), song_gains, np.arange(len(magnitudes)))


def test_shares_follow_the_power_and_are_the_same_in_blocks() -> None:
    rng = np.random.default_rng(0)
    audio = Audio(rng.standard_normal((2, 3 * RATE)).astype(np.float32), RATE)
    loud = np.full((2, 2, SIZE // 2 + 1, 10), 1e3)
    loud[1] *= 2.0

    tracks = np.concatenate(list(masked(audio, mask_of(np.ones((3, 2)), loud, audio.frames), no_progress)), axis=-1)

    np.testing.assert_allclose(tracks[0], 0.2 * audio.samples, atol=1e-4)
    np.testing.assert_allclose(tracks[1], 0.8 * audio.samples, atol=1e-4)


def test_a_loop_that_is_off_is_silent() -> None:
    audio = Audio(np.random.default_rng(0).standard_normal((1, 4 * RATE)).astype(np.float32), RATE)
    gains = np.array([[1.0, 0.0], [1.0, 1.0]])

    tracks = np.concatenate(
        list(masked(audio, mask_of(gains, np.full((2, 1, SIZE // 2 + 1, 10), 1e3), audio.frames), no_progress)), axis=-1
    )

    assert np.abs(tracks[1, 0, : 2 * RATE - SIZE]).max() == 0.0
    assert np.abs(tracks[1, 0, 2 * RATE + SIZE :]).max() > 0.1


def test_what_is_much_louder_than_all_loops_is_not_theirs() -> None:
    audio = Audio(np.random.default_rng(0).standard_normal((1, 2 * RATE)).astype(np.float32), RATE)

    faint = mask_of(np.ones((1, 1)), np.full((1, 1, SIZE // 2 + 1, 10), 1.0), audio.frames)
    tracks = np.concatenate(list(masked(audio, faint, no_progress)), axis=-1)

    assert np.std(tracks) < 0.1 * np.std(audio.samples)


def test_the_incomplete_bars_get_what_is_there() -> None:
    song = plain(lead=0.7, tail=0.5)
    bars = bars_of(song.grid, song.audio)
    templates = fit_templates(song.audio, bars.full_edges, FLAT.columns, SIZE, SIZE // 4)

    assert (bars.lead, bars.full, len(bars.edges)) == (1, 12, 15)
    assert bars.edges[0] <= 0
    assert bars.edges[-1] >= song.audio.frames
    # The lead-in and the tail are silent here, but for what a window sees of the next bar.
    gains = gains_of(song.audio, bars, templates, FLAT)
    assert gains[0, 0] < 0.2
    assert gains[-1, 0] < 0.2
    np.testing.assert_array_equal(gains[1:-1], FLAT.columns)


def test_a_bar_cut_short_by_the_end_is_known_by_its_beginning() -> None:
    song = plain()
    cut = Audio(song.audio.samples[:, :-RATE], RATE)
    bars = bars_of(Beatgrid.steady_at(120.0, 0.0, cut.seconds), cut)
    layout = LoopLayout(np.ones((bars.full, 1)), FLAT.owners, FLAT.phases, FLAT.periods)
    templates = fit_templates(cut, bars.full_edges, layout.columns, SIZE, SIZE // 4)

    gains = gains_of(cut, bars, templates, layout)

    assert bars.full == 11
    assert gains[11, 0] == pytest.approx(1.0, abs=0.2)


def test_the_best_bar_is_where_a_loop_is_loud_and_alone() -> None:
    activation = np.array([[1, 0], [1, 1], [0.5, 1], [0, 1], [0, 0.4]])

    assert best_bars(activation, activation**2, [1, 1]) == (0, 3)


def test_a_long_loop_is_cut_where_it_enters() -> None:
    on = np.array([0, 1, 1, 1, 1, 1, 1, 0])

    bar = best_bars(np.stack([on, on], axis=1).astype(float), np.ones((8, 2)), [2, 4])

    assert bar[0] in {1, 3, 5}
    assert bar[1] == 1

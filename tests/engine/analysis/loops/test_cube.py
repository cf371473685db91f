from itertools import pairwise

import numpy as np
import pytest

from engine.analysis.loops.cube import BANDS, TIMES, bar_cube, bar_gram, mel_bands, weighted
from engine.model.audio import Audio
from tests.engine.analysis.loops.songs import RATE


@pytest.mark.parametrize(("rate", "size"), [(8_000, 256), (22_050, 1024), (44_100, 2048), (192_000, 8192)])
def test_no_band_is_empty_and_the_middle_of_the_spectrum_is_covered(rate: int, size: int) -> None:
    bands = mel_bands(rate, size)

    assert bands.shape == (BANDS, size // 2 + 1)
    assert (bands.sum(axis=1) > 0).all()
    hz = np.arange(size // 2 + 1) * rate / size
    assert (bands.sum(axis=0)[(hz > 1000) & (hz < 3500)] > 0.5).all()


def test_a_beep_lies_in_its_band_at_its_time_in_its_bar_and_channel() -> None:
    bar = 2 * RATE
    x = np.zeros((2, 4 * bar), dtype=np.float32)
    t = np.arange(bar // 8) / RATE
    start = 2 * bar + bar // 2
    x[1, start : start + t.size] = np.sin(2 * np.pi * 1000 * t)

    cube = bar_cube(Audio(x, RATE), np.arange(5) * bar)

    assert cube.shape == (4, 2 * BANDS, TIMES)
    where_bar, row, step = np.unravel_index(cube.argmax(), cube.shape)
    assert where_bar == 2
    assert TIMES // 2 <= step < TIMES * 5 // 8
    assert row // BANDS == 1
    assert mel_bands(RATE, 1024)[row % BANDS][round(1000 * 1024 / RATE)] > 0.4
    assert cube[2].sum() > 0.99 * cube.sum()


def test_a_bar_played_slower_is_the_same_bar() -> None:
    rng = np.random.default_rng(0)
    burst = rng.standard_normal(RATE // 2) * np.exp(-np.arange(RATE // 2) / RATE * 10)
    edges = np.array([0, 2 * RATE, round(4.2 * RATE)])
    x = np.zeros(edges[-1])
    for start, end in pairwise(edges):
        for beat in (0.0, 0.5):
            at = round(start + beat * (end - start))
            x[at : at + burst.size] += burst

    cube = weighted(bar_cube(Audio(x[None].astype(np.float32), RATE), edges))

    gram = bar_gram(cube)
    assert gram[0, 1] / np.sqrt(gram[0, 0] * gram[1, 1]) > 0.95


def test_what_does_not_repeat_weighs_less() -> None:
    rng = np.random.default_rng(0)
    cube = np.ones((8, 10, 4), dtype=np.float32)
    cube[:, 5:] = rng.exponential(1.0, (8, 5, 4))

    counted = weighted(cube)

    assert counted[:, 5:].mean() < 0.3 * counted[:, :5].mean()


def test_the_gram_of_the_bars_has_trace_one_and_silence_does_not_break_it() -> None:
    rng = np.random.default_rng(0)

    assert np.trace(bar_gram(rng.random((5, 6, 7)).astype(np.float32))) == pytest.approx(1.0)
    assert not bar_gram(np.zeros((5, 6, 7), dtype=np.float32)).any()

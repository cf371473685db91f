import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.dsp.levels import SILENCE_DB, peak_dbfs, rms_dbfs
from engine.dsp.loudness import LoudnessMeter, k_weighting
from engine.dsp.meter import gather, gather_loudness, level_sums, loudness_ring, momentary_lufs, read_levels, step_frames


def momentary(x: NDArray[np.float64], rate: int, cuts: tuple[int, ...] = ()) -> float | None:
    ring, state, step = loudness_ring(), np.zeros((2, 2, 2)), step_frames(rate)
    for a, b in itertools.pairwise(sorted({0, x.shape[1], *cuts})):
        gather_loudness(x, a, b - a, k_weighting(rate), state, ring, step)
    return momentary_lufs(ring, step)


def noise(frames: int) -> NDArray[np.float64]:
    swell = np.geomspace(0.01, 1, frames)
    return np.random.default_rng(8).uniform(-1, 1, (2, frames)) * swell


def test_levels_are_since_the_last_reading() -> None:
    x, sums = noise(2000), level_sums()
    for at in range(0, 2000, 250):
        gather(x, at, 250, sums)

    assert read_levels(sums) == pytest.approx((peak_dbfs(x), rms_dbfs(x)))
    gather(x, 0, 100, sums)
    assert read_levels(sums) == pytest.approx((peak_dbfs(x[:, :100]), rms_dbfs(x[:, :100])))
    assert read_levels(sums) == (SILENCE_DB, SILENCE_DB)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_sine_of_997_hz_at_minus_23_dbfs_reads_minus_23_lufs(rate: int) -> None:
    """EBU Tech 3341, table 1, case 1 (stereo, both sides)."""
    sine = 10 ** (-23 / 20) * np.sin(2 * np.pi * 997 * np.arange(rate) / rate)

    assert momentary(np.stack([sine, sine]), rate) == pytest.approx(-23.0, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 59_999), max_size=12), frames=st.integers(1, 60_000))
def test_momentary_is_that_of_the_loudness_meter(cuts: list[int], frames: int) -> None:
    x = noise(60_000)[:, :frames]
    meter = LoudnessMeter(48_000, 2)
    meter.add(x.astype(np.float32))

    shown = momentary(x, 48_000, tuple(cut for cut in cuts if cut < frames))

    assert shown == (None if frames < 19_200 else pytest.approx(meter.momentary(), abs=0.1))


def test_silence_has_no_loudness() -> None:
    assert momentary(np.zeros((2, 48_000)), 48_000) is None


def test_what_was_loud_is_forgotten_after_half_a_second() -> None:
    x = np.zeros((2, 4 * 48_000))
    x[:, :9600] = noise(9600)

    loudness = momentary(x, 48_000)

    assert loudness is None or loudness < -200.0

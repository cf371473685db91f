import numpy as np
import pytest

from engine.dsp.levels import peak_dbfs
from engine.dsp.resample import resampled, resampled_blocks


@pytest.mark.parametrize("rate", [8_000, 32_000, 48_000, 96_000, 192_000])
def test_there_and_back_keeps_length_and_place(rate: int) -> None:
    t = np.arange(44_100) / 44_100
    x = (0.5 * np.sin(2 * np.pi * 440 * t) * np.hanning(t.size)).astype(np.float32)[None]

    there = resampled(x, 44_100, rate)
    back = resampled(there, rate, 44_100, x.shape[1])

    assert there.shape[1] == rate
    assert back.shape == x.shape
    assert peak_dbfs(back - x) < -90


def test_equal_rates_change_nothing() -> None:
    x = np.ones((2, 5), dtype=np.float32)

    assert resampled(x, 44_100, 44_100) is x


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
@pytest.mark.parametrize("frames", [0, -3, 500])
def test_block_by_block_is_the_same(rate: int, frames: int) -> None:
    x = np.random.default_rng(0).standard_normal((3, 2, 30_000)).astype(np.float32)
    wanted = round(30_000 * rate / 44_100) + frames

    blocks = list(resampled_blocks(iter(np.split(x, [1, 7_000, 7_100], axis=-1)), 44_100, rate, wanted))

    np.testing.assert_array_equal(np.concatenate(blocks, axis=-1), resampled(x, 44_100, rate, wanted))


def test_of_the_shortest_sound_a_frame_is_left() -> None:
    assert resampled(np.ones((2, 1), dtype=np.float32), 192_000, 44_100).shape == (2, 1)

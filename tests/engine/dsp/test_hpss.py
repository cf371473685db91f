import numpy as np
import pytest
from scipy import ndimage

from engine.dsp.hpss import harmonic_share, odd, running_median


@pytest.mark.parametrize(("length", "expected"), [(0.2, 3), (3.0, 3), (4.2, 5), (16.9, 17), (18.0, 19)])
def test_kernels_are_odd_and_never_trivial(length: float, expected: int) -> None:
    assert odd(length) == expected


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("length", [3, 9, 41])
def test_the_running_median_is_the_median(axis: int, length: int) -> None:
    x = np.random.default_rng(0).random((23, 31)).astype(np.float32)
    kernel = (length, 1) if axis == 0 else (1, length)

    assert np.array_equal(running_median(x, length, axis), ndimage.median_filter(x, kernel, mode="reflect"))


def test_a_line_lasts_and_a_strike_does_not() -> None:
    magnitude = np.full((65, 80), 1e-3, dtype=np.float32)
    magnitude[20, :] = 1.0
    magnitude[:, 50] = 1.0

    share = harmonic_share(magnitude, 17, 17)

    assert share[20, 10] > 0.99
    assert share[40, 50] < 0.01
    assert share.min() >= 0
    assert share.max() <= 1


def test_silence_is_undecided_and_finite() -> None:
    np.testing.assert_allclose(harmonic_share(np.zeros((9, 9), np.float32), 3, 3), 0.5)

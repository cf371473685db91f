import numpy as np
import pytest

from engine.dsp.masks import above, frequencies, magnitude, wiener


def test_a_curve_is_half_at_its_corner_and_rises_by_its_order() -> None:
    hz = np.array([[50.0], [200.0], [800.0]], dtype=np.float32)

    gain = above(hz, 200.0, 2)[:, 0]

    assert gain[1] == pytest.approx(0.5)
    assert 10 * np.log10(gain[0]) == pytest.approx(-24.1, abs=0.1)
    assert gain[2] > 0.99


def test_shares_add_up_and_silence_is_halved() -> None:
    a, b = np.array([[1.0, 2.0, 0.0]], dtype=np.float32), np.array([[1.0, 0.0, 0.0]], dtype=np.float32)

    np.testing.assert_allclose(wiener(a, b) + wiener(b, a), 1.0)
    np.testing.assert_allclose(wiener(a, b), [[0.5, 1.0, 0.5]])


def test_bins_reach_half_the_rate() -> None:
    assert frequencies(8, 8_000)[:, 0].tolist() == [0.0, 1000.0, 2000.0, 3000.0, 4000.0]


def test_channels_are_taken_together_by_their_power() -> None:
    spectrum = np.array([[[3.0]], [[4.0j]]], dtype=np.complex64)

    assert magnitude(spectrum)[0, 0] == pytest.approx(np.sqrt(12.5))

import numpy as np
import pytest
import soxr

from engine.dsp.levels import SILENCE_DB, peak_dbfs
from engine.dsp.truepeak import TruePeakMeter, interpolators, true_peak_dbtp
from engine.model.audio import Samples

RATE = 44_100


def oversampled_dbfs(x: Samples) -> float:
    """The peak at 16 times the rate, by another library."""
    return peak_dbfs(soxr.resample(x.T.astype(np.float64), 1, 16, quality="VHQ"))


def test_between_the_samples_of_a_quarter_rate_sine() -> None:
    x = np.sin(np.pi / 2 * np.arange(8000) + np.pi / 4).astype(np.float32)[None]
    fade = np.minimum(1.0, np.minimum(np.arange(8000), np.arange(8000)[::-1]) / 1000).astype(np.float32)
    assert peak_dbfs(x) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(x * fade) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("share", [0.01, 0.11, 0.2003, 0.3331, 0.4, 0.4501])
def test_a_sine_of_any_frequency_peaks_at_its_level(share: float) -> None:
    n = np.arange(30_000)
    x = (0.5 * np.sin(2 * np.pi * share * n + 0.3) * np.hanning(n.size)).astype(np.float32)[None]
    assert true_peak_dbtp(x) == pytest.approx(-6.02, abs=0.03)


def test_agrees_with_sixteenfold_oversampling_of_band_limited_noise() -> None:
    from scipy import signal

    x = np.random.default_rng(3).standard_normal((2, RATE))
    x = signal.sosfiltfilt(signal.ellip(12, 0.1, 80, 0.85, output="sos"), x).astype(np.float32) * np.float32(0.2)
    assert true_peak_dbtp(x) == pytest.approx(oversampled_dbfs(x), abs=0.05)


def test_is_never_less_than_a_sample() -> None:
    x = np.zeros((2, 100), dtype=np.float32)
    x[1, -1] = -0.7
    assert true_peak_dbtp(x) >= peak_dbfs(x)


def test_blocks_of_any_size_read_the_same() -> None:
    x = (np.random.default_rng(0).standard_normal((2, 20_000)) * 0.1).astype(np.float32)
    meter = TruePeakMeter(2)
    for start in range(0, x.shape[1], 333):
        meter.add(x[:, start : start + 333])
    assert meter.dbtp() == true_peak_dbtp(x)


def test_silence() -> None:
    assert true_peak_dbtp(np.zeros((2, 1000), dtype=np.float32)) == SILENCE_DB


def test_the_filters_pass_a_constant() -> None:
    np.testing.assert_allclose(interpolators().sum(axis=1), 1.0)

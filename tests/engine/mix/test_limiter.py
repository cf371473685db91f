import numpy as np
import pytest
import soxr
from scipy import signal

from engine.dsp.levels import gain_of_db, peak_dbfs
from engine.dsp.truepeak import true_peak_dbtp
from engine.mix.limiter import Limiter
from engine.model.audio import Samples

RATE = 44_100


def limit(x: Samples, ceiling_db: float = -1.0, clip: float = np.inf, block: int = 512, rate: int = RATE) -> Samples:
    limiter = Limiter(rate)
    bus = np.concatenate([x, np.zeros((2, limiter.latency))], axis=1).astype(np.float64)
    out = np.zeros(bus.shape, dtype=np.float32)
    for start in range(0, bus.shape[1], block):
        n = min(block, bus.shape[1] - start)
        limiter.process(bus[:, start:].copy(), n, gain_of_db(ceiling_db), clip, out, start)
    return out[:, limiter.latency :]


def stereo_noise(level: float, seconds: float = 2.0, seed: int = 0) -> Samples:
    return (np.random.default_rng(seed).standard_normal((2, round(seconds * RATE))) * level).astype(np.float32)


def oversampled_dbfs(x: Samples) -> float:
    return peak_dbfs(soxr.resample(x.T.astype(np.float64), 1, 16, quality="VHQ"))


def in_band(x: Samples) -> Samples:
    """Without what lies above 0.45 of the sample rate."""
    return np.asarray(signal.sosfiltfilt(signal.ellip(12, 0.1, 90, 0.9, output="sos"), x), dtype=np.float32)


def quarter_rate_sine(level: float) -> Samples:
    x = level * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4) * np.minimum(1.0, np.arange(RATE) / 2000)
    return np.stack([x, x]).astype(np.float32)


def bursts(level: float) -> Samples:
    x = stereo_noise(level)
    return x * (np.arange(x.shape[1]) % 9000 < 700).astype(np.float32)


def music_like(level: float) -> Samples:
    """Pink-ish noise with kicks on it, band-limited as recordings are."""
    x = signal.lfilter([1.0], [1.0, -0.9], stereo_noise(level * 0.15, 4.0))
    t = np.arange(x.shape[1]) % 22_050 / RATE
    return np.asarray(x + level * np.exp(-t * 12) * np.sin(2 * np.pi * 55 * t), dtype=np.float32)


def test_what_is_below_the_ceiling_passes_bit_for_bit() -> None:
    x = stereo_noise(0.1)
    assert true_peak_dbtp(x) < -1.0
    np.testing.assert_array_equal(limit(x), x)


def test_after_a_loud_place_it_comes_back_to_bit_for_bit() -> None:
    x = stereo_noise(0.1, 6.0)
    x[:, 1000:1500] *= 40
    out = limit(x)
    assert not np.array_equal(out[:, 2000:4000], x[:, 2000:4000])
    np.testing.assert_array_equal(out[:, -RATE:], x[:, -RATE:])


LOUD = {
    "sine": quarter_rate_sine(1.4),
    "loud sine": quarter_rate_sine(4.0),
    "noise +12 dB": stereo_noise(0.3 * 4),
    "bursts": bursts(1.5),
    "music +12 dB": music_like(4.0),
    "squares": np.sign(music_like(1.0)).astype(np.float32),
}


@pytest.mark.parametrize("name", LOUD)
@pytest.mark.parametrize("ceiling_db", [-1.0, -0.1, -6.0])
def test_true_peaks_stay_under_the_ceiling(name: str, ceiling_db: float) -> None:
    """By another library's sixteenfold oversampling, for what lies below 0.45 of the sample rate, as recordings do.

    Between there and half the rate it is a matter of the filter how high the waveform goes.
    """
    out = limit(in_band(LOUD[name]), ceiling_db)
    assert oversampled_dbfs(out) <= ceiling_db + 0.05
    assert peak_dbfs(out) <= ceiling_db + 1e-5


@pytest.mark.parametrize("name", LOUD)
def test_full_band_noise_stays_under_the_ceiling_by_the_filter_of_the_recommendation(name: str) -> None:
    """Within 0.25 dB, which is the error of that short filter."""
    a = [0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625]
    a += [0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500]
    b = [-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250]
    b += [0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375]
    out = limit(LOUD[name]).astype(np.float64)
    assert max(peak_dbfs(np.convolve(side, phase)) for side in out for phase in (a, b, b[::-1], a[::-1])) < -0.75


def test_it_does_not_hold_down_more_than_it_must() -> None:
    assert oversampled_dbfs(limit(quarter_rate_sine(1.4), -1.0)[:, RATE // 2 :]) > -1.1


@pytest.mark.parametrize("block", [1, 64, 1000, 4096])
def test_blocks_of_any_size_give_the_same(block: int) -> None:
    x = bursts(1.0)[:, : 4_000 if block == 1 else 40_000]
    np.testing.assert_array_equal(limit(x, block=block), limit(x, block=512))


def test_both_sides_share_one_gain() -> None:
    x = bursts(1.0)
    x[1] = x[0] * 0.25
    out = limit(x)
    np.testing.assert_allclose(out[1], out[0] * 0.25, atol=1e-7)


def test_a_bass_note_is_not_bent() -> None:
    """A 50 Hz tone 3 dB over the ceiling comes out with harmonics below -40 dB."""
    n = np.arange(4 * RATE)
    x = 1.26 * np.sin(2 * np.pi * 50 / RATE * n)
    out = limit(np.stack([x, x]).astype(np.float32))[0, 2 * RATE : 3 * RATE]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(RATE)))
    assert 20 * np.log10(spectrum[100:].max() / spectrum[50]) < -40


def test_without_a_ceiling_samples_can_still_be_held() -> None:
    x = bursts(2.0)
    np.testing.assert_array_equal(limit(x, ceiling_db=np.inf), x)
    assert np.abs(limit(x, ceiling_db=np.inf, clip=1.0)).max() <= 1.0


@pytest.mark.parametrize("rate", [8_000, 48_000, 192_000])
def test_any_rate(rate: int) -> None:
    assert oversampled_dbfs(limit(in_band(stereo_noise(1.0)), rate=rate)) <= -0.95


def test_what_was_taken_away_is_told() -> None:
    x = np.tile(np.sin(2 * np.pi * 997 / RATE * np.arange(RATE)), (2, 1)).astype(np.float32)
    limiter, out = Limiter(RATE), np.zeros_like(x)
    for start in range(0, RATE - 512, 512):
        limiter.process(2.0 * x[:, start : start + 512].astype(np.float64), 512, 1.0, np.inf, out, start)
    assert limiter.reduction_db == pytest.approx(20 * np.log10(2.0), abs=0.05)

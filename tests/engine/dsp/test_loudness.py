"""Known answers after EBU Tech 3341 (2016), and the coefficients printed in ITU-R BS.1770-4."""

import numpy as np
import pytest

from engine.dsp.loudness import LoudnessMeter, gain_to_loudness, integrated_lufs, k_weighting
from engine.model.audio import Samples
from engine.model.errors import RemixtureError

RATE = 48_000


def tone(*parts: tuple[float, float], rate: int = RATE, frequency: float = 1000.0) -> Samples:
    """A stereo sine whose level in dBFS goes through (level, seconds)."""
    level = np.concatenate([np.full(round(seconds * rate), 10 ** (db / 20)) for db, seconds in parts])
    x = level * np.sin(2 * np.pi * frequency / rate * np.arange(level.size))
    return np.stack([x, x]).astype(np.float32)


def test_the_filters_are_those_of_the_recommendation() -> None:
    shelf, high_pass = k_weighting(48_000)
    np.testing.assert_allclose(
        shelf, [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585], atol=1e-10
    )
    np.testing.assert_allclose(high_pass[3:], [-1.99004745483398, 0.99007225036621], atol=1e-10)
    np.testing.assert_allclose(high_pass[:3], [1.0, -2.0, 1.0], atol=5e-3)


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_1_khz_tone_reads_its_level(level: float) -> None:
    assert integrated_lufs(tone((level, 20.0)), RATE) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_any_rate_reads_the_same(rate: int) -> None:
    assert integrated_lufs(tone((-23.0, 3.0), rate=rate), rate) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        ((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)),
        ((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)),
        ((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)),
    ],
    ids=["case 3", "case 4", "case 5"],
)
def test_gates_as_ebu_wants(parts: tuple[tuple[float, float], ...]) -> None:
    assert integrated_lufs(tone(*parts), RATE) == pytest.approx(-23.0, abs=0.1)


def test_one_side_alone_is_3_db_less() -> None:
    x = tone((-20.0, 5.0))
    both, one = integrated_lufs(x, RATE), integrated_lufs(x[:1], RATE)
    assert both is not None
    assert one == pytest.approx(both - 3.01, abs=0.01)


def test_blocks_of_any_size_read_the_same() -> None:
    x = tone((-30.0, 2.0), (-18.0, 2.0))
    meter = LoudnessMeter(RATE, 2)
    for start in range(0, x.shape[1], 777):
        meter.add(x[:, start : start + 777])
    assert meter.integrated() == pytest.approx(integrated_lufs(x, RATE), abs=1e-9)


def test_momentary_is_the_last_400_ms() -> None:
    meter = LoudnessMeter(RATE, 2)
    meter.add(tone((-40.0, 3.0), (-20.0, 0.5)))
    assert meter.momentary() == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 3.0])
def test_silence_has_no_loudness(seconds: float) -> None:
    assert integrated_lufs(np.zeros((2, round(seconds * RATE)), dtype=np.float32), RATE) is None


def test_the_gain_to_a_target_brings_it_there() -> None:
    x = tone((-30.0, 3.0))
    gain = gain_to_loudness(integrated_lufs(x, RATE), -14.0)
    assert integrated_lufs(x * np.float32(10 ** (gain / 20)), RATE) == pytest.approx(-14.0, abs=1e-3)


def test_silence_cannot_be_made_loud() -> None:
    with pytest.raises(RemixtureError, match="-14 LUFS"):
        gain_to_loudness(None, -14.0)

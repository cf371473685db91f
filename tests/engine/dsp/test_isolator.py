import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.dsp.fades import AGE, glide_to, glides
from engine.dsp.isolator import isolate, isolator_coefficients, isolator_state

RATE = 48_000
LENGTH, WET_LENGTH = 480, 960
LONG = 16_384

Gains = tuple[float, float, float]


def isolated(
    x: NDArray[np.float64], moves: dict[int, Gains], cuts: tuple[int, ...] = (), rate: int = RATE
) -> NDArray[np.float64]:
    """The signal [shape=(2, frames)] with the bands sent to new gains at these frames, in pieces."""
    y, coefficients, state = x.copy(), isolator_coefficients(rate), isolator_state()
    bands, wet = glides(np.ones(3)), glides(np.zeros(1))[0]
    for a, b in itertools.pairwise(sorted({0, x.shape[1], *moves, *cuts})):
        for k, gain in enumerate(moves.get(a, ())):
            glide_to(bands[k], gain, LENGTH)
        isolate(y, a, b - a, coefficients, state, bands, LENGTH, wet, WET_LENGTH)
    return y


def response_db(gains: Gains, hz: NDArray[np.float64], rate: int = RATE) -> NDArray[np.float64]:
    """The magnitude at rest at these gains, from an impulse long after they were reached."""
    x = np.zeros((2, LONG + LONG))
    x[:, LONG] = 1.0
    y = isolated(x, {0: gains}, rate=rate)[0, LONG:]
    spectrum: NDArray[np.complex128] = np.exp(-2j * np.pi * np.outer(hz, np.arange(LONG)) / rate) @ y
    return 20 * np.log10(np.abs(spectrum))


def noise(frames: int) -> NDArray[np.float64]:
    return np.random.default_rng(5).uniform(-1, 1, (2, frames))


def test_at_rest_no_bit_changes() -> None:
    np.testing.assert_array_equal(isolated(noise(4000), {}), noise(4000))


def test_no_bit_changes_any_more_once_all_are_back() -> None:
    x = noise(6000)

    y = isolated(x, {100: (0.0, 2.0, 0.5), 2000: (1.0, 1.0, 1.0)})

    assert np.any(y[:, 2400:3400] != x[:, 2400:3400])
    rest = 2000 + LENGTH + WET_LENGTH
    np.testing.assert_array_equal(y[:, rest:], x[:, rest:])
    np.testing.assert_array_equal(y[:, :100], x[:, :100])


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 4999), max_size=12))
def test_cutting_changes_no_bit(cuts: list[int]) -> None:
    moves: dict[int, Gains] = {50: (0.0, 1.0, 1.0), 300: (1.0, 3.0, 0.0), 1500: (1.0, 1.0, 1.0), 3500: (1.0, 0.0, 1.0)}
    np.testing.assert_array_equal(isolated(noise(5000), moves), isolated(noise(5000), moves, tuple(cuts)))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_equal_gains_change_no_magnitude(rate: int) -> None:
    magnitudes = response_db((2.0, 2.0, 2.0), np.geomspace(20, 20e3, 300), rate)
    np.testing.assert_allclose(magnitudes, 20 * np.log10(2.0), atol=0.01)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    ("gains", "killed", "kept"),
    [
        ((0.0, 1.0, 1.0), (20, 125), (500, 20e3)),
        ((1.0, 0.0, 1.0), (500, 1250), (20, 125)),
        ((1.0, 1.0, 0.0), (5000, 20e3), (20, 1250)),
    ],
)
def test_a_killed_band_is_48_db_down_an_octave_away(
    rate: int, gains: Gains, killed: tuple[float, float], kept: tuple[float, float]
) -> None:
    assert response_db(gains, np.geomspace(*killed, 60), rate).max() < -48.0
    assert np.abs(response_db(gains, np.geomspace(*kept, 60), rate)).max() < 0.05


def test_bands_meet_at_6_db_down() -> None:
    np.testing.assert_allclose(response_db((1.0, 0.0, 0.0), np.array([250.0])), -6.02, atol=0.05)
    np.testing.assert_allclose(response_db((0.0, 0.0, 1.0), np.array([2500.0])), -6.02, atol=0.05)


@pytest.mark.parametrize("hz", [100.0, 1000.0])
def test_turning_does_not_click(hz: float) -> None:
    rng = np.random.default_rng(1)
    moves: dict[int, Gains] = {k: tuple(rng.choice([0.0, 1.0, 2.0], 3)) for k in range(2400, 90_000, 2400)}
    moves |= dict.fromkeys(range(12_000, 90_000, 12_000), (1.0, 1.0, 1.0))
    x = np.tile(np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE), (2, 1))

    y = isolated(x, moves)

    assert np.abs(np.diff(y)).max() < 2.02 * np.abs(np.diff(x)).max()  # twice as loud, so twice as steep
    assert splash_dbfs(y[0]) < -120.0


def splash_dbfs(y: NDArray[np.float64]) -> float:
    """The loudest of short spectra over 15 kHz."""
    window = np.blackman(4096)
    pieces = np.lib.stride_tricks.sliding_window_view(y, 4096)[::512] * window
    high = np.abs(np.fft.rfft(pieces))[:, 4096 * 15 // 48 :] * 2 / window.sum()
    return float(10 * np.log10((high**2).sum(axis=1).max() + 1e-30))


def test_silence_leaves_no_denormal_numbers() -> None:
    bus, coefficients, state = np.zeros((2, 4 * RATE)), isolator_coefficients(RATE), isolator_state()
    bus[:, :100] = 1.0
    bands, wet = glides(np.array([0.5, 0.5, 0.5])), glides(np.zeros(1))[0]

    isolate(bus, 0, bus.shape[1], coefficients, state, bands, LENGTH, wet, WET_LENGTH)

    assert wet[AGE] > WET_LENGTH
    assert np.all((state == 0.0) | (np.abs(state) > 1e-200))
    assert np.abs(bus[:, -RATE:]).max() < 1e-20

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.dsp.fades import glide_to, glides
from engine.dsp.sweep import HIGH, LOW, cutoff_hz, sweep, sweep_state

RATE = 48_000
LENGTH, WET_LENGTH = 480, 960
LONG = 16_384


def swept(x: NDArray[np.float64], moves: dict[int, float], cuts: tuple[int, ...] = (), rate: int = RATE) -> NDArray[np.float64]:
    """The signal [shape=(2, frames)] with the knob turned at these frames, in pieces."""
    y, state, knob, wet = x.copy(), sweep_state(), glides(np.zeros(1))[0], glides(np.zeros(2))
    for a, b in itertools.pairwise(sorted({0, x.shape[1], *moves, *cuts})):
        if a in moves:
            glide_to(knob, moves[a], LENGTH)
        sweep(y, a, b - a, rate, state, knob, LENGTH, wet, WET_LENGTH)
    return y


def response_db(place: float, hz: NDArray[np.float64], rate: int = RATE) -> NDArray[np.float64]:
    """The magnitude with the knob at rest."""
    x = np.zeros((2, LONG + LONG))
    x[:, LONG] = 1.0
    y = swept(x, {0: place}, rate=rate)[0, LONG:]
    spectrum: NDArray[np.complex128] = np.exp(-2j * np.pi * np.outer(hz, np.arange(LONG)) / rate) @ y
    return 20 * np.log10(np.abs(spectrum))


def noise(frames: int) -> NDArray[np.float64]:
    return np.random.default_rng(6).uniform(-1, 1, (2, frames))


@pytest.mark.parametrize("place", [0.0, 0.0099, -0.0099])
def test_in_the_middle_no_bit_changes(place: float) -> None:
    np.testing.assert_array_equal(swept(noise(4000), {10: place}), noise(4000))


@pytest.mark.parametrize("place", [-1.0, 1.0])
def test_no_bit_changes_any_more_once_it_is_back(place: float) -> None:
    x = noise(6000)

    y = swept(x, {100: place, 2000: 0.0})

    rest = 2000 + LENGTH + WET_LENGTH
    assert np.any(y[:, 1000:2000] != x[:, 1000:2000])
    np.testing.assert_array_equal(y[:, rest:], x[:, rest:])


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(1, 4999), max_size=12))
def test_cutting_changes_no_bit(cuts: list[int]) -> None:
    moves = {50: -1.0, 307: 0.7, 900: 0.0, 3001: 0.3, 3333: -0.2}
    np.testing.assert_array_equal(swept(noise(5000), moves), swept(noise(5000), moves, tuple(cuts)))


def test_the_cutoffs_at_the_ends() -> None:
    assert (cutoff_hz(-1.0, LOW), cutoff_hz(0.0, LOW)) == pytest.approx((100.0, 20e3))
    assert (cutoff_hz(1.0, HIGH), cutoff_hz(0.0, HIGH)) == pytest.approx((8e3, 20.0))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("place", [-1.0, -0.7, 0.5, 0.8])
def test_slope_and_resonance(place: float, rate: int) -> None:
    which = LOW if place < 0 else HIGH
    cutoff = cutoff_hz(place, which)
    away = 2.0 if which == LOW else 0.5

    passed, at_cutoff, two_octaves, three_octaves = response_db(place, cutoff * away ** np.array([-3.0, 0.0, 2.0, 3.0]), rate)

    assert at_cutoff == pytest.approx(20 * np.log10(0.9), abs=0.1)
    assert passed == pytest.approx(0.0, abs=0.3)
    assert two_octaves - three_octaves == pytest.approx(12.0, abs=1.0)
    assert three_octaves < -35.0


@pytest.mark.parametrize(("hz", "most_dbfs"), [(100.0, -100.0), (1000.0, -80.0)])
def test_turning_does_not_click(hz: float, most_dbfs: float) -> None:
    rng = np.random.default_rng(1)
    moves = {k: float(rng.choice([0.0, -1.0, 1.0, 0.5, -0.5, 0.3])) for k in range(2400, 90_000, 2400)}
    x = np.tile(np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE), (2, 1))

    y = swept(x, moves)[0]

    window = np.blackman(4096)
    pieces = np.lib.stride_tricks.sliding_window_view(y, 4096)[::512] * window
    high = np.abs(np.fft.rfft(pieces))[:, 4096 * 15 // 48 :] * 2 / window.sum()
    assert 10 * np.log10((high**2).sum(axis=1).max()) < most_dbfs


def test_silence_leaves_no_denormal_numbers() -> None:
    bus, state = np.zeros((2, 4 * RATE)), sweep_state()
    bus[:, :100] = 1.0
    wet = glides(np.zeros(2))

    sweep(bus, 0, bus.shape[1], RATE, state, glides(np.array([-0.6]))[0], LENGTH, wet, WET_LENGTH)

    assert np.all((state == 0.0) | (np.abs(state) > 1e-200))
    assert np.abs(bus[:, -RATE:]).max() < 1e-20

import numpy as np
import pytest

from engine.dsp.levels import gain_of_db, si_sdr_db
from engine.dsp.sdr import loudness_difference_db, min_sdr_db, sd_sdr_db, sdr_db, source_gains

RNG = np.random.default_rng(0)
TRUTH, OTHER, THIRD = np.linalg.qr(RNG.standard_normal((6_000, 3)))[0].T.reshape(3, 2, 3_000)
"""Stereo, of energy 1, and nothing of one is in another."""


@pytest.mark.parametrize("gain", [0.1, 0.9, 1.1, 3.0])
def test_a_gain_costs_what_the_formulas_say(gain: float) -> None:
    estimate = gain * TRUTH

    assert sdr_db(estimate, TRUTH) == pytest.approx(-20 * np.log10(abs(1 - gain)))
    assert sd_sdr_db(estimate, TRUTH) == pytest.approx(20 * np.log10(gain / abs(1 - gain)))
    assert min_sdr_db(estimate, TRUTH) == min(sdr_db(estimate, TRUTH), sd_sdr_db(estimate, TRUTH))
    assert si_sdr_db(estimate, TRUTH) > 90


@pytest.mark.parametrize("leak_db", [-30.0, -10.0, 0.0, 6.0])
def test_a_leak_at_the_right_level_is_the_same_to_all(leak_db: float) -> None:
    estimate = TRUTH + gain_of_db(leak_db) * OTHER

    for score in (sdr_db, sd_sdr_db, min_sdr_db, si_sdr_db):
        assert score(estimate, TRUTH) == pytest.approx(-leak_db)


def test_no_level_makes_the_lesser_of_the_two_better_than_the_right_one() -> None:
    estimate = TRUTH + 0.1 * OTHER

    scores = [min_sdr_db(gain * estimate, TRUTH) for gain in np.linspace(0.2, 3.0, 57)]

    assert max(scores) <= min_sdr_db(estimate, TRUTH) + 0.05
    assert max(sdr_db(gain * estimate, TRUTH) for gain in (0.9, 0.95, 0.99)) > sdr_db(estimate, TRUTH)


def test_silence_and_the_truth_itself_are_the_limits() -> None:
    silence = np.zeros_like(TRUTH)

    assert sdr_db(silence, TRUTH) == pytest.approx(0.0)
    assert sd_sdr_db(silence, TRUTH) == -100.0
    assert sdr_db(TRUTH, TRUTH) == sd_sdr_db(TRUTH, TRUTH) == 100.0
    assert all(np.isnan(score(TRUTH, silence)) for score in (sdr_db, sd_sdr_db, min_sdr_db))


def test_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2999\)"):
        sdr_db(TRUTH[:, 1:], TRUTH)


def test_the_gains_of_a_mix_are_found_and_a_silent_source_has_none() -> None:
    sources = np.array([TRUTH, np.zeros_like(TRUTH), TRUTH + OTHER])
    mixes = np.array([2.0 * TRUTH + 0.5 * (TRUTH + OTHER), -TRUTH])

    np.testing.assert_allclose(source_gains(mixes, sources), [[2.0, 0.0, 0.5], [-1.0, 0.0, 0.0]], atol=1e-9)


def test_the_loudness_difference_adds_up_what_each_level_is_off() -> None:
    sources = np.array([TRUTH, OTHER, np.zeros_like(TRUTH)])
    wanted = 2.0 * TRUTH + OTHER
    obtained = 2.0 * gain_of_db(3.0) * TRUTH + gain_of_db(-1.5) * OTHER + THIRD

    assert loudness_difference_db(obtained, wanted, sources) == pytest.approx(4.5)
    assert loudness_difference_db(wanted + THIRD, wanted, sources) == pytest.approx(0.0, abs=1e-9)
    assert loudness_difference_db(2.0 * TRUTH, wanted, sources) == pytest.approx(100.0)
    assert np.isnan(loudness_difference_db(wanted, wanted, sources[2:]))

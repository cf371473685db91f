import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dsp.levels import SILENCE_DB, db_of_gain, gain_of_db, peak_dbfs, rms_dbfs, si_sdr_db


@given(st.floats(-100, 40))
def test_db_and_gain_are_inverse(db: float) -> None:
    assert db_of_gain(gain_of_db(db)) == pytest.approx(db)


def test_levels_of_known_signals() -> None:
    square = np.array([1.0, -1.0] * 50)

    assert peak_dbfs(square) == 0.0
    assert rms_dbfs(square) == pytest.approx(0.0)
    assert peak_dbfs(-square / 2) == pytest.approx(-6.0206, abs=1e-4)
    assert peak_dbfs(np.zeros(4)) == SILENCE_DB
    assert rms_dbfs(np.zeros(0)) == SILENCE_DB


def test_si_sdr_ignores_level_and_counts_noise() -> None:
    rng = np.random.default_rng(0)
    truth = rng.standard_normal(100_000)
    noise = rng.standard_normal(100_000)
    noise -= truth * (noise @ truth) / (truth @ truth)
    noise *= np.linalg.norm(truth) / np.linalg.norm(noise) / 10

    assert si_sdr_db(truth + noise, truth) == pytest.approx(20.0, abs=1e-6)
    assert si_sdr_db(-0.3 * (truth + noise), truth) == pytest.approx(20.0, abs=1e-6)
    assert si_sdr_db(np.zeros(100_000), truth) == -100.0

from dataclasses import astuple

import numpy as np
import pytest

from engine.dsp.judge import Judge, mean_scores
from engine.model.audio import Samples

RATE = 8_000


def noises(names: str, seed: int = 0) -> dict[str, Samples]:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal((1, 2 * RATE)).astype(np.float32) for name in names}


def test_the_truth_is_perfect_and_carries_at_any_gain() -> None:
    truth = noises("ab")

    for scores in Judge(truth, RATE, remix_db=-12.0).scores(truth).values():
        assert scores.sdr == scores.sd_sdr == scores.remix_min_sdr == 100.0
        assert scores.remix_ld == pytest.approx(0.0, abs=1e-9)


def test_doing_nothing_with_four_like_sources_scores_one_and_a_quarter_db() -> None:
    scores = Judge(noises("abcd"), RATE).baseline()

    assert list(scores) == list("abcd")
    for one in scores.values():
        assert one.sdr == pytest.approx(10 * np.log10(16 / 12), abs=0.1)
        assert one.sir == pytest.approx(-10 * np.log10(3), abs=0.6)  # 512 taps fit a little of anything
        assert one.si_sdr == pytest.approx(-10 * np.log10(3), abs=0.2)


def test_a_source_turned_up_through_an_estimate_that_is_too_quiet_comes_out_too_quiet() -> None:
    truth = noises("ab")

    scores = Judge(truth, RATE, remix_db=12.0).scores({"b": np.float32(0.5) * truth["b"]})

    gain = 10 ** (12 / 20)
    assert list(scores) == ["b"]
    assert scores["b"].remix_ld == pytest.approx(20 * np.log10(gain / (1 + 0.5 * (gain - 1))), abs=0.01)


def test_a_silent_estimate_scores_nothing_and_has_no_scale() -> None:
    truth = noises("ab")

    scores = Judge(truth, RATE).scores({"a": np.zeros_like(truth["a"])})["a"]

    assert scores.sdr == pytest.approx(0.0, abs=1e-9)
    assert np.isnan([scores.si_sdr, scores.sd_sdr, scores.sir, scores.sar]).all()
    assert scores.remix_ld == pytest.approx(6.0, abs=0.01)


def test_a_mixture_that_is_not_the_sum_is_what_sources_are_turned_up_in() -> None:
    truth = noises("ab")
    own = truth["a"] + truth["b"] + noises("n", 9)["n"]
    estimate = {"a": truth["a"] + np.float32(0.1) * truth["b"]}

    with_noise, without = (Judge(truth, RATE, mix).scores(estimate)["a"] for mix in (own, None))

    assert with_noise.remix_min_sdr > without.remix_min_sdr
    assert with_noise.sdr == without.sdr


def test_a_silent_source_and_too_many_sources_have_no_answer_and_no_part_in_the_mean() -> None:
    truth = noises("abcdefghijklmnopqrstuvwxyz")
    truth["a"] = np.zeros_like(truth["a"])

    scores = Judge(truth, RATE).scores(truth)

    assert np.isnan(astuple(scores["a"])).all()
    assert np.isnan(scores["b"].sir)
    assert mean_scores(scores).sdr == 100.0
    assert np.isnan(mean_scores(scores).sir)

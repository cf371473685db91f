from collections.abc import Callable

import numpy as np

from engine.analysis.stems import small_net
from engine.model.audio import Samples
from engine.train import batches, scores
from tests.engine.analysis.stems.test_small import random_weights


def test_scores_are_those_of_the_signals(make: Callable[[int], Samples]) -> None:
    rng = np.random.default_rng(0)
    sources, parts = (batches.spectra(batches.mixed([make(i)], rng, 20 * small_net.HOP + small_net.SIZE)) for i in (0, 1))
    shares = rng.uniform(size=(4, 4, 1, 1, 1)).astype(np.float32)

    found = scores.sdr(batches.statistics(sources, parts), shares)

    left = sources - (shares * parts).sum(axis=1)
    power, error = ((np.abs(x) ** 2).sum(axis=(1, 2, 3)) for x in (sources, left))
    heard = np.isfinite(found)
    assert heard.any()
    np.testing.assert_allclose(found[heard], 10 * np.log10(power[heard] / error[heard]), atol=0.05)


def test_keeping_nothing_of_a_correction_leaves_the_guide() -> None:
    shape = small_net.Shape(8, (1, 2))
    weights = random_weights(shape)
    power = np.random.default_rng(1).uniform(0.1, 9, (10, 12, small_net.CELLS)).astype(np.float32)

    found = small_net.shares(scores.kept_back(weights, 0.0), shape, power)

    stems = power[2:].reshape(4, 2, 12, small_net.CELLS)
    np.testing.assert_allclose(found, stems / stems.sum(axis=0), atol=0.01)


def test_what_is_not_heard_has_no_score() -> None:
    assert scores.told(np.array([[1.0, np.nan, 2.0, 0.0], [2.0, np.nan, np.nan, 0.0]], dtype=np.float32)) == {
        "drums": 1.5, "bass": None, "vocals": 2.0, "other": 0.0,
    }  # fmt: skip

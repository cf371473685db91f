from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.crosstalk import CrosstalkMeter, estimate_crosstalk
from engine.dsp.resample import resampled
from engine.dsp.spectra import istft, stft
from engine.model.audio import Samples
from engine.model.remixset import CLEAN_DB
from tests.engine.analysis.rhythms import RATE, chord, drums, placed

SECONDS = 12


@pytest.fixture(scope="module")
def parts() -> Samples:
    """Return drums, a bass line and chords that sound together [shape=(3, 1, frames)], equally loud."""
    beats = np.arange(0.0, SECONDS, 0.5)
    line = [(beat, chord([33 + 7 * (i % 3)], 0.5)) for i, beat in enumerate(beats.tolist())]
    chords = [(beat, chord([52 + i % 4, 57, 61 + i % 3], 2.0)) for i, beat in enumerate(beats[::4].tolist())]
    played = (drums(beats.tolist(), [0, 2], [1, 3], np.arange(0, 4, 0.5), 4), line, chords)
    loud = np.stack([placed(events, SECONDS) for events in played])
    return np.asarray(0.1 * loud / loud.std(axis=1, keepdims=True), dtype=np.float32)[:, None]


def leaking(parts: Samples, db: float) -> Samples:
    """Return the parts with the second heard in the first as well, by so much softer."""
    return np.stack([parts[0] + np.float32(10 ** (db / 20)) * parts[1], parts[1], parts[2]])


def masked(parts: Samples, exponent: float) -> tuple[Samples, NDArray[np.float64]]:
    """Return the parts as soft masks find them, the lower the exponent the softer, and the leak that is truly in each."""
    spectra = stft(parts[:, 0], 1024, 256)
    masks = np.abs(spectra) ** exponent + 1e-9
    masks /= masks.sum(axis=0)
    mix = spectra.sum(axis=0)
    own, others = (istft(masks * x, 1024, 256, parts.shape[-1]) for x in (spectra, mix - spectra))
    leak = 10.0 * np.log10(np.square(others).sum(axis=1) / np.square(own).sum(axis=1))
    return (own + others)[:, None], leak.astype(np.float64)


def test_true_parts_are_nearly_clean(parts: Samples) -> None:
    assert estimate_crosstalk(parts, RATE).max() < -14


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_what_soft_masks_leak_is_estimated(parts: Samples, exponent: float) -> None:
    sources, leak = masked(parts, exponent)

    np.testing.assert_allclose(estimate_crosstalk(sources, RATE), np.maximum(leak, CLEAN_DB), atol=4.0)


def test_a_bleeding_source_is_told_from_one_that_is_not(parts: Samples) -> None:
    levels = estimate_crosstalk(leaking(parts, -9.0), RATE)

    assert levels[0] == pytest.approx(-9.0, abs=3.0)
    assert levels[2] < -14


def test_more_leak_is_more_crosstalk(parts: Samples) -> None:
    levels = [estimate_crosstalk(leaking(parts, db), RATE)[0] for db in (-18.0, -12.0, -6.0, 0.0)]

    assert np.diff(levels).min() > 1.0


def test_the_same_sound_twice_is_all_crosstalk(parts: Samples) -> None:
    levels = estimate_crosstalk(np.stack([parts[0], parts[0]]), RATE)

    np.testing.assert_allclose(levels, 0.0, atol=0.5)


def test_levels_and_rates_do_not_matter(parts: Samples) -> None:
    plain = estimate_crosstalk(leaking(parts, -9.0), RATE)

    np.testing.assert_allclose(estimate_crosstalk(0.01 * leaking(parts, -9.0), RATE), plain, atol=0.01)
    twice = resampled(leaking(parts, -9.0), RATE, 2 * RATE)
    assert estimate_crosstalk(twice, 2 * RATE)[0] == pytest.approx(plain[0], abs=1.0)


def test_blocks_of_any_size_tell_the_same(parts: Samples) -> None:
    sources = leaking(parts, -9.0)
    meter = CrosstalkMeter(3, RATE)
    edges = [0, 10, 5_000, 77_777, 77_778, sources.shape[-1]]
    blocks = [sources[..., a:b] for a, b in pairwise(edges)]

    passed = list(meter.through(iter(blocks)))

    assert all(a is b for a, b in zip(passed, blocks, strict=True))
    np.testing.assert_array_equal(meter.db(), estimate_crosstalk(sources, RATE))


def test_what_cannot_be_told_is_not_a_number(parts: Samples) -> None:
    silent: NDArray[np.float64] = estimate_crosstalk(np.stack([parts[0], parts[1], 0 * parts[2]]), RATE)

    assert np.isnan(silent).tolist() == [False, False, True]
    assert np.isnan(estimate_crosstalk(parts[:1], RATE)).all()
    assert np.isnan(estimate_crosstalk(parts[..., :1000], RATE)).all()
    assert estimate_crosstalk(parts[:0], RATE).shape == (0,)


def test_an_estimate_stays_within_what_can_be_estimated(parts: Samples) -> None:
    noise = np.random.default_rng(0).standard_normal((1, parts.shape[-1])).astype(np.float32)
    low = np.sin(0.01 * np.arange(parts.shape[-1]))[None].astype(np.float32)

    np.testing.assert_array_equal(estimate_crosstalk(np.stack([noise, low]), RATE), CLEAN_DB)

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.analysis.stems.small_net import CELLS, HOP, SIZE
from engine.dsp.levels import HEARD_RMS
from engine.model.audio import Samples
from engine.train import batches
from engine.train.loss import loss
from engine.train.training import mixtures
from tests.engine.train.test_training import PLAN

N = 20 * HOP + SIZE


def test_a_batch_depends_on_seed_and_step_alone(make: Callable[[int], Samples]) -> None:
    plan = replace(PLAN, fresh=1.0)
    pool = mixtures(plan, make)
    for step in range(3):
        items = pool.at(step)

    here = batches.batch(items, 5, 2, 2, 9)
    again = batches.batch(mixtures(plan, make).at(2), 5, 2, 2, 9)
    other = batches.batch(items, 6, 2, 2, 9)

    np.testing.assert_array_equal(here.sources, again.sources)
    np.testing.assert_array_equal(here.shared, again.shared)
    assert here.sources.shape == (2, 4, 2, 9, CELLS)
    assert not np.array_equal(here.parts, other.parts)


def test_a_guided_mixture_is_shared_out_from_the_built_in_stems(make: Callable[[int], Samples]) -> None:
    alone, guided = (batches.mixture([make(0)], 0, 0, 30, guided=x) for x in (False, True))

    assert alone.parts.shape[:2] == (1, 2)
    assert guided.parts.shape[:2] == (10, 2)
    np.testing.assert_allclose(guided.parts.sum(axis=0), alone.parts[0], atol=1e-3 * float(alone.parts.max()))
    np.testing.assert_allclose(guided.shared.sum(axis=1), alone.shared[:, 0], atol=1e-3 * float(alone.parts.max()))


def test_a_mixture_with_its_guide_beside_it_is_shared_out_itself(make: Callable[[int], Samples]) -> None:
    alone, guided = (batches.mixture([make(0)], 0, 0, 30, guided=x) for x in (False, True))

    found = batches.beside(guided)

    assert found.parts.shape[:2] == (5, 2)
    np.testing.assert_array_equal(found.parts[1:], guided.parts[:4])
    np.testing.assert_allclose(found.parts[0], alone.parts[0], atol=1e-3 * float(alone.parts.max()))
    np.testing.assert_allclose(found.shared, alone.shared, atol=1e-3 * float(alone.parts.max()))
    np.testing.assert_array_equal(batches.beside(alone).parts, alone.parts)


def test_what_codecs_take_away_is_gone_from_every_source() -> None:
    stems = np.random.default_rng(0).standard_normal((4, 2, 8192)).astype(np.float32)

    spectrum = np.abs(np.fft.rfft(batches.lowpassed(stems, 15_000.0)))
    hz = np.fft.rfftfreq(8192, 1 / 44_100)

    assert spectrum[..., hz > 15_100].max() < 1e-2
    np.testing.assert_allclose(spectrum[..., hz < 14_900], np.abs(np.fft.rfft(stems))[..., hz < 14_900], rtol=1e-3, atol=1e-2)


def test_the_pool_makes_each_item_once_and_forgets_the_oldest() -> None:
    made: list[int] = []

    def told(index: int) -> int:
        made.append(index)
        return index

    pool = batches.Pool(told, 4, 0.5, 2)
    held = [pool.at(step) for step in range(8)]

    assert held[0] == held[1] == [0, 1]
    assert held[2] == [0, 1, 2]
    assert held[7] == [1, 2, 3, 4]
    assert made == list(range(5))


def test_sources_add_up_to_the_mixture(make: Callable[[int], Samples]) -> None:
    spectra = batches.spectra(batches.mixed([make(0)], np.random.default_rng(0), N))
    found = batches.statistics(spectra, spectra.sum(axis=0)[None])

    np.testing.assert_allclose(found.parts.sum(), np.sum(np.abs(spectra.sum(axis=0)) ** 2), rtol=1e-4)
    np.testing.assert_allclose(found.shared.sum(axis=(0, 1)), found.parts[0], atol=1e-3 * float(found.parts.max()))


def test_the_loss_of_cells_is_that_of_bins(make: Callable[[int], Samples]) -> None:
    rng = np.random.default_rng(0)
    sources, parts = (batches.spectra(batches.mixed([make(i)], rng, N)) for i in (0, 1))
    batch = batches.batch([batches.statistics(sources, parts)], 0, 0, 1, 21)
    shares = rng.uniform(size=(4, 4)).astype(np.float32)
    everywhere = np.ascontiguousarray(np.broadcast_to(shares[None, :, :, None, None, None], (1, 4, 4, 2, 21, CELLS)))

    _, db = loss(*(torch.from_numpy(x) for x in (everywhere, batch.sources, batch.shared, batch.parts)))

    made = np.einsum("kj,jctf->kctf", shares, parts)
    error = np.sum(np.abs(sources - made) ** 2, axis=(1, 2, 3)) / np.sum(np.abs(parts.sum(axis=0)) ** 2)
    np.testing.assert_allclose(db.numpy(), np.minimum(30, -10 * np.log10(error)), atol=0.02)


@pytest.mark.parametrize("seed", range(8))
def test_augmentation_stays_within_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stem = rng.standard_normal((2, 1000)).astype(np.float32)

    changed = batches.augmented(stem, rng)
    gains = 20 * np.log10(batches.equaliser(np.linspace(0, 22_050, 500), rng))

    gain = float(np.sqrt(np.square(changed).sum() / np.square(stem).sum()))
    assert batches.LEAST_GAIN <= gain <= batches.MOST_GAIN
    assert min(np.abs(np.abs(changed) - gain * np.abs(x)).max() for x in (stem, stem[::-1])) < 1e-5
    assert np.abs(gains).max() < 15


def test_mixtures_have_the_level_the_network_expects(make: Callable[[int], Samples]) -> None:
    songs = [make(i) for i in range(2)]
    rng = np.random.default_rng(0)

    levels = [np.sqrt(np.mean(np.square(batches.mixed(songs, rng, N).sum(axis=0)))) for _ in range(20)]

    heard = [x for x in levels if x > 0]
    assert len(heard) > 10
    assert 0.5 * HEARD_RMS < np.median(heard) < 2 * HEARD_RMS

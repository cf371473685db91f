import numpy as np
import pytest

from engine.dsp.lowrank import low_rank_and_sparse, shrunk, shrunk_singular_values


@pytest.mark.parametrize("shape", [(80, 120), (120, 80)])
def test_both_parts_are_recovered(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    low = rng.standard_normal((shape[0], 4)) @ rng.standard_normal((4, shape[1]))
    sparse = np.where(rng.random(shape) < 0.05, 10 * rng.standard_normal(shape), 0.0)

    found_low, found_sparse = low_rank_and_sparse(low + sparse)

    assert np.linalg.norm(found_low - low) < 1e-4 * np.linalg.norm(low)
    assert np.linalg.norm(found_sparse - sparse) < 1e-4 * np.linalg.norm(sparse)
    assert np.linalg.matrix_rank(found_low, tol=1e-3) == 4


def test_the_sum_is_the_matrix_within_the_tolerance() -> None:
    m = np.abs(np.random.default_rng(0).standard_normal((30, 40)))

    low, sparse = low_rank_and_sparse(m, tolerance=1e-3)

    assert np.linalg.norm(m - low - sparse) < 1e-3 * np.linalg.norm(m)


def test_a_dearer_sparse_part_is_sparser() -> None:
    m = np.abs(np.random.default_rng(0).standard_normal((30, 40)))

    filled = [np.mean(low_rank_and_sparse(m, weight)[1] != 0) for weight in (0.1, 0.2, 0.4)]

    assert filled == sorted(filled, reverse=True)
    assert filled[0] > filled[2]


def test_nothing_is_nothing() -> None:
    assert not np.any(low_rank_and_sparse(np.zeros((3, 4))))


@pytest.mark.parametrize("shape", [(20, 30), (30, 20)])
def test_every_singular_value_is_lowered(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    before = np.linalg.svd(x, compute_uv=False)

    after = np.linalg.svd(shrunk_singular_values(x, 5.0), compute_uv=False)

    np.testing.assert_allclose(after, np.maximum(before - 5.0, 0.0), atol=1e-9)


def test_every_entry_is_brought_nearer_to_zero() -> None:
    np.testing.assert_allclose(shrunk(np.array([-3.0, -0.5, 0.0, 2.0]), 1.0), [-2.0, 0.0, 0.0, 1.0])

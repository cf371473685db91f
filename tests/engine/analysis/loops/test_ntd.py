import numpy as np
import pytest

from engine.analysis.loops.layout import find_layout
from engine.analysis.loops.merge import fewer_recipes
from engine.analysis.loops.ntd import decompose

I = np.arange(12)  # noqa: E741 - the bars' index
LAYOUT = np.stack([I >= 0, (I >= 3) & (I < 9), I % 4 < 2], axis=1).astype(np.float64)


def tucker_cube(layout: np.ndarray, recipes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return a cube made from sparse sounds and rhythms, and its recipes as they sound [shape=(recipes, rows, times)]."""
    rng = np.random.default_rng(0)
    sounds = rng.random((40, 6)) * (rng.random((40, 6)) < 0.3)
    rhythms = rng.random((16, 5)) * (rng.random((16, 5)) < 0.4)
    core = rng.random((recipes, 6, 5)) * (rng.random((recipes, 6, 5)) < 0.3)
    templates = np.einsum("kij,ri,tj->krt", core, sounds, rhythms)
    return np.einsum("bk,krt->brt", layout, templates).astype(np.float32), templates


def test_the_decomposition_explains_what_a_tucker_model_made() -> None:
    cube, templates = tucker_cube(LAYOUT)

    found = decompose(cube, LAYOUT, np.random.default_rng(0))

    made = np.einsum("bk,krt->brt", found.layout, found.recipes()) * cube.mean()
    assert np.linalg.norm(made - cube) < 0.1 * np.linalg.norm(cube)
    for recipe, true in zip(found.recipes(), templates, strict=True):
        assert np.sum(recipe * true) / np.linalg.norm(recipe) / np.linalg.norm(true) > 0.98


def test_all_factors_are_positive_and_the_layout_is_held() -> None:
    cube, _ = tucker_cube(LAYOUT)

    found = decompose(cube, LAYOUT, np.random.default_rng(0))

    assert all((factor >= 0).all() for factor in (found.core, found.sounds, found.rhythms))
    np.testing.assert_array_equal(found.layout, LAYOUT)


def test_the_same_recipe_at_two_levels_becomes_one() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(50) * (rng.random(50) < 0.4), rng.random(50) * (rng.random(50) < 0.4)
    recipes = np.stack([a, 3.0 * b, 0.2 * a])

    mixing = fewer_recipes(recipes)

    assert mixing.shape == (3, 2)
    layout = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    levels = np.linalg.norm(layout @ mixing, axis=1)
    np.testing.assert_allclose(levels, np.linalg.norm(recipes, axis=1), rtol=0.05)
    assert mixing[0].argmax() == mixing[2].argmax() != mixing[1].argmax()


@pytest.mark.parametrize("level", [1.0, 0.01])
def test_different_recipes_stay_however_soft(level: float) -> None:
    recipes = np.eye(3, 30) + 0.1
    recipes[2] *= level

    assert fewer_recipes(recipes).shape == (3, 3)


def test_no_fewer_recipes_than_wanted() -> None:
    recipes = np.tile(np.linspace(0.1, 1.0, 20), (4, 1))

    assert fewer_recipes(recipes).shape == (4, 1)
    assert fewer_recipes(recipes, at_least=3).shape[1] >= 3


def test_a_layout_is_found_from_the_cube_alone_and_numbered_by_entrance() -> None:
    layout = LAYOUT[:, [1, 2, 0]]
    cube, _ = tucker_cube(layout)

    found = find_layout(cube, None, np.random.default_rng(0))

    np.testing.assert_allclose(found.activation(), LAYOUT[:, [0, 2, 1]], atol=0.05)
    assert found.loop_periods == (1, 1, 1)

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis.sounds.sets import best_set, grown


def explained(snippets: np.ndarray) -> float:
    """Leave-one-out explained energy, by its definition."""
    count, total = len(snippets), 0.0
    for k in range(count):
        others = np.delete(snippets, k, axis=0).mean(axis=0)
        total += float((snippets[k] ** 2).sum() - ((snippets[k] - others) ** 2).sum())
    return total


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_the_energy_is_what_the_others_foretell(seed: int) -> None:
    snippets = np.random.default_rng(seed).standard_normal((9, 4))

    value, chosen = best_set(snippets @ snippets.T)

    assert np.count_nonzero(chosen) != 1
    np.testing.assert_allclose(value, explained(snippets[chosen]) if chosen.any() else 0.0, atol=1e-9)


def test_steps_that_share_a_sound_are_found_in_noise() -> None:
    rng = np.random.default_rng(0)
    snippets = 0.3 * rng.standard_normal((60, 400))
    sharing = np.zeros(60, dtype=bool)
    sharing[rng.choice(60, 20, replace=False)] = True
    snippets[sharing] += rng.standard_normal(400)

    _, chosen = best_set(snippets @ snippets.T)

    assert (chosen == sharing).all()


def test_growing_never_lowers_what_is_explained() -> None:
    snippets = np.random.default_rng(3).standard_normal((30, 10))
    gram = snippets @ snippets.T
    start = np.zeros(30, dtype=bool)
    start[[3, 4, 5]] = True

    value, chosen = grown(gram, start)

    assert value >= explained(snippets[start])
    np.testing.assert_allclose(value, explained(snippets[chosen]))


def test_nothing_alike_is_no_set() -> None:
    value, chosen = best_set(np.eye(12))

    assert value == 0.0
    assert not chosen.any()

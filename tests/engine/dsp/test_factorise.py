import numpy as np

from engine.dsp.factorise import comb_templates, kl_divergence, nmf_kl
from engine.dsp.hpss import Magnitude


def random(*shape: int, seed: int = 0) -> Magnitude:
    return np.random.default_rng(seed).uniform(0.1, 1.0, shape).astype(np.float32)


def test_the_divergence_falls_with_every_round() -> None:
    v, w, h = random(40, 60), random(40, 5, seed=1), random(5, 60, seed=2)

    left = []
    for _ in range(20):
        left.append(kl_divergence(v, w @ h))
        w, h = nmf_kl(v, w, h, 1)

    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.8 * left[0]


def test_what_was_made_of_two_templates_is_found_again() -> None:
    w, h = np.zeros((30, 2), dtype=np.float32), random(2, 50)
    w[:10, 0], w[20:, 1] = 0.1, 0.1
    h[0, 10:20], h[1, 30:40] = 0, 0

    found_w, found_h = nmf_kl(w @ h, random(30, 2, seed=1), random(2, 50, seed=2), 300)

    order = [int(np.argmax(found_w[5])), int(np.argmax(found_w[25]))]
    np.testing.assert_allclose(found_w[:, order], w, atol=2e-3)
    np.testing.assert_allclose(found_h[order], h, atol=2e-2)


def test_a_zero_stays_a_zero() -> None:
    w, h = random(20, 3), random(3, 25)
    w[5:9, 0], h[1, :4] = 0, 0

    found_w, found_h = nmf_kl(random(20, 25, seed=3), w, h, 10)

    assert not found_w[5:9, 0].any()
    assert not found_h[1, :4].any()


def test_kept_templates_make_every_frame_its_own() -> None:
    v, w, h = random(20, 30), random(20, 4, seed=1), np.ones((4, 30), dtype=np.float32)

    kept, whole = nmf_kl(v, w, h, 20, learn=False)
    _, part = nmf_kl(v[:, 10:15], w, h[:, 10:15], 20, learn=False)

    np.testing.assert_array_equal(kept, w)
    np.testing.assert_allclose(part, whole[:, 10:15], rtol=1e-4)


def test_a_template_that_is_not_heard_stays() -> None:
    w, h = random(20, 2), random(2, 25)
    h[1] = 0

    found, _ = nmf_kl(random(20, 25), w, h, 10)

    np.testing.assert_allclose(found[:, 1], w[:, 1] / w[:, 1].sum(), rtol=1e-3)


def test_a_comb_has_the_partials_and_nothing_between() -> None:
    comb = comb_templates(np.array([200.0, 5000.0]), 800, 8_000, 0.5)

    assert np.allclose(comb[:, 0].sum(), 1)
    assert not comb[:, 1].any()
    assert comb[20, 0] > comb[40, 0] > comb[60, 0] > 0
    assert not comb[[30, 50, 70], 0].any()

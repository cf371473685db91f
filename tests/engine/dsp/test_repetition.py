import numpy as np

from engine.dsp.repetition import repeating, similar_frames


def test_frames_that_come_again_are_found() -> None:
    rng = np.random.default_rng(0)
    v = np.tile(rng.random((20, 10)), 5).astype(np.float32)

    found = similar_frames(v, 20, 30, 50, 9, 10)

    for i, matches in enumerate(found):
        assert sorted(matches) == [i, i + 10, i + 20, i + 30, i + 40]


def test_only_the_span_is_looked_at_and_only_the_most_alike_are_kept() -> None:
    v = np.tile(np.random.default_rng(0).random((20, 10)), 7).astype(np.float32)

    near, few = similar_frames(v, 30, 31, 12, 9, 10)[0], similar_frames(v, 30, 31, 69, 9, 2)[0]

    assert sorted(near) == [20, 30, 40]
    assert few.size == 2
    assert 30 in few


def test_what_is_added_once_is_left_out() -> None:
    rng = np.random.default_rng(0)
    pattern = np.tile(rng.random((20, 10)), 5).astype(np.float32)
    v = pattern.copy()
    v[3, 24] += 0.5

    model = repeating(v, 20, similar_frames(v, 20, 30, 50, 9, 10))

    np.testing.assert_allclose(model, pattern[:, 20:30], atol=1e-6)

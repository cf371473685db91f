import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis.loops.moves import best_patterns, improved, rechosen
from engine.analysis.loops.patterns import Judge, Pattern, choices, columns
from engine.analysis.loops.start import first_patterns

BARS = 16
I = np.arange(BARS)  # noqa: E741 - the bars' index


def on(which: np.ndarray) -> np.ndarray:
    return which.astype(np.float64)


TRUE = [Pattern(on(I >= 0)), Pattern(on((I >= 4) & (I < 12)), 2), Pattern(on(I % 8 < 4))]


def judge_of(patterns: list[Pattern], wanted: int | None = None, noise: float = 0.0) -> Judge:
    """Judge a song whose bars are made by these patterns from loops that share no cell."""
    layout, _, _ = columns(patterns)
    rng = np.random.default_rng(0)
    cells = np.zeros((layout.shape[1], 200))
    for k, loop in enumerate(cells):
        loop[k::8] = rng.random(25)
    song = layout @ cells + noise * rng.random((BARS, 200))
    gram = song @ song.T
    return Judge(gram / np.trace(gram), wanted)


def same(found: list[Pattern], true: list[Pattern]) -> bool:
    def key(patterns: list[Pattern]) -> list[tuple[int, tuple[float, ...]]]:
        return sorted((p.period, tuple(p.on)) for p in patterns)

    return key(found) == key(true)


def test_columns_are_the_bars_of_each_loop() -> None:
    layout, owners, phases = columns([Pattern(on(I >= 0)), Pattern(on(I < 8), 4), Pattern(on(I == 5), 2)])

    assert owners.tolist() == [0, 1, 1, 1, 1, 2]
    assert phases.tolist() == [0, 0, 1, 2, 3, 1]
    assert np.flatnonzero(layout[:, 2]).tolist() == [1, 5]
    np.testing.assert_array_equal(layout[:, 1:5].sum(axis=1), on(I < 8))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 5))
def test_choices_are_all_different(count: int) -> None:
    assert len(np.unique(choices(count), axis=0)) == 2**count


def test_the_true_layout_leaves_nothing() -> None:
    layout, _, _ = columns(TRUE)

    assert judge_of(TRUE).residual(layout) == pytest.approx(0.0, abs=1e-7)
    assert judge_of(TRUE).residual(layout[:, 1:]) > 0.01


@pytest.mark.parametrize(
    "other",
    [
        TRUE[:2],
        [*TRUE, Pattern(on(I == 3))],
        [TRUE[0], Pattern(TRUE[1].on), TRUE[2]],
        [TRUE[0], Pattern(TRUE[1].on * (I % 2 == 0)), Pattern(TRUE[1].on * (I % 2 == 1)), TRUE[2]],
        [TRUE[0], TRUE[1], Pattern(1.0 - TRUE[2].on)],
    ],
    ids=["one missing", "one too many", "period too short", "two bars as two loops", "off for on"],
)
def test_the_true_patterns_cost_least(other: list[Pattern]) -> None:
    judge = judge_of(TRUE, noise=0.05)

    assert judge.cost(TRUE) < judge.cost(other)


def test_a_wanted_number_outweighs_everything() -> None:
    assert judge_of(TRUE, wanted=2).cost(TRUE[:2]) < judge_of(TRUE, wanted=2).cost(TRUE)


def test_as_many_columns_as_bars_describe_nothing() -> None:
    assert judge_of(TRUE).cost([Pattern(one) for one in np.eye(BARS)]) == float("inf")


def test_the_start_finds_loops_of_one_bar_exactly() -> None:
    true = [Pattern(on(I >= 0)), Pattern(on((I >= 4) & (I < 12))), Pattern(on(I % 8 < 4))]

    found = first_patterns(judge_of(true, noise=0.02), 3, np.random.default_rng(0))

    assert same(found, true)


def test_more_patterns_than_the_bars_differ_in_are_none() -> None:
    assert first_patterns(judge_of(TRUE[:1]), 5, np.random.default_rng(0)) == []


def test_moves_find_number_and_periods() -> None:
    judge = judge_of(TRUE, noise=0.02)
    rng = np.random.default_rng(0)

    found = best_patterns(judge, [p for k in range(1, 7) if (p := first_patterns(judge, k, rng))])

    assert same(found, TRUE)


def test_two_loops_of_two_bars_are_not_exchanged() -> None:
    true = [Pattern(on(I < 10), 2), Pattern(on(I >= 4), 2)]
    judge = judge_of(true, noise=0.02)
    even = on(I % 2 == 0)
    crossed = [
        Pattern(np.where(even, true[0].on, true[1].on), 2),
        Pattern(np.where(even, true[1].on, true[0].on), 2),
    ]

    assert same(improved(judge, crossed)[1], true)


def test_a_move_never_costs() -> None:
    judge = judge_of(TRUE, noise=0.3)
    rng = np.random.default_rng(1)
    for _ in range(5):
        start = [Pattern(on(rng.random(BARS) < 0.5)) for _ in range(3)]
        cost, found = improved(judge, start)
        assert cost <= judge.cost(start)
        assert cost == pytest.approx(judge.cost(found))


def test_a_wrong_bar_is_chosen_anew() -> None:
    wrong = TRUE[2].on.copy()
    wrong[9] = 0.0

    assert same(rechosen(judge_of(TRUE), [TRUE[0], TRUE[1], Pattern(wrong)]), TRUE)

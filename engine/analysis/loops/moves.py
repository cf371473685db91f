"""Better patterns: small changes to a set of patterns, kept while the description gets shorter."""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.analysis.loops.patterns import LONGEST, Floats, Judge, Pattern, choices, columns

ROUNDS = 12
FROM_EACH_ROUND = 3
"""Moves of a round that are also tried with all bars chosen anew."""
REPEATS = 4
"""A loop must fit into the song at least so many times."""
MOST_LOOPS = 12

Patterns = list[Pattern]


def improved(judge: Judge, patterns: Patterns) -> tuple[float, Patterns]:
    """Return the cost and the patterns after the best chain of moves."""
    best = judge.cost(patterns)
    for _ in range(ROUNDS):
        trials = [(judge.cost(trial), trial) for trial in (rechosen(judge, patterns), *moves(judge, patterns))]
        trials.sort(key=lambda pair: pair[0])
        trials += [(judge.cost(trial), trial) for trial in (rechosen(judge, t) for _, t in trials[:FROM_EACH_ROUND])]
        cost, trial = min(trials, key=lambda pair: pair[0])
        if cost >= best - 1e-6:
            break
        best, patterns = cost, trial
    return best, patterns


def rechosen(judge: Judge, patterns: Patterns) -> Patterns:
    """Choose for every bar anew which loops play in it, the loops' sound held; as they were if a loop would be lost."""
    layout, owners, phases = columns(patterns)
    if layout.shape[1] >= judge.bars:
        return patterns
    periods = np.array([pattern.period for pattern in patterns])[owners]
    ways = choices(len(patterns))
    on = np.zeros((judge.bars, len(patterns)))
    cycle = int(periods.max())
    for first in range(min(cycle, judge.bars)):
        sounding = ways[:, owners] * (first % periods == phases)
        on[first::cycle] = ways[judge.misfit(layout, sounding, np.arange(first, judge.bars, cycle)).argmin(axis=0)]
    if not on.any(axis=0).all():
        return patterns
    return [Pattern(on[:, j], pattern.period) for j, pattern in enumerate(patterns)]


def moves(judge: Judge, patterns: Patterns) -> Iterator[Patterns]:
    """Yield every set of patterns that is one move away."""
    for i, pattern in enumerate(patterns):
        rest = [*patterns[:i], *patterns[i + 1 :]]
        if rest:
            yield rest
        if pattern.period > 1:
            yield [Pattern(pattern.on, pattern.period // 2), *rest]
        for period in (2 * pattern.period, 4 * pattern.period):
            if _fits(period, judge.bars):
                yield from _longer(judge, Pattern(pattern.on, period), rest)
        for j in range(i):
            others = [*rest[:j], *rest[j + 1 :]]
            yield from (pair + others for pair in _pair_moves(pattern, patterns[j], judge.bars))
            both = pattern.on * patterns[j].on
            if len(patterns) < MOST_LOOPS and both.any():
                yield [*patterns, Pattern(both)]


def _longer(judge: Judge, longer: Pattern, rest: Patterns) -> Iterator[Patterns]:
    """Yield a pattern whose period has grown with all others, and without one or two that this makes needless."""
    yield [longer, *rest]
    for _ in range(2):
        fewer = [[*rest[:j], *rest[j + 1 :]] for j in range(len(rest))]
        if not fewer:
            return
        yield from ([longer, *few] for few in fewer)
        rest = min(fewer, key=lambda few: judge.cost([longer, *few]))


def _pair_moves(one: Pattern, two: Pattern, bars: int) -> Iterator[Patterns]:
    """Join two patterns, let them change places in every other bar, take from one what the other has, or swap it for that."""
    for period in (1, 2, 4):
        if _fits(period, bars):
            yield [Pattern(np.maximum(one.on, two.on), period)]
    for period in (2, 4):
        if _fits(period, bars):
            early = np.arange(bars) % period < period // 2
            a, b = np.where(early, one.on, two.on), np.where(early, two.on, one.on)
            if a.any() and b.any():
                yield [Pattern(a, max(one.period, period)), Pattern(b, max(two.period, period))]
    for kept, other in ((one, two), (two, one)):
        left: Floats = (other.on - kept.on).clip(0.0)
        if left.any():
            yield from ([kept, Pattern(left, period)] for period in {one.period, two.period})
            yield [other, Pattern(left, kept.period)]


def _fits(period: int, bars: int) -> bool:
    return period <= LONGEST and bars >= REPEATS * period


def best_patterns(judge: Judge, starts: Sequence[Patterns]) -> Patterns:
    """Return the patterns with the shortest description that the best two starts lead to."""
    ranked = sorted(starts, key=judge.cost)
    return min((improved(judge, start) for start in ranked[:2]), key=lambda run: run[0])[1]

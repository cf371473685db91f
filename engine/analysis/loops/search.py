"""Patterns for a song that also holds what does not repeat: many starts, the best improved, in turns with the belief."""

import numpy as np

from engine.analysis.loops.cells import Grams
from engine.analysis.loops.doubt import DoubtingJudge, first_judge
from engine.analysis.loops.moves import Patterns, improved, rechosen
from engine.analysis.loops.patterns import Pattern, columns
from engine.analysis.loops.start import first_patterns

MOST_AT_FIRST = 8
"""Patterns that the search begins with, at most."""
IMPROVED = 2
"""Starts that are improved."""
TURNS = 1
"""How often the best may begin again with a new belief."""
SETTLED = 6
"""How often a start may choose anew where its loops play."""
LEVELS = (0.25, 0.5)
"""Strengths, of the greatest, from which on a bar takes part in a new pattern."""

Start = tuple[float, Patterns, DoubtingJudge]


def believed_patterns(grams: Grams, wanted: int | None, rng: np.random.Generator) -> tuple[Patterns, DoubtingJudge]:
    """Return the patterns with the shortest description, and the judge that knows what to believe."""
    judge = first_judge(grams, wanted)
    most = max(MOST_AT_FIRST, wanted or 0)
    starts = [*_starts(judge, range(1, most + 1), rng), *_grown(judge, most, [])]
    best = min((_improved(start) for start in _best(starts)), key=_cost)
    for _ in range(TURNS):
        _, patterns, judge = best
        count = len(patterns)
        again = [*_starts(judge, range(max(1, count - 1), count + 3), rng), *_grown(judge, count + 2, patterns)]
        turned = min((_improved(start) for start in _best(again)), key=_cost)
        if turned[0] > best[0] - 1e-3:
            break
        best = turned
    return best[1], best[2]


def _cost(start: Start) -> float:
    return start[0]


def _best(starts: list[Start]) -> list[Start]:
    return sorted(starts, key=_cost)[:IMPROVED]


def _improved(start: Start) -> Start:
    _, patterns = improved(start[2], start[1])
    judge = start[2].believing(columns(patterns)[0])
    return judge.cost(patterns), patterns, judge


def _starts(judge: DoubtingJudge, counts: range, rng: np.random.Generator) -> list[Start]:
    found = [first_patterns(judge, count, rng) for count in counts]
    return [_settled(judge, patterns) for patterns in found if patterns]


def _grown(judge: DoubtingJudge, most: int, patterns: Patterns) -> list[Start]:
    """Add pattern after pattern, each where the others leave most that bars share."""
    grown: list[Start] = []
    while len(patterns) < most:
        layout = columns(patterns)[0] if patterns else np.zeros((judge.bars, 0))
        added = [(strength > level).astype(np.float64) for strength in judge.missing(layout) for level in LEVELS]
        trials = [_settled(judge, [*patterns, Pattern(on)]) for on in added if np.count_nonzero(on) > 1]
        if not trials:
            break
        best = min(trials, key=_cost)
        grown.append(best)
        patterns = best[1]
    return grown


def _settled(judge: DoubtingJudge, patterns: Patterns) -> Start:
    """Choose anew where the loops play until that no longer helps."""
    cost = judge.cost(patterns)
    for _ in range(SETTLED):
        trial = rechosen(judge, patterns)
        other = judge.cost(trial)
        if other >= cost - 1e-6:
            break
        cost, patterns = other, trial
    return cost, patterns, judge

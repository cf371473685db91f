"""The sections of a song: where its parts change, and which stretches are alike.

Boundaries minimise the bars' squared distance from the mean of their section plus a price for every section, by dynamic
programming over all ways to cut the song (Bellman & Roth, "Curve fitting by segmented straight lines", JASA 1969, here with
constants). A price fit for the song's own unrest keeps a part that flickers from cutting it to pieces. Bars are counted from 0.
"""

import string
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.model.remixset import Section

Floats = NDArray[np.float64]

SHORTEST = 4
"""Bars."""
PRICE = 0.9
"""What a section costs: one part that enters or leaves is worth up to half the bars on the shorter side of it, 2 at least."""
RESTLESS = 2.0
"""What it costs more, times the unrest of a bar."""
BETWEEN = 0.5
"""What it costs more, where nothing enters or leaves on its first bar."""
ALIKE = 0.5
"""Squared distance up to which two sections share a letter: one part's entering makes 1."""
MUCH_ALIKE = 0.12
"""The same as a share of their mean power: among many parts one more hardly changes a song."""


def find_sections(levels: Floats) -> tuple[Section, ...]:
    """Return the sections of a song, the first at bar 0.

    Parameters
    ----------
    levels : ndarray [shape=(bars, parts), >= 0, linear]
        How loud each part is in each bar; 1 is its own level.

    Returns
    -------
    tuple of Section
        None shorter than 4 bars, unless the song is; no two neighbours alike; none of a song without bars.
    """
    bars = np.minimum(levels, 1.0)
    if not len(bars):
        return ()
    edges = _edges(bars)
    means = np.stack([bars[a:b].mean(axis=0) for a, b in pairwise(edges)])
    kinds = _kinds(means, np.diff(edges))
    starts = [i for i in range(len(kinds)) if i == 0 or kinds[i] != kinds[i - 1]]
    return tuple(Section(edges[i], _letters(kinds[i])) for i in starts)


def _edges(bars: Floats) -> list[int]:
    """Return where the sections start, and the end of the last [bars]."""
    count = len(bars)
    unrest = _unrest(bars)
    change = np.square(np.diff(bars, axis=0, prepend=bars[:1])).sum(axis=1) - 2.0 * unrest
    prices = PRICE + RESTLESS * unrest + BETWEEN * (1.0 - np.clip(change, 0.0, 1.0))
    sums = np.concatenate([np.zeros((1, bars.shape[1])), np.cumsum(bars, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum(np.square(bars).sum(axis=1))])
    best, before = np.full(count + 1, np.inf), np.zeros(count + 1, dtype=np.int64)
    best[0] = 0.0
    for end in range(min(SHORTEST, count), count + 1):
        starts = np.arange(max(1, end - SHORTEST + 1))
        length = end - starts
        distance = squares[end] - squares[starts] - np.square(sums[end] - sums[starts]).sum(axis=1) / length
        costs = best[starts] + distance + prices[starts]
        before[end] = np.argmin(costs)
        best[end] = costs[before[end]]
    edges = [count]
    while edges[0]:
        edges.insert(0, int(before[edges[0]]))
    return edges


def _unrest(bars: Floats) -> float:
    """Return how far a bar is from the like one before: half the squared distance, the median over the song.

    The like one is 1, 2 or 4 bars before, whichever is nearest: parts that play every other bar are not unrest.
    """
    lags = [lag for lag in (1, 2, 4) if lag < len(bars)]
    if not lags:
        return 0.0
    first = lags[-1]
    apart = [np.square(bars[first:] - bars[first - lag : len(bars) - lag]).sum(axis=1) for lag in lags]
    return float(np.median(np.min(apart, axis=0))) / 2.0


def _kinds(means: Floats, lengths: NDArray[np.int64]) -> list[int]:
    """Return for each section [mean shape=(sections, parts)] the kind it is of, kinds counted as they come."""
    kinds: list[int] = []
    centres: list[Floats] = []
    weights: list[float] = []
    for mean, length in zip(means, lengths.tolist(), strict=True):
        apart = [float(np.square(mean - centre).sum()) for centre in centres]
        likest = int(np.argmin(apart)) if apart else 0
        if apart and apart[likest] <= _alike(mean, centres[likest]):
            weights[likest] += length
            centres[likest] += (mean - centres[likest]) * length / weights[likest]
        else:
            likest = len(centres)
            centres.append(mean.copy())
            weights.append(length)
        kinds.append(likest)
    return kinds


def _alike(a: Floats, b: Floats) -> float:
    """Return the squared distance up to which two means count as alike."""
    return max(ALIKE, MUCH_ALIKE * float(np.square(a).sum() + np.square(b).sum()) / 2.0)


def _letters(kind: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    letter = string.ascii_uppercase[kind % 26]
    return letter if kind < 26 else _letters(kind // 26 - 1) + letter

"""The exact part of a song: bars = layout x waveforms, phase and all.

Produced music repeats sample for sample. Once it is known to a fraction of a frame where the bars begin, the song is a
product of two small things: which loops play in which bar, and what each sounds like. The first follows from the inner products
of the bars alone, the second by linear least squares, and nothing of the phase is lost.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.alike import united
from engine.analysis.loops.belief import disagreement
from engine.analysis.loops.cells import cell_grams
from engine.analysis.loops.cube import bar_cube, bar_gram, weighted
from engine.analysis.loops.layout import LoopLayout, by_entrance, patterns_of
from engine.analysis.loops.levels import fit_levels, with_ends
from engine.analysis.loops.moves import Patterns
from engine.analysis.loops.patterns import Judge, columns
from engine.analysis.loops.places import placed
from engine.analysis.loops.repair import repaired
from engine.analysis.loops.repeats import Repeats
from engine.analysis.loops.stack import cut
from engine.analysis.loops.waveforms import TAIL_RIDGE, Bed, fit_waveforms
from engine.analysis.loops.whiten import whitened
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.grid import Beatgrid

Floats = NDArray[np.float64]

FEWEST_BARS = 4
RAREST = 2
"""What is heard but once is no repeat."""
SILENCE = 1e-9
"""Mean power that counts as silence."""
PLAIN = 5e-4
"""Share of the whitened song that what does not repeat may have for the layout to be plain."""
RETOLD = 0.3
"""Share of a loop that others tell beyond which it only stands for what a compressor makes of them where they meet."""
EXACTLY = 0.005
"""Share of the whitened song under which what does not repeat needs no doubt."""
PER_NOISE = 30.0
"""How much more a loop that rings into the next bar must be seen for each share of the song that does not repeat."""


@dataclass(frozen=True, slots=True, eq=False)
class ExactLoops:
    """What repeats exactly, and how exactly.

    `disagreement` is the share of the energy that the loops leave of what the bars agree on, cell by cell: 0 if the song is
    made of them, whatever else it holds besides. `activation` [shape=(bars of the grid, loops), linear, 1 is the loop's own
    level], `periods` [shape=(loops,), bars], `confidence_db` [shape=(loops,)] how far what does not repeat lies below the loop
    where it plays, `explained` [shape=(bars of the grid,)] the share of each bar's energy that the loops make up.

    `retold`, 0 to 1, is the
    greatest share of a loop that the others tell: near 0 where all are loops, over 0.3 where one stands for what becomes of
    others where they meet.
    """

    repeats: Repeats
    disagreement: float
    activation: Floats
    periods: tuple[int, ...]
    confidence_db: Floats
    explained: Floats
    retold: float


def find_exact(
    audio: Audio, grid: Beatgrid, loops: int | None = None, progress: Progress = no_progress, *, doubting: bool = True
) -> ExactLoops | None:
    """Return the loops that a song repeats exactly, or none where its bars are too few or follow no steady tempo.

    Parameters
    ----------
    audio : Audio
    grid : Beatgrid
    loops : int, optional
        How many to look for.
    progress : Progress
    doubting : bool
        Look harder where the song holds more than loops; else its layout is taken as if it did not.
    """
    bars = grid.full_bars(audio.seconds)
    if bars < FEWEST_BARS or not grid.steady or float(np.mean(np.square(audio.samples))) < SILENCE:
        return None
    even = whitened(audio)
    expected = np.array([grid.bar_seconds(bar) for bar in range(bars)]) * audio.rate
    period = round(float(np.polyfit(np.arange(bars), expected, 1)[0]))
    starts = placed(even, expected, period)
    progress(0.2)
    patterns, noise = _patterns(even, starts, period, loops)
    if doubting and noise >= PLAIN:
        patterns, noise = _patterns_heard(audio, grid, even, starts, period, loops)
    progress(0.5)
    if loops is not None or noise >= PLAIN:
        return _fitted(audio, even, starts, period, patterns, noise, loops)
    exact = _fitted(audio, even, starts, period, patterns, noise, loops)
    if exact.retold <= RETOLD:
        return exact
    patterns, noise = _patterns_heard(audio, grid, even, starts, period, loops)
    return _fitted(audio, even, starts, period, patterns, noise, loops)


def _patterns(even: Samples, starts: Floats, period: int, loops: int | None) -> tuple[Patterns, float]:
    """Return in which bars each loop plays, at the same level everywhere, and the share of the bars that it leaves."""
    judge = _judge(even, starts, period, loops)
    patterns = patterns_of(judge, loops, np.random.default_rng(0))
    return patterns, judge.residual(columns(patterns)[0])


def _patterns_heard(
    audio: Audio, grid: Beatgrid, even: Samples, starts: Floats, period: int, loops: int | None
) -> tuple[Patterns, float]:
    """Return the same as magnitudes tell it: a voice hides the waveforms of a bar, but leaves most cells of its spectrogram."""
    cube = bar_cube(audio, grid.bar_frames(audio.rate, audio.frames))
    judge = Judge(bar_gram(weighted(cube)), loops, RAREST)
    patterns = patterns_of(judge, loops, np.random.default_rng(0))
    return patterns, _judge(even, starts, period, loops).residual(columns(patterns)[0])


def _judge(even: Samples, starts: Floats, period: int, loops: int | None) -> Judge:
    flat = cut(even, starts, period).reshape(len(starts), -1)
    gram = (flat @ flat.T).astype(np.float64)
    return Judge(gram / max(float(np.trace(gram)), 1e-300), loops, RAREST)


def _fitted(
    audio: Audio, even: Samples, starts: Floats, period: int, patterns: Patterns, noise: float, loops: int | None
) -> ExactLoops:
    """Return the loops for patterns that leave so much of the whitened song."""
    layout, owners, phases = columns(patterns)
    periods = np.array([pattern.period for pattern in patterns])[owners]
    found = by_entrance(LoopLayout(layout, owners, phases, periods))
    if loops is None and noise < EXACTLY:
        found = by_entrance(united(found, fit_waveforms(even, Bed(starts, period, found.columns), 0)))
    bed = Bed(starts, period, found.columns, TAIL_RIDGE + PER_NOISE * noise)
    bed = fit_levels(even, bed) if noise < EXACTLY else bed
    bed, before = with_ends(even, bed, found)
    waveforms = fit_waveforms(audio.samples, bed)
    if noise >= EXACTLY:
        waveforms = repaired(audio.samples, bed, waveforms, audio.rate)
    inside = bed.gains[before : before + len(starts)]
    return _judged(audio, bed, before, waveforms, found, disagreement(cell_grams(even, starts, period, audio.rate), inside))


def _judged(audio: Audio, bed: Bed, before: int, waveforms: Samples, found: LoopLayout, disagreed: float) -> ExactLoops:
    left = audio.samples - bed.song(waveforms, audio.frames)
    edges = np.append(bed.starts, bed.starts[-1] + bed.period)
    heard, missed = _energy(audio.samples, edges), _energy(left, edges)
    bars, elements = np.nonzero(bed.gains)
    repeats = Repeats(
        tuple(np.ascontiguousarray(waveform) for waveform in waveforms),
        elements.astype(np.int64),
        bed.starts[bars],
        bed.gains[bars, elements],
        found.owners,
    )
    full = slice(before, before + len(found.columns))
    levels = LoopLayout(bed.gains[full], found.owners, found.phases, found.periods)
    own = np.square(waveforms[..., : bed.period]).sum(axis=(1, 2))
    power = found.per_loop(np.square(bed.gains) * own)
    noise = (power > 0.0).T @ missed
    confidence = 10.0 * np.log10((power.sum(axis=0) + 1e-20) / (noise + 1e-20))
    explained = 1.0 - missed[full] / np.maximum(heard[full], 1e-20)
    retold = _retold(waveforms.reshape(len(waveforms), -1), found.owners)
    return ExactLoops(repeats, disagreed, levels.activation(), found.loop_periods, confidence, explained, retold)


def _retold(waveforms: Samples, owners: NDArray[np.int64]) -> float:
    """Return the greatest share of a loop's energy that the other loops tell, by least squares."""
    products = (waveforms @ waveforms.T).astype(np.float64)
    shares = [0.0]
    for own in (owners == k for k in range(int(owners.max()) + 1)):
        others = products[np.ix_(~own, ~own)] + 1e-9 * np.trace(products) * np.eye(int((~own).sum()))
        crossed = products[np.ix_(~own, own)]
        told = float((crossed * np.linalg.solve(others, crossed)).sum()) if crossed.size else 0.0
        shares.append(told / max(float(np.trace(products[np.ix_(own, own)])), 1e-20))
    return max(shares)


def _energy(samples: Samples, edges: Floats) -> Floats:
    running = np.concatenate([[0.0], np.cumsum(np.square(samples).sum(axis=0), dtype=np.float64)])
    at = np.clip(np.rint(edges).astype(np.int64), 0, samples.shape[1])
    return np.diff(running[at])

"""Song and grid -> loops: the whole way.

Three models of one kind, from the exact to the general. A song whose bars repeat sample by sample is made of loops, and they
are found as they were made. A song in which sounds return, but not in whole bars, is made of sounds (`engine.analysis.sounds`).
What repeats in neither way is told apart by magnitudes and soft masks.
"""

import os
from collections.abc import Iterator
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.analysis.loops.bars import Bars, bars_of, gains_of
from engine.analysis.loops.choice import best_bars
from engine.analysis.loops.cube import BANDS, TIMES, bar_cube, spectrum_size
from engine.analysis.loops.exact import ExactLoops, find_exact
from engine.analysis.loops.layout import find_layout
from engine.analysis.loops.masks import LoopMask, masked
from engine.analysis.loops.ntd import RHYTHMS, SOUNDS
from engine.analysis.loops.templates import WINDOW, fit_templates
from engine.analysis.sounds import FoundOnsets, Sounds, find_onsets, find_sounds
from engine.analysis.sounds.names import loop_name, numbered
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.colors import colors_of
from engine.model.grid import Beatgrid
from engine.model.separation import Layout, Part, Provenance, Separation

Floats = NDArray[np.float64]

ALGORITHM_VERSION = 3

FEWEST_BARS = 2
SILENCE = 1e-10
"""Mean power that counts as silence."""
SURE_DB = 15.0
"""Confidence of the least sure loop from which on a song surely is made of loops."""
EXACT = 0.1
"""Share of what the bars agree on that the exact loops may leave, if they are to stand for the song."""
HEARD = 0.5
"""Share of a bar that they have to make up in most bars."""
SHORTER = 0.6
"""Share of the song's bars that the loops may have together: as many bars as the song has explain anything."""
SINGLES = 0.45
"""Share of sounds with but one place in the bar up to which a song may be made of sounds and not of bars."""
MUCH_LESS = 0.75
"""Share of what the loops leave that the sounds may leave at the most to be preferred."""
FEW_LOOPS = 3
"""With fewer loops than this a song is hardly taken apart."""
ALL_TOLD = 0.05
"""Share of the evened song under which sounds leave next to nothing."""
LOOPED = 0.75
"""Share of single sounds from which on a song that does not repeat exactly goes to the masks."""
UNTOLD = 0.6
"""Share of the evened song beyond which sounds tell too little of it."""
MOST_SOURCES = 11
"""With the residual twelve: as many faders as people have hands for."""
FRAMES_PER_BLOCK = 1 << 16
MASKS = 0.75
"""Share of the whole that is done when the blocks begin."""


def loops_provenance(loops: int | None = None, seed: int = 0, note: str = "") -> Provenance:
    """Return what `find_loops` would sign its result with."""
    sizes = f"{BANDS} bands x {TIMES} steps, {SOUNDS} sounds, {RHYTHMS} rhythms"
    return Provenance("tucker", ALGORITHM_VERSION, {"loops": loops, "seed": seed, "sizes": sizes}, note=note)


# Many small products: two threads on one core make them slower, several times so on a busy machine.
@threadpool_limits.wrap(limits=max(1, (os.cpu_count() or 1) // 2), user_api="blas")
def find_loops(
    audio: Audio, grid: Beatgrid, *, loops: int | None = None, seed: int = 0, progress: Progress = no_progress
) -> Separation:
    """Take a song apart into its loops, or into the sounds that it is made of.

    Parameters
    ----------
    audio : Audio
    grid : Beatgrid
    loops : int, 1 to 12, optional
        How many to look for; by default as many as give the shortest description, and at most eleven groups of sounds. Fewer
        are found where the bars do not differ enough, and none in silence or in fewer than two full bars: then there are no
        parts, and the note says why.
    seed : int
        The same seed gives the same loops.
    progress : Progress
        Told the share of the whole, blocks included.

    Returns
    -------
    Separation
        Of loop-1, loop-2 ..., loops in order of their entrance, groups of sounds by what they are; its blocks are computed as
        they are walked. The note says by which model.
    """
    bars = bars_of(grid, audio)
    progress(0.0)
    silent = float(np.mean(np.square(audio.samples, dtype=np.float64))) < SILENCE
    if silent or bars.full < FEWEST_BARS:
        why = "the song is silent" if silent else f"they need {FEWEST_BARS} full bars, the song has {bars.full}"
        return Separation((), loops_provenance(loops, seed, f"no loops: {why}"), _nothing(audio, progress))
    plain = find_exact(audio, grid, loops, _part_of(progress, 0.0, 0.2), doubting=False)
    if _stands(plain) and float(plain.confidence_db.min()) >= SURE_DB:
        return _repeated(audio, plain, loops, seed, _part_of(progress, 0.2, 1.0))
    struck = find_onsets(audio, grid, _part_of(progress, 0.2, 0.35))
    if struck.singles <= SINGLES and struck.left < ALL_TOLD:
        return _of_sounds(audio, struck, bars, loops, seed, progress)
    exact = find_exact(audio, grid, loops, _part_of(progress, 0.35, 0.6))
    if _stands(exact) and (struck.singles > SINGLES or not _told_better(struck, exact)):
        return _repeated(audio, exact, loops, seed, _part_of(progress, 0.6, 1.0))
    if struck.singles < LOOPED and struck.left < UNTOLD and not _under_something(exact):
        return _of_sounds(audio, struck, bars, loops, seed, progress)
    return _by_magnitude(audio, bars, loops, seed, progress)


def _part_of(progress: Progress, low: float, high: float) -> Progress:
    return lambda share: progress(low + (high - low) * share)


def _stands(exact: ExactLoops | None) -> TypeGuard[ExactLoops]:
    """Tell whether exact loops can stand for the song: what the bars agree on is theirs, and they are far shorter than it."""
    return (
        exact is not None
        and exact.disagreement < EXACT
        and float(np.median(exact.explained)) > HEARD
        and sum(exact.periods) <= SHORTER * len(exact.activation)
    )


def _told_better(struck: FoundOnsets, exact: ExactLoops) -> bool:
    """Tell whether sounds tell more of a song than loops: much of what the loops leave, or what two loops cannot tell apart."""
    return len(exact.periods) < FEW_LOOPS or struck.left <= MUCH_LESS * (1.0 - float(exact.explained.mean()))


def _under_something(exact: ExactLoops | None) -> bool:
    """Tell whether bars agree under something louder that does not, such as a voice."""
    return exact is not None and exact.disagreement < EXACT and float(np.median(exact.explained)) <= HEARD


def _repeated(audio: Audio, exact: ExactLoops, loops: int | None, seed: int, progress: Progress) -> Separation:
    """Hand on loops that the song repeats exactly."""
    best = best_bars(exact.activation, np.square(exact.activation), exact.periods)
    layout = Layout(exact.activation, best, exact.periods)
    first = [int(np.flatnonzero(exact.repeats.owners == k)[0]) for k in range(len(exact.periods))]
    names = [loop_name(exact.repeats.waveforms[element], audio.rate) for element in first]
    provenance = loops_provenance(loops, seed, "the bars repeat exactly: these are the loops as they were made")
    return Separation(_parts(names, exact.confidence_db), provenance, _rendered(audio, exact, progress), layout)


def _rendered(audio: Audio, exact: ExactLoops, progress: Progress) -> Iterator[Samples]:
    for first in range(0, audio.frames, FRAMES_PER_BLOCK):
        count = min(FRAMES_PER_BLOCK, audio.frames - first)
        yield exact.repeats.render(first, count)
        progress((first + count) / audio.frames)


def _of_sounds(audio: Audio, struck: FoundOnsets, bars: Bars, loops: int | None, seed: int, progress: Progress) -> Separation:
    """Hand on groups of sounds."""
    sounds: Sounds = find_sounds(audio, struck, loops or MOST_SOURCES, bars.full, _part_of(progress, 0.35, MASKS))
    verdict = sounds.verdict
    layout = Layout(
        verdict.activation, best_bars(verdict.activation, np.square(verdict.activation), verdict.periods), verdict.periods
    )
    provenance = loops_provenance(loops, seed, "the song is made of sounds that return: each source is a group of them")
    blocks = sounds.blocks(audio, _part_of(progress, MASKS, 1.0))
    return Separation(_parts(list(sounds.names), verdict.confidence_db), provenance, blocks, layout)


def _parts(names: list[str], confidence_db: Floats | None = None) -> tuple[Part, ...]:
    confidence = [None] * len(names) if confidence_db is None else [float(db) for db in confidence_db]
    return tuple(
        Part(f"loop-{k}", name, "loop", color, db)
        for k, (name, color, db) in enumerate(zip(numbered(names), colors_of(names), confidence, strict=True), 1)
    )


def _by_magnitude(audio: Audio, bars: Bars, loops: int | None, seed: int, progress: Progress) -> Separation:
    """Find loops by magnitudes alone, fit them at full resolution, choose a bar of each, and promise the blocks."""
    cube = bar_cube(audio, bars.full_edges)
    found = find_layout(cube, loops, np.random.default_rng(seed), _part_of(progress, 0.6, 0.7))
    size = spectrum_size(audio.rate, WINDOW)
    templates = fit_templates(audio, bars.full_edges, found.columns, size, size // 4)
    gains = gains_of(audio, bars, templates, found)
    mask = LoopMask(templates, bars.edges, gains, found.owners)
    progress(MASKS)
    activation = found.activation()
    column_energy = np.square(templates.magnitude).sum(axis=(1, 2, 3), dtype=np.float64)
    energy = found.per_loop(np.square(found.columns) * column_energy)
    layout = Layout(activation, best_bars(activation, energy, found.loop_periods), found.loop_periods)
    blocks = masked(audio, mask, lambda share: progress(MASKS + (1.0 - MASKS) * share))
    note = "nothing repeats exactly: loops by soft masks"
    names = [f"Loop {k}" for k in range(1, found.loops + 1)]
    return Separation(_parts(names), loops_provenance(loops, seed, note), blocks, layout)


def _nothing(audio: Audio, progress: Progress) -> Iterator[Samples]:
    """Yield no parts, as long as the song."""
    progress(1.0)
    yield np.zeros((0, *audio.samples.shape), dtype=np.float32)

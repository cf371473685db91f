"""Song and grid -> loops: the whole way."""

from collections.abc import Iterator

import numpy as np

from engine.analysis.loops.bars import Bars, bars_of, gains_of
from engine.analysis.loops.choice import best_bars
from engine.analysis.loops.cube import BANDS, TIMES, bar_cube, spectrum_size
from engine.analysis.loops.exact import ExactLoops, find_exact
from engine.analysis.loops.layout import LoopLayout, find_layout
from engine.analysis.loops.masks import LoopMask, masked
from engine.analysis.loops.ntd import RHYTHMS, SOUNDS
from engine.analysis.loops.templates import WINDOW, fit_templates
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.grid import Beatgrid
from engine.model.separation import LOOP_COLORS, Layout, Part, Provenance, Separation

ALGORITHM_VERSION = 2

FEWEST_BARS = 2
SILENCE = 1e-9
"""Mean power of a band that counts as silence."""
EXACT = 0.1
"""Share of what the bars agree on that the exact loops may leave, if they are to stand for the song."""
HEARD = 0.5
"""Share of the energy of half of the bars that they must explain besides: under a louder voice least squares learns it."""
FRAMES_PER_BLOCK = 1 << 18
CUBE, LAYOUT, MASKS = 0.15, 0.65, 0.75
"""Shares of the whole that are done when the cube is cut, when the layout is found, and when the masks begin."""


def loops_provenance(loops: int | None = None, seed: int = 0, note: str = "") -> Provenance:
    """Return what `find_loops` would sign its result with."""
    sizes = f"{BANDS} bands x {TIMES} steps, {SOUNDS} sounds, {RHYTHMS} rhythms"
    return Provenance("ntd", ALGORITHM_VERSION, {"loops": loops, "seed": seed, "sizes": sizes}, note=note)


def find_loops(
    audio: Audio, grid: Beatgrid, *, loops: int | None = None, seed: int = 0, progress: Progress = no_progress
) -> Separation:
    """Take a song apart into its loops.

    Parameters
    ----------
    audio : Audio
    grid : Beatgrid
    loops : int, 1 to 12, optional
        How many to look for; by default as many as give the shortest description. Fewer are found where the bars do not
        differ enough, and none in silence or in fewer than two full bars: then there are no parts, and the note says why.
    seed : int
        The same seed gives the same loops.
    progress : Progress
        Told the share of the whole, blocks included.

    Returns
    -------
    Separation
        Of loop-1, loop-2 ... in order of their entrance; its blocks are computed as they are walked.
    """
    bars = bars_of(grid, audio)
    progress(0.0)
    cube = bar_cube(audio, bars.full_edges) if bars.full >= FEWEST_BARS else None
    if cube is None or float(cube.mean()) < SILENCE:
        why = "the song is silent" if cube is not None else f"they need {FEWEST_BARS} full bars, the song has {bars.full}"
        return Separation((), loops_provenance(loops, seed, f"no loops: {why}"), _nothing(audio, progress))
    exact = find_exact(audio, grid, loops, lambda share: progress(CUBE + (LAYOUT - CUBE) * share))
    if exact is not None and exact.disagreement < EXACT and float(np.median(exact.explained)) > HEARD:
        return _repeated(audio, exact, loops_provenance(loops, seed), progress)
    rng = np.random.default_rng(seed)
    found = find_layout(cube, loops, rng, lambda share: progress(CUBE + (LAYOUT - CUBE) * share))
    return _separated(audio, bars, found, loops_provenance(loops, seed), progress)


def _repeated(audio: Audio, exact: ExactLoops, provenance: Provenance, progress: Progress) -> Separation:
    """Hand on loops that the song repeats exactly."""
    best = best_bars(exact.activation, np.square(exact.activation), exact.periods)
    layout = Layout(exact.activation, best, exact.periods)
    return Separation(_parts(len(exact.periods)), provenance, _rendered(audio, exact, progress), layout)


def _rendered(audio: Audio, exact: ExactLoops, progress: Progress) -> Iterator[Samples]:
    for first in range(0, audio.frames, FRAMES_PER_BLOCK):
        count = min(FRAMES_PER_BLOCK, audio.frames - first)
        yield exact.repeats.render(first, count)
        progress(MASKS + (1.0 - MASKS) * (first + count) / audio.frames)


def _parts(loops: int) -> tuple[Part, ...]:
    return tuple(Part(f"loop-{k}", f"Loop {k}", "loop", LOOP_COLORS[k - 1]) for k in range(1, loops + 1))


def _separated(audio: Audio, bars: Bars, found: LoopLayout, provenance: Provenance, progress: Progress) -> Separation:
    """Fit the loops at full resolution, choose a bar of each, and promise the blocks."""
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
    return Separation(_parts(found.loops), provenance, blocks, layout)


def _nothing(audio: Audio, progress: Progress) -> Iterator[Samples]:
    """Yield no parts, as long as the song."""
    progress(1.0)
    yield np.zeros((0, *audio.samples.shape), dtype=np.float32)

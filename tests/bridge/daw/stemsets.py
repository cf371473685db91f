"""Sets for stem files: sources of known kinds, a lead-in, and a little that is left over."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.model.audio import Samples
from engine.model.colors import colors_of
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import SCHEMA, Decomposition, GridFacts, RemixSet, Song
from engine.model.separation import Part
from engine.store.manifest import write_manifest
from engine.store.sources import write_sources

RATE = 44_100
FRAMES = 126_523
LEAD_IN = 30_870
"""Frames before bar 1; all sources are silent in the first half of it."""
FULL_SCALE = 2**23
BPM = 124.0
NAMES = ("Drums", "Bass", "Vocals", "Other")


def sounds(count: int, channels: int = 2, frames: int = FRAMES, level: float = 0.1) -> Samples:
    """Noise with more of the lows, as music has it [shape=(count, channels, frames)], in whole steps of 24 bits."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((count, channels, frames))
    for _ in range(2):
        x = np.cumsum(x, axis=-1)
        x[..., 50:] -= x[..., :-50].copy()
    x *= level / np.abs(x).max()
    x[..., : LEAD_IN // 2] = 0.0
    return np.asarray(np.rint(x * FULL_SCALE) / FULL_SCALE, dtype=np.float32)


def make_set(
    room: Path,
    sources: Samples,
    names: Sequence[str] = NAMES,
    *,
    loops: bool = False,
    rate: int = RATE,
    title: str = "A song",
    left: float = 0.125,
) -> tuple[Path, Samples]:
    """A set of these sources, stems or loops, and its recording, in which `left` of the first is unaccounted for."""
    whole = np.rint((np.sum(sources, axis=0, dtype=np.float64) + left * sources[0]) * FULL_SCALE)
    song = (whole / FULL_SCALE).astype(np.float32)
    folder, sort = room / "song.remix", "loops" if loops else "stems"
    kinds = ["loop" if loops else name.lower() for name in names]
    ids = [f"loop-{k + 1}" if loops else name.lower() for k, name in enumerate(names)]
    parts = [Part(*facts) for facts in zip(ids, names, kinds, colors_of(kinds), strict=True)]
    found = write_sources(parts, [sources], song, rate, folder, sort)
    channels, frames = song.shape
    grid = Beatgrid.steady_at(BPM, LEAD_IN / RATE, frames / rate)
    facts = GridFacts.of(GridReport(grid, "test", 1.0, ""), {})
    known = {sort: Decomposition("test", 1, {}, None, "", found)}
    write_manifest(folder, RemixSet(SCHEMA, Song(title, "0" * 64, "", frames, rate, channels), facts, decompositions=known))
    return folder, song

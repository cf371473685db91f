"""A decomposition's way into its set: written into a folder beside, moved to its place when it is whole."""

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.model.audio import Samples
from engine.model.grid import Beatgrid
from engine.model.remixset import Decomposition, RemixSet, Song, Source
from engine.model.separation import Layout, Part, Separation
from engine.store.files import TEMPORARY
from engine.store.manifest import write_manifest
from engine.store.sources import read_source, write_sources
from engine.store.wavchunks import add_loop_chunks

FINEST_DB = 144.0
"""What 24 bits can tell apart. Also: JSON has no infinity."""


def replace_decomposition(
    folder: Path,
    remixset: RemixSet,
    name: str,
    separation: Separation,
    song: Samples,
    grid: Beatgrid,
    crosstalk_db: Callable[[], NDArray[np.float64]] | None = None,
) -> RemixSet:
    """Write a separation as decomposition `name` ("stems" or "loops") and return the set with it.

    `crosstalk_db`, asked when all blocks are through, returns that of every part [shape=(parts,), dB], NaN where nothing tells.
    Until the last rename the old decomposition, if any, stays as it was.
    """
    staging = folder / f"{TEMPORARY}{os.getpid()}"
    try:
        staged = write_sources(separation.parts, separation.blocks, song, remixset.song.rate, staging, name)
        staged = _with_confidence(staged, separation.parts)
        if crosstalk_db is not None:
            staged = _with_crosstalk(staged, crosstalk_db())
        if separation.layout is not None:
            staged = _cut_loops(staged, separation.layout, staging, name, remixset.song, grid)
        without = {k: v for k, v in remixset.decompositions.items() if k != name}
        write_manifest(folder, dataclasses.replace(remixset, decompositions=without))
        shutil.rmtree(folder / name, ignore_errors=True)
        (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    made = separation.provenance
    layout = None if separation.layout is None else _rows(separation.layout)
    found = Decomposition(made.algorithm, made.version, made.params, made.model, made.note, staged, layout)
    changed = dataclasses.replace(remixset, decompositions={**without, name: found})
    write_manifest(folder, changed)
    return changed


def _rows(layout: Layout) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in np.round(layout.activation, 4).tolist())


def _with_confidence(sources: tuple[Source, ...], parts: tuple[Part, ...]) -> tuple[Source, ...]:
    """Return the sources with how exactly they repeat, to 0.1 dB; the residual, which is no part, as it is."""
    levels = [part.confidence_db for part in parts]
    rounded = [None if db is None else round(float(np.clip(db, -FINEST_DB, FINEST_DB)), 1) for db in levels]
    told = (dataclasses.replace(source, confidence_db=db) for source, db in zip(sources, rounded, strict=False))
    return (*told, *sources[len(parts) :])


def _with_crosstalk(sources: tuple[Source, ...], levels: NDArray[np.float64]) -> tuple[Source, ...]:
    """Return the sources with their crosstalk to 0.1 dB; the residual as it is."""
    rounded = [None if np.isnan(db) else round(db, 1) for db in levels.tolist()]
    told = (dataclasses.replace(source, crosstalk_db=db) for source, db in zip(sources, rounded, strict=False))
    return (*told, *sources[len(rounded) :])


def _cut_loops(
    sources: tuple[Source, ...], layout: Layout, root: Path, name: str, song: Song, grid: Beatgrid
) -> tuple[Source, ...]:
    """Cut one period of every loop on the grid; return the sources with the names of these files."""
    (root / name / "once").mkdir()
    return tuple(
        _cut_loop(source, layout.best_bar[i], layout.periods[i], root, name, song, grid) if i < len(layout.periods) else source
        for i, source in enumerate(sources)
    )


def _cut_loop(source: Source, bar: int, period: int, root: Path, name: str, song: Song, grid: Beatgrid) -> Source:
    edges = [min(round(grid.bar_seconds(bar + i) * song.rate), song.frames) for i in range(period + 1)]
    start, stop = edges[0], edges[-1]
    samples = read_source(source, root, song)[:, start:stop]
    # A sampler's 24 bits end at full scale; what goes beyond needs floats.
    subtype = "PCM_24" if np.abs(samples).max(initial=0.0) < 1.0 else "FLOAT"
    once = f"{name}/once/{source.id}.wav"
    soundfile.write(root / once, samples.T, song.rate, subtype=subtype)
    beats = period * grid.beats_per_bar
    bpm = 60.0 * beats / (grid.bar_seconds(bar + period) - grid.bar_seconds(bar))
    bars = [edge - start for edge in edges[:-1]]
    add_loop_chunks(
        root / once, rate=song.rate, frames=stop - start, bpm=bpm, beats=beats, beats_per_bar=grid.beats_per_bar, bars=bars
    )
    return dataclasses.replace(source, once=once, best_bar=bar, period=period)

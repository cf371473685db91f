"""The folder of a remix set as a whole: opened, locked while it is prepared, changed one decomposition at a time.

A decomposition is written into a folder beside and moved to its place when it is whole, so that at any moment the set opens
with what is finished.
"""

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.remixset import SCHEMA, Decomposition, RemixSet, Song, Source
from engine.model.separation import Layout, Separation
from engine.store.files import TEMPORARY, clear_unfinished, safe_name, sha256_of
from engine.store.manifest import NAME, read_manifest, write_manifest
from engine.store.sources import THREADS, read_source, write_sources
from engine.store.wavchunks import add_loop_chunks

SUFFIX = ".remix"
LOCK = ".lock"


def set_folder(song: Path, output: Path | None) -> Path:
    """Return where a song's set lies: `output` itself if it ends in .remix, else in the folder `output` (or here)."""
    if output is not None and output.suffix == SUFFIX:
        return output
    stem = song.name.removesuffix(".stem.mp4") if song.name.endswith(".stem.mp4") else song.stem
    return (output or Path()) / (safe_name(stem) + SUFFIX)


def open_set(folder: Path) -> RemixSet:
    """Return the set in `folder` after checking that every file is there and has its size; hashes are checked on reading.

    Raises
    ------
    RemixtureError
        If it is no set, or damaged.
    """
    if not folder.is_dir():
        raise RemixtureError(f"{folder} is not a remix set" if folder.exists() else f"{folder} does not exist")
    remixset = read_manifest(folder)
    for decomposition in remixset.decompositions.values():
        for source in decomposition.sources:
            path = folder / source.file
            if not path.is_file() or path.stat().st_size != source.bytes:
                raise RemixtureError(f"{path} is missing or has changed: run remixture prepare again")
    return remixset


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the set for one preparing process; make the folder and clear away what a killed run left.

    Raises
    ------
    RemixtureError
        If another process holds it, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / LOCK, timeout=0):
            clear_unfinished(folder)
            yield
            (folder / LOCK).unlink(missing_ok=True)
    except filelock.Timeout as error:
        raise RemixtureError(f"{folder} is being prepared by another process: wait for it, or name another with -o") from error
    except OSError as error:
        raise RemixtureError(f"cannot write {folder}: {error.strerror or error}") from error


def resume_set(folder: Path, song: Song) -> RemixSet:
    """Return what is already known of `song` in `folder`; an empty set where there is nothing yet.

    Raises
    ------
    RemixtureError
        If the folder holds another song's set or other things, or its manifest is damaged.
    """
    if not (folder / NAME).exists():
        strangers = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
        if strangers:
            raise RemixtureError(f"{folder} holds other things ({strangers[0]}): name another set with -o NAME{SUFFIX}")
        return RemixSet(SCHEMA, song)
    known = read_manifest(folder)
    if known.song.sha256 != song.sha256:
        raise RemixtureError(
            f"{folder} is the set of another song ({known.song.title}): name this one with -o OTHER-NAME{SUFFIX}"
        )
    return dataclasses.replace(known, song=dataclasses.replace(known.song, title=song.title, path=song.path))


def whole(folder: Path, decomposition: Decomposition) -> bool:
    """Tell whether all files of a decomposition are there and unchanged, by their hashes."""

    def unchanged(source: Source) -> bool:
        path = folder / source.file
        return path.is_file() and path.stat().st_size == source.bytes and sha256_of(path) == source.sha256

    with ThreadPoolExecutor(THREADS) as pool:
        return all(pool.map(unchanged, decomposition.sources))


def replace_decomposition(
    folder: Path, remixset: RemixSet, name: str, separation: Separation, song: Samples, grid: Beatgrid
) -> RemixSet:
    """Write a separation as decomposition `name` ("stems" or "loops") and return the set with it.

    Until the last rename the old decomposition, if any, stays as it was.
    """
    staging = folder / f"{TEMPORARY}{os.getpid()}"
    try:
        staged = write_sources(separation.parts, separation.blocks, song, remixset.song.rate, staging, name)
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

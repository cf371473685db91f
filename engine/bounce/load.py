"""Sets -> banks: the sources of a set in memory, at the mixer's rate, on a steady tempo if wanted."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bounce.wanted import SetChoice
from engine.dsp.resample import resampled
from engine.mix.bank import Bank
from engine.model.audio import Samples
from engine.model.cells import cell_bars
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.remixset import Decomposition, RemixSet
from engine.model.report import Report
from engine.store.setdir import open_set
from engine.store.sources import THREADS, read_source

LARGEST_IN_MEMORY = 2 << 30
"""Bytes of samples above which a bank is mapped from a file instead."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A set that was opened, and the decomposition to play."""

    folder: Path
    set: RemixSet
    decomposition: Decomposition

    @property
    def grid(self) -> Beatgrid:
        """The song's beats."""
        if self.set.grid is None:
            raise RemixtureError(f"{self.folder} has no grid yet: run remixture prepare again")
        return self.set.grid.grid()

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the sources."""
        return tuple(source.id for source in self.decomposition.sources)


def choose(choice: SetChoice) -> Chosen:
    """Open a set and choose its decomposition.

    Raises
    ------
    RemixtureError
        If it is no set, is damaged, or lacks what is wanted.
    """
    remixset = open_set(choice.folder)
    there = list(remixset.decompositions)
    if not there:
        raise RemixtureError(f"{choice.folder} has neither stems nor loops yet: run remixture prepare again")
    wanted = choice.parts or ("stems" if "stems" in there else there[0])
    if wanted not in there:
        raise RemixtureError(f"{choice.folder} has no {wanted}: there are {', '.join(there)}")
    return Chosen(choice.folder, remixset, remixset.decompositions[wanted])


def bank_of(chosen: Chosen, rate: int, *, straighten: bool, report: Report) -> Bank:
    """Read a set's sources.

    Parameters
    ----------
    chosen : Chosen
    rate : int, Hz
        Of the mixer.
    straighten : bool
        Put a drifting recording onto its mean tempo.
    report : Report
    """
    song, sources = chosen.set.song, chosen.decomposition.sources
    frames = round(song.frames * rate / song.rate)
    samples = room((len(sources), song.channels, frames))
    done: list[str] = []
    progress = report.step("load")

    def read(k: int) -> None:
        if song.rate == rate:
            read_source(sources[k], chosen.folder, song, samples[k])
        else:
            samples[k] = resampled(read_source(sources[k], chosen.folder, song), song.rate, rate, frames)
        done.append(sources[k].id)
        progress(len(done) / len(sources))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, range(len(sources))))
    grid = chosen.grid
    if straighten and not grid.steady:
        report.step("straighten")
        samples, grid = _straightened(samples, rate, grid)
    return Bank(chosen.ids, samples, rate, grid, cell_bars(chosen.decomposition))


def _straightened(samples: Samples, rate: int, grid: Beatgrid) -> tuple[Samples, Beatgrid]:
    from engine.dsp.straighten import straighten

    straight, steady = straighten(samples.reshape(-1, samples.shape[-1]), rate, grid)
    return straight.reshape(*samples.shape[:2], -1), steady


def room(shape: tuple[int, ...], *, in_file: bool = False) -> Samples:
    """Return room for samples: memory, or a file that has no name and goes when it is closed.

    The file serves where they would fill the memory, or with `in_file`. What is not written to is silence, and takes no room.
    """
    if not in_file and 4 * int(np.prod(shape)) <= LARGEST_IN_MEMORY:
        return np.zeros(shape, dtype=np.float32)
    with tempfile.TemporaryFile(prefix="remixture-") as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=shape)

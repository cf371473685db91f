"""Sets -> samples in shared memory, from the start on and while they play already.

What is first heard is decoded first: the decomposition that plays, all its sources side by side, then the others. All files are
opened at once, so that a folder that is moved or deleted meanwhile changes nothing. Hashes are checked when a file is through.
"""

import contextlib
import hashlib
import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bridge.session.known import ENDED
from bridge.session.memory import Block
from bridge.session.messages import Layer, Parcel
from engine.model.audio import Samples
from engine.model.cells import cell_bars
from engine.model.errors import RemixtureError
from engine.model.remixset import Decomposition, RemixSet, Song, Source
from engine.store.files import openable
from engine.store.setdir import open_set

WORKERS = 2
PIECE = 1 << 16
"""Frames that are decoded at a time."""
HEAD_START = 2.0
"""Seconds that must be there before a song may play; decoding is many times faster than playing."""

Say = Callable[[str], None]


class Shelf:
    """One song in shared memory. `blocks` belong to the layers of `parcel`; `playable` is set when its start is there."""

    def __init__(self, folder: Path, remixset: RemixSet, parcel: Parcel) -> None:
        self.folder, self.remixset, self.parcel = folder, remixset, parcel
        self.blocks = tuple(Block.new(4 * int(np.prod(parcel.shape(layer)))) for layer in parcel.layers)
        self.playable, self.whole = threading.Event(), threading.Event()
        self.closed = False
        self.behind = [len(layer.ids) for layer in parcel.layers]
        """How many sources of each layer are not through yet."""
        self.starting = len(parcel.layers[0].ids)
        """How many sources that are heard first have not got their start yet."""

    def rows(self, layer: int) -> Samples:
        """Return the samples of a layer [shape=(sources, channels, frames), float32]."""
        return self.blocks[layer].array(self.parcel.shape(self.parcel.layers[layer]))

    def close(self) -> None:
        """Stop decoding and let go of the memory."""
        self.closed = True
        for block in self.blocks:
            block.close()


class _Track:
    """One source on its way into memory."""

    def __init__(self, source: Source, folder: Path, song: Song, rate: int, out: Samples) -> None:
        self.path, self._source, self._out, self._done = folder / source.file, source, out, 0
        try:
            self._raw: BufferedReader = self.path.open("rb")
            self._file = soundfile.SoundFile(openable(self.path))
        except (OSError, soundfile.LibsndfileError) as error:
            raise RemixtureError(f"cannot read {self.path}: run remixture prepare again") from error
        if self._file.frames != song.frames or self._file.channels != song.channels:
            raise RemixtureError(f"{self.path} is not the file that set.json describes: run remixture prepare again")
        self._resampler = (
            soxr.ResampleStream(song.rate, rate, song.channels, dtype="float32", quality="VHQ") if rate != song.rate else None
        )

    @property
    def share(self) -> float:
        """How much of it is there, in [0, 1]."""
        return float(self._done / max(1, self._out.shape[1]))

    def step(self) -> bool:
        """Decode a piece; False when it was the last."""
        piece = self._file.read(PIECE, dtype="float32", always_2d=True)
        last = self._file.tell() >= self._file.frames or len(piece) == 0
        if self._source.scale != 1.0:
            piece *= np.float32(self._source.scale)
        if self._resampler is not None:
            piece = self._resampler.resample_chunk(piece, last=last)
        n = min(len(piece), self._out.shape[1] - self._done)
        self._out[:, self._done : self._done + n] = piece[:n].T
        self._done += n
        return not last

    def unchanged(self) -> bool:
        """Tell whether the file is the one that the set describes."""
        return hashlib.file_digest(self._raw, "sha256").hexdigest() == self._source.sha256

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        self._raw.close()


@dataclass(order=True, slots=True)
class _Job:
    """The next piece of a track. Sorts by what is heard first: the layer, how far it is, who came first."""

    layer: int
    share: float
    number: int
    track: _Track = field(compare=False)
    shelf: Shelf = field(compare=False)
    enough: float = field(compare=False)
    """The share from which on this track does not hold up the start."""


class Library:
    """Decodes songs on threads of its own; says in one line what goes wrong."""

    def __init__(self, say: Say) -> None:
        self._say, self._numbers = say, itertools.count()
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, name="decode", daemon=True) for _ in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def fetch(self, folder: Path, rate: int, parts: str | None = None) -> Shelf:
        """Begin to bring a set into memory at `rate` Hz, the decomposition `parts` first (None: stems, if there are any).

        Raises
        ------
        RemixtureError
            If it is no set, is damaged, lacks what is wanted, there is no room for it, or the library is closed.
        """
        remixset = open_set(folder)
        order = layers_of(folder, remixset, parts)
        shelf = Shelf(folder, remixset, _parcel(folder, remixset, order, rate))
        jobs = []
        for k, name in enumerate(order):
            for source, out in zip(remixset.decompositions[name].sources, shelf.rows(k), strict=True):
                track = _Track(source, folder, remixset.song, rate, out)
                enough = min(1.0, HEAD_START * rate / max(1, shelf.parcel.frames))
                jobs.append(_Job(k, 0.0, next(self._numbers), track, shelf, enough))
        with self._lock:
            closed = self._closed
            for job in () if closed else jobs:
                self._jobs.put(job)
        if closed:
            for job in jobs:
                job.track.close()
            shelf.close()
            raise RemixtureError(ENDED)
        return shelf

    def close(self) -> None:
        """Stop decoding, within a piece. Nobody waits for a song any more, though it is not all there."""
        with self._lock:
            self._closed = True
        for thread in self._threads:
            thread.join()
        self._drop()

    def _drop(self) -> None:
        """Let go of all that is still to be decoded."""
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                job.track.close()
                job.shelf.playable.set()
                job.shelf.whole.set()

    def _work(self) -> None:
        while not self._closed:
            try:
                job = self._jobs.get(timeout=0.1)
            except queue.Empty:
                continue
            if not job.shelf.closed and self._step(job):
                self._jobs.put(job)
            else:
                job.track.close()

    def _step(self, job: _Job) -> bool:
        """Decode a piece; return whether there is more."""
        try:
            more = job.track.step()
            if not more and not job.track.unchanged():
                self._say(f"{job.track.path} is not the file that set.json describes; it plays as it is")
        except (OSError, soundfile.LibsndfileError) as error:
            self._say(f"cannot read on in {job.track.path} ({error}); it is silent from there on")
            more = False
        before, job.share = job.share, job.track.share if more else 1.0
        with self._lock:
            job.shelf.behind[job.layer] -= not more
            job.shelf.starting -= job.layer == 0 and before < job.enough <= job.share
            if job.shelf.starting == 0:
                job.shelf.playable.set()
            if not any(job.shelf.behind):
                job.shelf.whole.set()
        return more


def layers_of(folder: Path, remixset: RemixSet, parts: str | None) -> tuple[str, ...]:
    """Return the names of a set's decompositions, the one to play first in front.

    Raises
    ------
    RemixtureError
        If there is none, or not the one that is wanted.
    """
    there = tuple(remixset.decompositions)
    if not there:
        raise RemixtureError(f"{folder} has neither stems nor loops yet: run remixture prepare again")
    first = parts or ("stems" if "stems" in there else there[0])
    if first not in there:
        raise RemixtureError(f"{folder} has no {first}: there are {', '.join(there)}")
    return first, *(name for name in there if name != first)


def _parcel(folder: Path, remixset: RemixSet, order: Sequence[str], rate: int) -> Parcel:
    song, grid = remixset.song, remixset.grid
    if grid is None:
        raise RemixtureError(f"{folder} has no grid yet: run remixture prepare again")
    layers = tuple(_layer(name, remixset.decompositions[name]) for name in order)
    first = grid.downbeats[0] if grid.downbeats else 0
    frames = round(song.frames * rate / song.rate)
    return Parcel(song.title, layers, rate, song.channels, frames, grid.beats, first, grid.beats_per_bar)


def _layer(name: str, decomposition: Decomposition) -> Layer:
    return Layer(name, tuple(source.id for source in decomposition.sources), cell_bars(decomposition))

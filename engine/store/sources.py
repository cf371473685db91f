"""A separation -> FLAC files whose sum is the song, and back.

Sources are 24-bit FLAC. What exceeds full scale is stored divided by a power of two, its `scale`. The residual is taken from
what was written, after quantisation, so that sources + residual give the song back to the residual's own last bit
(-138 dBFS); only a residual over full scale, scaled itself, is a few bits coarser.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.model.audio import Samples
from engine.model.colors import GREY
from engine.model.errors import RemixtureError
from engine.model.remixset import RESIDUAL, Song, Source
from engine.model.separation import Part
from engine.store.files import sha256_of

FULL_SCALE = 2**23
THREADS = 2
PIECE = 1 << 18


class SourceWriter:
    """One FLAC file that grows block by block and finds its scale by itself."""

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path, self.rate, self.channels = path, rate, channels
        self.scale = 1.0
        self._written = False
        self._file = self._open(path)

    def _open(self, path: Path) -> soundfile.SoundFile:
        return soundfile.SoundFile(str(path), "w", self.rate, self.channels, "PCM_24", format="FLAC")

    def write(self, block: Samples) -> NDArray[np.float64]:
        """Write a block [shape=(channels, n)]; return its samples as a reader will get them."""
        while np.abs(block).max(initial=0.0) > self.scale * (1 - 1 / FULL_SCALE):
            self._double_scale()
        steps = np.rint(block * (FULL_SCALE / self.scale)).astype(np.int32)
        self._file.write(np.ascontiguousarray((steps << 8).T))
        self._written = True
        return np.asarray(steps * (self.scale / FULL_SCALE))

    def _double_scale(self) -> None:
        """Write again at half the level what is written already."""
        self.scale *= 2.0
        if not self._written:
            return
        self._file.close()
        old = self.path.with_name(f"{self.path.name}.old")
        self.path.replace(old)
        self._file = self._open(self.path)
        with soundfile.SoundFile(str(old)) as file:
            while len(steps := file.read(PIECE, dtype="int32", always_2d=True)):
                self._file.write(((steps >> 9) << 8).astype(np.int32))
        old.unlink()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file."""
        self.close()


def write_sources(
    parts: Sequence[Part], blocks: Iterable[Samples], song: Samples, rate: int, root: Path, folder: str
) -> tuple[Source, ...]:
    """Write one file per part and the residual.

    Parameters
    ----------
    parts : sequence of Part
    blocks : iterable of ndarray [shape=(parts, channels, n), float32]
        Together as long as the song.
    song : ndarray [shape=(channels, frames), float32]
    rate : int, Hz
    root, folder : Path, str
        Files go to `root / folder` and are named relative to `root`.

    Returns
    -------
    tuple of Source, the residual last
    """
    target = root / folder
    target.mkdir(parents=True, exist_ok=True)
    channels, frames = song.shape
    writers = [SourceWriter(target / f"{part.id}.flac", rate, channels) for part in parts]
    residual = SourceWriter(target / f"{RESIDUAL}.flac", rate, channels)
    done = 0
    with ThreadPoolExecutor(THREADS) as pool:
        for block in blocks:
            n = block.shape[-1]
            written = pool.map(SourceWriter.write, writers, block)
            rest = song[:, done : done + n].astype(np.float64)
            for part_samples in written:
                rest -= part_samples
            residual.write(rest.astype(np.float32))
            done += n
        if done != frames:
            raise ValueError(f"a separation covered {done} of {frames} frames")
        list(pool.map(SourceWriter.close, [*writers, residual]))
    if any(writer.scale > 1.0 for writer in writers):
        _write_residual_again(writers, song, residual)
    all_parts = [*parts, Part(RESIDUAL, "Residual", RESIDUAL, GREY)]
    return tuple(_described(part, writer, folder) for part, writer in zip(all_parts, [*writers, residual], strict=True))


def _described(part: Part, writer: SourceWriter, folder: str) -> Source:
    path = writer.path
    name = f"{folder}/{path.name}"
    return Source(part.id, part.name, part.kind, name, sha256_of(path), path.stat().st_size, writer.scale, part.color)


def _write_residual_again(writers: Sequence[SourceWriter], song: Samples, residual: SourceWriter) -> None:
    """Take the residual from the files: a source rescaled on the way lost a bit of what was written before."""
    files = [soundfile.SoundFile(str(writer.path)) for writer in writers]
    with SourceWriter(residual.path, residual.rate, residual.channels) as again:
        for start in range(0, song.shape[1], PIECE):
            rest = song[:, start : start + PIECE].astype(np.float64)
            for file, writer in zip(files, writers, strict=True):
                rest -= file.read(rest.shape[1], dtype="float64", always_2d=True).T * writer.scale
            again.write(rest.astype(np.float32))
    for file in files:
        file.close()
    residual.scale = again.scale


def read_source(source: Source, root: Path, song: Song, out: Samples | None = None) -> Samples:
    """Return the samples of one source [shape=(channels, frames), float32], after checking the file against its hash.

    Parameters
    ----------
    out : ndarray [shape=(channels, frames), float32], optional
        Where to put them.

    Raises
    ------
    RemixtureError
        If the file is missing, changed, or not of the song's length.
    """
    path = root / source.file
    samples = np.empty((song.channels, song.frames), dtype=np.float32) if out is None else out
    done = 0
    try:
        if sha256_of(path) != source.sha256:
            raise _changed(path)
        with soundfile.SoundFile(str(path)) as file:
            if file.frames != song.frames or file.channels != song.channels:
                raise _changed(path)
            for block in _read_pieces(file):
                samples[:, done : done + len(block)] = block.T
                done += len(block)
    except (OSError, soundfile.LibsndfileError) as error:
        raise RemixtureError(f"cannot read {path}: run remixture prepare again") from error
    if source.scale != 1.0:
        samples *= np.float32(source.scale)
    return samples


def _read_pieces(file: soundfile.SoundFile) -> Iterator[Samples]:
    while len(block := file.read(PIECE, dtype="float32", always_2d=True)):
        yield block


def _changed(path: Path) -> RemixtureError:
    return RemixtureError(f"{path} is not the file that set.json describes: run remixture prepare again")

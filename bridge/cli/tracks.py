"""Named tracks out of a set, a folder, a .stem.mp4 or one file, as `remixture compare` wants them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from engine.model.audio import Samples

READ = frozenset({".wav", ".aif", ".aiff", ".flac", ".ogg", ".opus", ".mp3", ".m4a"})
MIXES = frozenset({"mix", "mixture", "_mix"})
"""What a folder's mix is called: no source."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """What a path holds: `samples` [shape=(channels, frames), float32, all the same] by name; names are lower-case.

    `mixes` are files beside them that are no source, `notes` what was done to make them even.
    """

    path: Path
    rate: int
    samples: dict[str, Samples]
    mixes: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Length in frames."""
        return int(next(iter(self.samples.values())).shape[1])

    @property
    def channels(self) -> int:
        """1 or 2."""
        return int(next(iter(self.samples.values())).shape[0])

    def cut(self, frames: int, channels: int) -> Tracks:
        """Return at most so many frames; mono goes to both sides where there are two."""
        shape = (channels, min(frames, self.frames))
        samples = {name: np.ascontiguousarray(np.broadcast_to(x[:, :frames], shape)) for name, x in self.samples.items()}
        return replace(self, samples=samples)


def read_tracks(path: Path, parts: str | None = None) -> Tracks:
    """Return the sources of a set (without its residual), the files of a folder, the stems of a .stem.mp4, or one file.

    Parameters
    ----------
    path : Path
    parts : str, optional
        Which decomposition of a set; by default stems where there are any.

    Raises
    ------
    RemixtureError
        If there is nothing to read, it is damaged, or its files are not of one rate.
    """
    from engine.store.manifest import NAME
    from engine.store.stemfile import holds_stems, read_stems

    if (path / NAME).is_file():
        return _of_set(path, parts)
    if path.is_dir():
        return _of_folder(path)
    rate, samples = read_file(path)
    if holds_stems(path):
        separation = read_stems(path, samples.shape[1])
        stems = np.concatenate(list(separation.blocks), axis=-1)
        return Tracks(path, rate, {part.id: stem for part, stem in zip(separation.parts, stems, strict=True)})
    return Tracks(path, rate, {path.stem.lower(): samples})


def read_file(path: Path) -> tuple[int, Samples]:
    """Return rate and samples of an audio file. It may be silent: a true source is where nobody plays."""
    import soundfile

    from engine.store.decode import MP4_FAMILY, decode_track, probe

    rate = probe(path).rate
    if path.suffix.lower() in MP4_FAMILY:
        samples = decode_track(path, 0)
    else:
        try:
            samples = np.ascontiguousarray(soundfile.read(path, dtype="float32", always_2d=True)[0].T)
        except soundfile.LibsndfileError as error:
            raise RemixtureError(f"{path} ends early or is damaged: copy or export it again") from error
    if not np.isfinite(float(np.abs(samples).sum(dtype=np.float64))):
        raise RemixtureError(f"{path} holds NaN or infinite samples: export it again from the program it came from")
    return rate, samples


def read_mix(path: Path) -> Tracks:
    """Return a file's first track under the name `mix`."""
    rate, samples = read_file(path)
    return Tracks(path, rate, {"mix": samples})


def _of_set(folder: Path, parts: str | None) -> Tracks:
    from engine.model.remixset import RESIDUAL
    from engine.store.setdir import open_set
    from engine.store.sources import read_source

    remixset = open_set(folder)
    there = remixset.decompositions
    name = parts or next((one for one in ("stems", "loops") if one in there), None)
    if name is None or name not in there:
        raise RemixtureError(
            f"{folder} has no {parts or 'sources'}, only {', '.join(there) or 'a grid'}: run remixture prepare"
        )
    sources = [source for source in there[name].sources if source.id != RESIDUAL]
    samples = {source.id: read_source(source, folder, remixset.song) for source in sources}
    return Tracks(folder, remixset.song.rate, samples)


def _of_folder(folder: Path) -> Tracks:
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in READ and not p.name.startswith("."))
    mixes = [file for file in files if file.stem.lower() in MIXES]
    files = [file for file in files if file not in mixes]
    if not files:
        raise RemixtureError(f"{folder} holds no audio: name a set, a folder with a file for each source, or a file")
    read = {file: read_file(file) for file in files}
    rates = {rate: file for file, (rate, _) in read.items()}
    if len(rates) > 1:
        (a, first), (b, second) = list(rates.items())[:2]
        raise RemixtureError(f"{first} has {a} Hz, {second} {b} Hz: bring all to one rate")
    named: dict[str, Samples] = {}
    for file, (_, samples) in read.items():
        if file.stem.lower() in named:
            raise RemixtureError(f"{folder} has two files for {file.stem.lower()}: take one away")
        named[file.stem.lower()] = samples
    even, notes = _evened(folder, named)
    return Tracks(folder, next(iter(rates)), even, tuple(mixes), notes)


def _evened(folder: Path, samples: dict[str, Samples]) -> tuple[dict[str, Samples], tuple[str, ...]]:
    """Return tracks of one shape, and what is to be said: shorter ones go on in silence, mono ones to both sides."""
    frames, channels = (max(x.shape[axis] for x in samples.values()) for axis in (1, 0))
    short = [name for name, x in samples.items() if x.shape[1] < frames]
    notes = (f"shorter than the rest of {folder}, so silent from there on: {', '.join(short)}",) if short else ()
    even = {}
    for name, x in samples.items():
        even[name] = np.zeros((channels, frames), dtype=np.float32)
        even[name][:, : x.shape[1]] = x
    return even, notes

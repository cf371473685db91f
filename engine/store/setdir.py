"""The folder of a remix set as a whole: named, opened, locked while it is prepared."""

import contextlib
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.model.errors import RemixtureError
from engine.model.remixset import SCHEMA, Decomposition, RemixSet, Song, Source
from engine.store.files import clear_unfinished, safe_name, sha256_of
from engine.store.manifest import NAME, read_manifest

SUFFIX = ".remix"
LOCK = ".lock"
HASHERS = 2


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
    import filelock

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

    with ThreadPoolExecutor(HASHERS) as pool:
        return all(pool.map(unchanged, decomposition.sources))

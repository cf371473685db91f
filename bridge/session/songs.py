"""The songs of a session: what there is to say of each, and which set a path has already."""

import contextlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.model.errors import RemixtureError
from engine.model.remixset import RemixSet
from engine.store.files import sha256_of
from engine.store.manifest import read_manifest
from engine.store.setdir import open_set, set_folder


class State(StrEnum):
    """Where a song is on its way."""

    WAITING = "waiting"
    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OpenSong:
    """A song that was opened in this session, by its number.

    `step` and `share` [0, 1] of the whole work say how far it is, `left_seconds` how long the rest takes (None: nobody can
    know), `note` and `error` are for people. As soon as `parts` names decompositions these can be played: they lie in
    `folder`, and `remixset` is what its manifest says of them. The set may still grow.
    """

    number: int
    title: str
    state: State = State.WAITING
    step: str = ""
    share: float = 0.0
    left_seconds: float | None = None
    note: str = ""
    error: str = ""
    folder: Path | None = None
    parts: tuple[str, ...] = ()
    remixset: RemixSet | None = None

    @property
    def busy(self) -> bool:
        """Whether it waits or is being prepared."""
        return self.state in {State.WAITING, State.PREPARING}


def ready_set(path: Path, output: Path | None) -> Path | None:
    """Return the set that a path is, or that a song has already; None if the song is still to be prepared.

    Raises
    ------
    RemixtureError
        If there is nothing at the path, or a damaged set.
    """
    if path.is_dir():
        open_set(path)
        return path
    if not path.exists():
        raise RemixtureError(f"{path} does not exist")
    folder = set_folder(path, output)
    if not folder.is_dir():
        return None
    with contextlib.suppress(RemixtureError):
        known = open_set(folder)
        if {"stems", "loops"} <= set(known.decompositions) and known.song.sha256 == fingerprint(path):
            return folder
    return None


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a recording, or of the one that a set was made from.

    Raises
    ------
    RemixtureError
        If it cannot be read.
    """
    if path.is_dir():
        return open_set(path).song.sha256
    try:
        return sha256_of(path)
    except OSError as error:
        raise RemixtureError(f"cannot read {path}: {error.strerror or error}") from error


def recording_of(folder: Path) -> str | None:
    """Return the SHA-256 of the recording whose set a folder is; None if it is none."""
    with contextlib.suppress(RemixtureError):
        return read_manifest(folder).song.sha256
    return None


def playable(folder: Path) -> dict[str, object]:
    """Return what an open song says of the set it has by now; nothing if that cannot be read."""
    with contextlib.suppress(RemixtureError):
        remixset = read_manifest(folder)
        return {"folder": folder, "parts": tuple(remixset.decompositions), "remixset": remixset}
    return {}

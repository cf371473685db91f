"""Files that are either whole or not there: written beside and renamed. Names from outside never become paths."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.model.errors import RemixtureError

TEMPORARY = ".part-"
"""What unfinished files and folders are called, so that the next run can clear them away."""


@contextlib.contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Give a path to write to, of the same suffix; when the block ends well it becomes `target`, else it is removed."""
    part = target.with_name(f"{TEMPORARY}{os.getpid()}-{target.name}")
    try:
        yield part
        part.replace(target)
    except OSError as error:
        raise RemixtureError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def clear_unfinished(folder: Path) -> None:
    """Remove what a killed run left behind."""
    for part in folder.rglob(f"{TEMPORARY}*"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def printable(text: str) -> str:
    """Return text that can be written everywhere: a file's name may hold bytes that are no UTF-8, each becomes a ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def openable(path: Path) -> str | bytes:
    """Return a path as libsndfile takes it: as bytes where it is no UTF-8."""
    return os.fsencode(path) if str(path) != printable(str(path)) else str(path)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def safe_name(text: str, longest: int = 80) -> str:
    """Return a file name that every system accepts: letters, digits, spaces and ``-_.()``, never empty or hidden."""
    name = re.sub(r"[^\w\-. ()]+", "-", text, flags=re.UNICODE).strip(" .-")
    while len(name.encode()) > longest:
        name = name[:-1].rstrip(" .-")
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)
    return f"song-{name}" if reserved or not name else name


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise RemixtureError unless the disk under `folder` (which may not exist yet) has `needed` bytes free."""
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise RemixtureError(
            f"{what} needs up to {needed / 1e9:.1f} GB in {existing}, {free / 1e9:.1f} GB are free: "
            "make room or choose another folder with -o"
        )

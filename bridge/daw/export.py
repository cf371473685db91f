"""A set or a take -> a file or folder in another program's format: whole or not there, and never over what is there already."""

import contextlib
import importlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.daw.formats import Format, format_of
from bridge.daw.work import Options, Work
from engine.model.errors import RemixtureError
from engine.model.report import Quiet, Report
from engine.store.files import TEMPORARY
from engine.store.manifest import read_manifest

END = 40
"""Characters of the target's name, with its suffix, in that of its unfinished file: no longer than a system takes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made, and what people should know about it."""

    path: Path
    said: tuple[str, ...]


def export(
    source: Path,
    to: str,
    target: Path,
    options: Options = Options(),  # noqa: B008 - a value
    report: Report = Quiet(),  # noqa: B008 - a value
    *,
    force: bool = False,
) -> Exported:
    """Write a set or a take as `to` says, to `target`.

    Parameters
    ----------
    source : Path
        A set's folder, or a `take.jsonl`.
    to : str
        One of `bridge.daw.formats.FORMATS`.
    target : Path
    options : Options
    report : Report
    force : bool
        Whether what is there already may be replaced.

    Raises
    ------
    RemixtureError
        For everything a person can mend; nothing is left half-written.
    """
    form = format_of(to)
    if not source.exists():
        raise RemixtureError(f"{source} does not exist: name a set (NAME.remix) or a take (take.jsonl)")
    check_target(target, form, source, force=force)
    work = Work(source, options, report)
    for folder in work.sets:
        check_apart(target, folder)
        check_apart(target, Path(read_manifest(folder).song.path))
    with staged(target, force=force) as part:
        # To a path that is not there: the file itself, or a folder that it makes.
        importlib.import_module(f"bridge.daw.{form.module}").write(work, part)
    return Exported(target, (*work.said,))


def check_target(target: Path, form: Format, source: Path, *, force: bool) -> None:
    """Raise RemixtureError, before any work, unless a format may be written to `target`."""
    if not any(target.name.lower().endswith(suffix) for suffix in form.suffixes):
        raise RemixtureError(f"{form.name} is written to a {' or '.join(form.suffixes)}, got {target.name!r}")
    if not target.absolute().parent.is_dir():
        raise RemixtureError(f"{target.parent} is no folder: make it first")
    if target.name in {"", ".."}:
        raise RemixtureError(
            f"{target} is a folder without a name of its own: name the {form.suffixes[0] or 'folder'} to write"
        )
    check_apart(target, source)
    if os.path.lexists(target) and not force:
        raise RemixtureError(f"{target} is there already: name another, or replace it with --force")


def check_apart(target: Path, kept: Path) -> None:
    """Raise RemixtureError where `target` would take the place of what is exported, or lie in it."""
    here, there = target.resolve(), kept.resolve()
    if here == there or there in here.parents or here in there.parents:
        raise RemixtureError(f"{target} would lie in or over {kept} itself: name another place")


@contextlib.contextmanager
def staged(target: Path, *, force: bool) -> Iterator[Path]:
    """Give a path beside the target to write a file or a folder to; it takes the target's place when the block ends well."""
    part = target.with_name(f"{TEMPORARY}{os.getpid()}-{target.name[-END:]}")
    try:
        yield part
        with _set_aside(target, force=force):
            part.replace(target)
    except OSError as error:
        raise RemixtureError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        _remove(part)


@contextlib.contextmanager
def _set_aside(target: Path, *, force: bool) -> Iterator[None]:
    """Move what is there out of the way, and back where what follows fails."""
    if not force or not os.path.lexists(target):
        if os.path.lexists(target):
            raise RemixtureError(f"{target} has come meanwhile: name another, or replace it with --force")
        yield
        return
    old = target.with_name(f"{TEMPORARY}{os.getpid()}-old-{target.name[-END:]}")
    target.replace(old)
    try:
        yield
    except BaseException:
        old.replace(target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

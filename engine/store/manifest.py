"""`set.json`: the remix set's own account of itself. Read strictly, written beside and renamed."""

from pathlib import Path

import msgspec

from engine.model.errors import RemixtureError
from engine.model.key import parse_key
from engine.model.remixset import SCHEMA, RemixSet
from engine.store.files import written_beside

NAME = "set.json"


def to_json(remixset: RemixSet) -> bytes:
    """Return the manifest as UTF-8 JSON, indented for people who look."""
    return msgspec.json.format(msgspec.json.encode(remixset), indent=1)


def read_manifest(folder: Path) -> RemixSet:
    """Return the manifest of the set in `folder`.

    Raises
    ------
    RemixtureError
        If there is none, it is damaged, or a newer Remixture wrote it.
    """
    path = folder / NAME
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RemixtureError(f"{folder} is not a remix set: no readable {NAME} ({error.strerror})") from error
    try:
        schema = msgspec.json.decode(text, type=_Head).schema
        if schema != SCHEMA:
            raise RemixtureError(f"{path} has schema {schema!r}, this Remixture reads {SCHEMA!r}: update Remixture")
        found = msgspec.json.decode(text, type=RemixSet)
    except msgspec.DecodeError as error:
        raise RemixtureError(f"{path} is damaged ({error}): delete it, then run remixture prepare again") from error
    _check_files(found, path)
    _check_key(found, path)
    return found


def write_manifest(folder: Path, remixset: RemixSet) -> None:
    """Write the manifest; the old one stays until the new one is whole."""
    with written_beside(folder / NAME) as part:
        part.write_bytes(to_json(remixset))


class _Head(msgspec.Struct):
    schema: str


def _check_files(remixset: RemixSet, path: Path) -> None:
    """Refuse names that lie outside the set: a manifest may come from anywhere."""
    for decomposition in remixset.decompositions.values():
        for source in decomposition.sources:
            for name in filter(None, (source.file, source.once)):
                if Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name:
                    raise RemixtureError(f"{path} is damaged: {name!r} lies outside the set")


def _check_key(remixset: RemixSet, path: Path) -> None:
    """Refuse a key that is none: songs are matched by it."""
    try:
        parse_key(remixset.key or "C major")
    except ValueError as error:
        raise RemixtureError(f"{path} is damaged: {error}") from error

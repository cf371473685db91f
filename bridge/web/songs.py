"""Files in: a song that somebody drops onto the page, streamed to disk and then prepared.

A name from outside is only ever the name of a file in the session's folder, and never that of one that is there already.
"""

import asyncio
import contextlib
import hashlib
import http
import itertools
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bridge.web.room import Room
from engine.analysis.stems import StemChoice
from engine.model.errors import RemixtureError
from engine.model.loopcount import AUTO, loop_count
from engine.prepare import Settings
from engine.store.files import TEMPORARY, printable, require_space, safe_name, sha256_of

LIMIT = 2_000_000_000
"""Bytes that one file may have."""
PIECE = 1 << 20
"""Bytes that are written at a time."""
PATIENCE_SECONDS = 2.0
"""How long what is refused is still taken in, so that the browser reads why instead of a broken connection."""
PLACING = threading.Lock()
"""Of two files that come at once only one gets a name."""
SUFFIXES = (".stem.mp4", ".wav", ".aif", ".aiff", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mp4", ".m4b", ".mov", ".aac")
UPLOAD = re.compile(f"{re.escape(TEMPORARY)}[0-9a-f]{{16}}({'|'.join(map(re.escape, SUFFIXES))})")
"""What a file is called that has not come to its end."""
LEFT_SECONDS = 600.0
"""To what nobody has written for so long nobody will: another session, which has the same folder, may be taking in a file."""


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """Why a file is not taken, and the HTTP status that says so."""

    def __init__(self, status: http.HTTPStatus, text: str) -> None:
        super().__init__(printable(text))
        self.status = status


class Songs:
    """Takes files for a room; `arrived` is called with the number of each song that came."""

    def __init__(self, room: Room, arrived: Callable[[int], None]) -> None:
        """Clear away what was left of files that never came to their end."""
        self._room, self._arrived = room, arrived
        clear_uploads(room.output)
        self.routes = [Route("/api/songs", self.put, methods=["PUT"])]

    async def put(self, request: Request) -> JSONResponse:
        """Take a file, have it prepared, and tell its number."""
        try:
            number = await self._take(request)
        except Refused as error:
            await _take_the_rest(request)
            return JSONResponse({"error": str(error)}, error.status)
        except RemixtureError as error:
            return JSONResponse({"error": printable(str(error))}, http.HTTPStatus.BAD_REQUEST)
        except ClientDisconnect:
            # Nobody hears this.
            return JSONResponse({"error": "the upload broke off"}, http.HTTPStatus.BAD_REQUEST)
        self._arrived(number)
        return JSONResponse({"song": number})

    async def _take(self, request: Request) -> int:
        folder = self._room.output
        stem, suffix = _name(request.query_params.get("name", ""))
        settings = _settings(request)
        _check_room(request, folder)
        part = folder / f"{TEMPORARY}{secrets.token_hex(8)}{suffix}"
        try:
            digest = await self._write(request, part)
            path = await asyncio.to_thread(_placed, part, digest, stem, suffix)
        except OSError as error:
            raise _not_written(folder, error) from error
        finally:
            part.unlink(missing_ok=True)
        return await asyncio.to_thread(self._room.collection.add, path, settings)

    @staticmethod
    async def _write(request: Request, part: Path) -> str:
        """Write what comes to `part`; return its SHA-256."""
        digest, size, waiting = hashlib.sha256(), 0, bytearray()
        with part.open("xb") as file:
            async for piece in request.stream():
                size += len(piece)
                if size > LIMIT:
                    raise _too_large()
                waiting += piece
                if len(waiting) >= PIECE:
                    await asyncio.to_thread(_keep, file, digest, waiting)
                    waiting = bytearray()
            await asyncio.to_thread(_keep, file, digest, waiting)
        if size == 0:
            raise Refused(http.HTTPStatus.BAD_REQUEST, "the file is empty (0 bytes)")
        return digest.hexdigest()


def clear_uploads(folder: Path) -> None:
    """Remove what a killed session has left of uploads into a folder."""
    for part in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if UPLOAD.fullmatch(part.name) and time.time() - part.stat().st_mtime > LEFT_SECONDS:
                part.unlink()


def _check_room(request: Request, folder: Path) -> None:
    """Make the folder; refuse at once what says of itself that it does not fit."""
    said = request.headers.get("content-length", "")
    # What comes in pieces does not say how large it is; of that there must be room for one.
    size = int(said) if said.isdecimal() else min(PIECE, LIMIT)
    if size > LIMIT:
        raise _too_large()
    if size == 0:
        raise Refused(http.HTTPStatus.BAD_REQUEST, "the file is empty (0 bytes)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_space(folder, size, "the file")
    except RemixtureError as error:
        raise Refused(http.HTTPStatus.INSUFFICIENT_STORAGE, str(error)) from error
    except OSError as error:
        raise _not_written(folder, error) from error


def _not_written(folder: Path, error: OSError) -> Refused:
    return Refused(http.HTTPStatus.INSUFFICIENT_STORAGE, f"cannot write to {folder}: {error.strerror}")


def _too_large() -> Refused:
    size = f"{LIMIT / 1e9:g} GB" if LIMIT >= 1e9 else f"{LIMIT:,} bytes"
    return Refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the file is larger than {size}")


def _keep(file: BinaryIO, digest: "hashlib._Hash", data: bytearray) -> None:
    digest.update(data)
    file.write(data)


async def _take_the_rest(request: Request) -> None:
    """Read on for a while, and forget it."""
    end = time.monotonic() + PATIENCE_SECONDS
    with contextlib.suppress(ClientDisconnect, RuntimeError):
        async for _ in request.stream():
            if time.monotonic() > end:
                return


def _name(said: str) -> tuple[str, str]:
    """Return the stem and the suffix of a file name from outside, whatever is in it."""
    name = PurePosixPath(said.replace("\\", "/")).name
    suffix = next((known for known in SUFFIXES if name.lower().endswith(known)), "")
    if not suffix:
        kinds = ", ".join(known[1:] for known in SUFFIXES[:9])
        raise Refused(
            http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"{safe_name(name)} is not a kind of audio file that can be read; these can: {kinds}",
        )
    return safe_name(name[: -len(suffix)]), suffix


def _settings(request: Request) -> Settings:
    """Return what is asked for, besides the file."""
    loops, stems = (request.query_params.get(word, AUTO) for word in ("loops", "stems"))
    if stems not in list(StemChoice):
        raise Refused(http.HTTPStatus.BAD_REQUEST, f"stems is one of {', '.join(StemChoice)}, got {stems[:20]!r}")
    return Settings(loops=loop_count(loops), stems=StemChoice(stems))


def _placed(part: Path, digest: str, stem: str, suffix: str) -> Path:
    """Give a file that has come its name; return the path, or that of one that holds the very same bytes."""
    size = part.stat().st_size
    with PLACING:
        for path in part.parent.iterdir():
            same = path.name.endswith(suffix) and not path.name.startswith(TEMPORARY) and path.is_file()
            if same and path.stat().st_size == size and sha256_of(path) == digest:
                return path
        names = itertools.chain([stem], (f"{stem} ({number})" for number in itertools.count(2)))
        paths = (part.with_name(name + suffix) for name in names)
        return part.replace(next(path for path in paths if not path.exists()))

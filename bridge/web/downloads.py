"""Files out: one source, all of them in a zip, a bounce.

Numbers and names in addresses are looked up, never made into paths.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bridge.session.songs import OpenSong
from bridge.web.room import Room
from engine.model.remixset import Source
from engine.store.files import safe_name

ONCE = "once"
PIECE = 1 << 18
"""Bytes that are sent at a time."""


class Downloads:
    """Hands out what a room has made."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.routes = [
            Route("/api/songs/{song:int}/{group}.zip", self.zipped),
            Route("/api/songs/{song:int}/{group}/{source}", self.single),
            Route("/api/bounces/{bounce:int}", self.bounce),
        ]

    async def single(self, request: Request) -> Response:
        """Send one source of a decomposition, or one period of a loop."""
        song, files = self._files(request)
        wanted = [(source, path) for source, path in files if source.id == request.path_params["source"]]
        if not wanted:
            raise HTTPException(404, "there is no such source")
        return _file(wanted[0][1], _called(song, wanted[0][0], wanted[0][1]))

    async def zipped(self, request: Request) -> Response:
        """Send all sources of a decomposition, or one period of each loop."""
        song, files = self._files(request)
        members = [(path, _called(song, source, path)) for source, path in files]
        return _zipped(members, safe_name(f"{song.title} {request.path_params['group']}"))

    async def bounce(self, request: Request) -> Response:
        """Send what was rendered or exported; a folder in a zip."""
        job = next((one for one in self._room.bounces.list() if one.number == request.path_params["bounce"]), None)
        if job is None or job.path is None or not job.path.exists():
            raise HTTPException(404, "there is no such bounce, or it is not finished")
        if job.path.is_file():
            return _file(job.path, job.path.name)
        members = [(path, f"{job.path.name}/{path.relative_to(job.path).as_posix()}") for path in sorted(job.path.rglob("*"))]
        return _zipped(members, job.path.name)

    def _files(self, request: Request) -> tuple[OpenSong, list[tuple[Source, Path]]]:
        """Return the song that is meant, and each source of the group with its file."""
        song = next((one for one in self._room.collection.songs() if one.number == request.path_params["song"]), None)
        if song is None or song.folder is None or song.remixset is None:
            raise HTTPException(404, "there is no such song, or it is not ready")
        group = request.path_params["group"]
        found = song.remixset.decompositions.get("loops" if group == ONCE else group)
        named = [(source, source.once if group == ONCE else source.file) for source in (found.sources if found else ())]
        files = [(source, song.folder / file) for source, file in named if file]
        if not files or not all(path.is_file() for _, path in files):
            raise HTTPException(404, "the song has no such sources")
        return song, files


class _Basket:
    """What a zip file is written into, and taken out of at once."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes, /) -> int:
        """Put bytes in."""
        self._bytes += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: it is all there."""

    def close(self) -> None:
        """Do nothing."""

    def take(self) -> bytes:
        """Take out what is in it."""
        taken, self._bytes = bytes(self._bytes), bytearray()
        return taken


def zip_of(members: Sequence[tuple[Path, str]]) -> Iterator[bytes]:
    """Yield a zip file of (file, its name in there), piece by piece; audio is packed already, so nothing is deflated."""
    basket = _Basket()
    with zipfile.ZipFile(basket, "w", zipfile.ZIP_STORED) as archive:
        for path, name in members:
            facts = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            if path.is_dir():
                # Some programs want their folders, even empty ones.
                archive.writestr(facts, b"")
                continue
            with archive.open(facts, "w") as target, path.open("rb") as file:
                while piece := file.read(PIECE):
                    target.write(piece)
                    yield basket.take()
    yield basket.take()


def _called(song: OpenSong, source: Source, path: Path) -> str:
    """Return the name that a person gets a source under."""
    return safe_name(f"{song.title} - {source.name}", 120) + path.suffix


def _zipped(members: Sequence[tuple[Path, str]], name: str) -> Response:
    headers = {"content-disposition": attached(f"{name}.zip")}
    return StreamingResponse(zip_of(members), media_type="application/zip", headers=headers)


def _file(path: Path, name: str) -> Response:
    return FileResponse(path, headers={"content-disposition": attached(name)})


def attached(name: str) -> str:
    """Return the header that has a browser keep a file under a name (RFC 6266)."""
    plain = re.sub(r"[^\w\-. ()]", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

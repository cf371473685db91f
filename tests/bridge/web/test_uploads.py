"""Files on their way in: where they go when nothing is there yet, or nothing can be; what is left of them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bridge.web import songs
from bridge.web.songs import LEFT_SECONDS, Songs
from engine.model.errors import RemixtureError

PUT = "/api/songs?name=a.wav"


def client(folder: Path) -> TestClient:
    """Somebody who drops files into a folder; the song is number 7."""
    room: Any = SimpleNamespace(output=folder, collection=SimpleNamespace(add=lambda *_: 7))
    return TestClient(Starlette(routes=Songs(room, lambda _: None).routes))


def pieces() -> Iterator[bytes]:
    """A file that does not say how large it is."""
    yield from (b"not", b"hing")


def test_a_file_in_pieces_makes_its_folder(tmp_path: Path) -> None:
    answer = client(tmp_path / "new" / "folder").put(PUT, content=pieces())

    assert answer.json() == {"song": 7}
    assert (tmp_path / "new" / "folder" / "a.wav").read_bytes() == b"nothing"


def test_a_file_in_pieces_is_refused_where_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RemixtureError("0.0 GB are free")

    monkeypatch.setattr(songs, "require_space", full)
    answer = client(tmp_path).put(PUT, content=pieces())

    assert (answer.status_code, answer.json()) == (507, {"error": "0.0 GB are free"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    answer = client(tmp_path / "file" / "below").put(PUT, content=b"nothing")

    assert answer.status_code == 507
    assert answer.json()["error"] == f"cannot write to {tmp_path / 'file' / 'below'}: Not a directory"


def test_what_a_killed_session_left_of_uploads_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    left, fresh, others, song = (
        tmp_path / name for name in (f".part-{'0a' * 8}.stem.mp4", f".part-{'0b' * 8}.wav", ".part-123-set.json", "a.wav")
    )
    for path in (left, fresh, others, song):
        path.touch()
        long_ago = time.time() - LEFT_SECONDS - 1.0
        if path != fresh:
            os.utime(path, (long_ago, long_ago))

    client(tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted((fresh, others, song))

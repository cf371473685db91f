"""Files in and out of a page, and the maps of songs."""

import base64
import http.client
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import pytest
import soundfile

from bridge.session.messages import Parcel
from bridge.web import songs
from bridge.web.downloads import attached, zip_of
from bridge.web.maps import COLUMNS, bars_of, column_edges, peaks_between
from engine.analysis.stems import StemChoice
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from tests.bridge.session.rig import until
from tests.bridge.web.rig import Served


def recording(seed: int, seconds: float = 0.6) -> bytes:
    """A short file of its own."""
    data = io.BytesIO()
    noise = np.random.default_rng(seed).standard_normal((round(8000 * seconds), 1)) * 0.1
    soundfile.write(data, noise, 8000, format="WAV", subtype="PCM_16")
    return data.getvalue()


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """Somebody who drops files; what is dropped is not prepared to its end."""
    with served.known() as found:
        yield found


def put(client: httpx.Client, name: str, data: bytes, **options: str) -> httpx.Response:
    """Drop a file."""
    return client.put("/api/songs", params={"name": name, "stems": "none"} | options, content=data)


def files(served: Served) -> set[str]:
    """Names of the audio files in the session's folder, and of what is unfinished."""
    return {path.name for path in served.room.output.iterdir() if path.is_file() and path.suffix != ".jsonl"}


def test_a_file_that_is_dropped_is_a_song(served: Served, client: httpx.Client) -> None:
    data = recording(1)

    answer = put(client, "My Song.WAV", data, loops="3")

    assert answer.status_code == 200, answer.text
    song = served.room.collection.song(answer.json()["song"])
    assert song.title == "My Song"
    assert (served.room.output / "My Song.wav").read_bytes() == data


ALL_STEMS = f"stems is one of {', '.join(StemChoice)}, got 'magic'"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../x.wav", "x.wav"),
        ("..\\..\\y.wav", "y.wav"),
        ("/etc/z.wav", "z.wav"),
        ("....wav", "song-.wav"),
        ("con.wav", "song-con.wav"),
        ("🎵 Jürgen's Stück 🎵.wav", "Jürgen-s Stück.wav"),
        ("a\x00b\nc.wav", "a-b-c.wav"),
        ("n" * 300 + ".wav", "n" * 80 + ".wav"),
        (".part-1.stem.mp4", "part-1.stem.mp4"),
    ],
)
def test_a_name_is_never_a_path(served: Served, client: httpx.Client, name: str, kept: str) -> None:
    before = files(served)

    answer = put(client, name, recording(hash(name) % 2**31))

    assert answer.status_code == 200, answer.text
    assert files(served) - before == {kept}


def test_equal_names_and_equal_bytes(served: Served, client: httpx.Client) -> None:
    first, again, other, third = (
        put(client, "twin.wav", data).json()["song"] for data in (recording(2), recording(2), recording(3), recording(4))
    )

    assert first == again
    assert len({first, other, third}) == 3
    assert (served.room.output / "twin.wav").read_bytes() == recording(2)
    assert (served.room.output / "twin (2).wav").read_bytes() == recording(3)
    assert (served.room.output / "twin (3).wav").read_bytes() == recording(4)


def test_several_at_once(served: Served, client: httpx.Client) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda k: put(client, "many.wav", recording(10 + k)), range(6)))

    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["song"] for answer in answers}) == 6
    kept = [path.read_bytes() for path in served.room.output.glob("many*.wav")]
    assert sorted(kept) == sorted(recording(10 + k) for k in range(6))


@pytest.mark.parametrize(
    ("name", "data", "options", "status", "said"),
    [
        ("virus.exe", b"MZ", {}, 415, "virus.exe is not a kind of audio file that can be read; these can: "),
        ("", b"x", {}, 415, "is not a kind of audio file"),
        ("a.wav", b"", {}, 400, "the file is empty (0 bytes)"),
        ("a.wav", b"x", {"stems": "magic"}, 400, ALL_STEMS),
        ("a.wav", b"x", {"loops": "99"}, 400, "loops are auto, or a number from 1 to 12, got '99'"),
    ],
)
def test_what_is_no_song_is_refused_in_plain_words(
    served: Served, client: httpx.Client, name: str, data: bytes, options: dict[str, str], status: int, said: str
) -> None:
    before = files(served)

    answer = put(client, name, data, **options)

    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert files(served) == before


def test_too_large_a_file_is_refused_as_soon_as_it_is(
    served: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(songs, "LIMIT", 100_000)
    before, sent = files(served), []

    def stream() -> Iterator[bytes]:
        for k in range(40):
            sent.append(k)
            yield bytes(10_000)

    said = put(client, "large.wav", bytes(100_001))
    streamed = client.put("/api/songs?name=large.wav", content=stream())
    fits = put(client, "fits.wav", recording(5))

    assert said.status_code == streamed.status_code == 413
    assert said.json() == streamed.json() == {"error": "the file is larger than 100,000 bytes"}
    assert fits.status_code == 200
    assert files(served) - before == {"fits.wav"}


def test_a_full_disk_is_said(served: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RemixtureError("the file needs up to 0.1 GB, 0.0 GB are free")

    monkeypatch.setattr(songs, "require_space", full)
    before = files(served)

    answer = put(client, "a.wav", recording(6))

    assert (answer.status_code, answer.json()["error"][:14]) == (507, "the file needs")
    assert files(served) == before


def test_an_upload_that_breaks_off_leaves_nothing(served: Served) -> None:
    before = files(served)
    raw = http.client.HTTPConnection("127.0.0.1", served.server.port)
    raw.putrequest("PUT", "/api/songs?name=broken.wav")
    raw.putheader("Cookie", served.cookie)
    raw.putheader("Content-Length", "5000000")
    raw.endheaders()
    raw.send(bytes(3_000_000))
    until(lambda: files(served) != before)

    raw.close()

    until(lambda: files(served) == before)


def test_all_sources_come_in_a_zip(served: Served, client: httpx.Client) -> None:
    folder = served.sets[0]
    for group in ("stems", "loops"):
        answer = client.get(f"/api/songs/0/{group}.zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            found = {name: archive.read(name) for name in archive.namelist()}
            assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}

        assert answer.headers["content-disposition"].startswith(f'attachment; filename="song-0 {group}.zip"')
        kept = {f"song-0 - {path.stem}.flac": path.read_bytes() for path in (folder / group).glob("*.flac")}
        assert {name.lower(): data for name, data in found.items()} == kept


def test_a_zip_is_made_piece_by_piece(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(3_000_000))

    pieces = list(zip_of([(tmp_path / "a", "one"), (tmp_path / "b", "two")]))

    assert max(map(len, pieces)) < 400_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert [archive.read(name) for name in ("one", "two")] == [(tmp_path / name).read_bytes() for name in "ab"]


def test_single_sources_and_bounces_come_as_files(served: Served, client: httpx.Client) -> None:
    bounces = served.room.bounces
    before = bounces.list()
    until(lambda: served.room.player.status().frame > 0)
    answer = client.get("/api/songs/0/stems/drums")

    assert answer.content == (served.sets[0] / "stems" / "drums.flac").read_bytes()
    assert answer.headers["content-disposition"].startswith('attachment; filename="song-0 - drums.flac"')
    for missing in ("songs/0/stems/violins", "songs/0/nothing/drums", "songs/99/stems/drums", "songs/99/stems.zip",
                    "songs/0/nothing.zip", "songs/0/once.zip", "bounces/99", "songs/0/stems/..%2f..%2fset.json"):  # fmt: skip
        assert client.get(f"/api/{missing}").status_code == 404
    assert bounces.list() == before


@pytest.mark.parametrize(("name", "plain"), [("a b.wav", "a b.wav"), ('é"\r\n;x.wav', "_____x.wav")])
def test_a_file_keeps_its_name_and_no_header_breaks(name: str, plain: str) -> None:
    assert attached(name) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def test_the_map_shows_what_sounds_where(served: Served, client: httpx.Client) -> None:
    until(served.room.player.shelf("a").whole.is_set)
    found = client.get("/api/decks/a/map").json()
    stems, loops = found["parts"]
    waves = {source["id"]: np.frombuffer(base64.b64decode(source["wave"]), np.uint8) for source in stems["sources"]}

    assert (found["song"], found["title"], found["whole"]) == (0, "song-0", True)
    assert (found["first"], found["bars"], found["columns"], found["beats_per_bar"]) == (0, 6, COLUMNS, 4)
    assert [source["id"] for source in loops["sources"]] == ["loop-1", "residual"]
    assert {wave.size for wave in waves.values()} == {6 * COLUMNS}
    assert max(max(base64.b64decode(source["wave"])) for part in found["parts"] for source in part["sources"]) == 255
    # Every beat begins with a kick.
    beats = waves["drums"].reshape(-1, COLUMNS // 4)
    assert (beats[:, 0] > beats[:, -1]).all()
    assert stems["sources"][0]["layout"] is None
    assert client.get("/api/decks/d/map").status_code == 404
    assert client.get("/api/decks/z/map").status_code == 404


def test_the_second_look_at_a_map_costs_nothing(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/api/decks/a/map").json()
    monkeypatch.setattr("bridge.web.maps.peaks_between", lambda *_: pytest.fail("it was computed again"))

    assert client.get("/api/decks/a/map").json() == first


def test_columns_follow_a_drifting_grid_and_peaks_lie_in_theirs() -> None:
    times = np.cumsum(np.r_[1.0, 0.5 + 0.1 * np.sin(np.arange(40))])
    parcel = Parcel("drift", (), 1000, 1, 20_000, tuple(times.tolist()), 2, 4)
    first, bars = bars_of(parcel)
    edges = column_edges(parcel, first, bars)
    grid = Beatgrid(times, 2, 4)
    song = np.zeros((1, 20_000), dtype=np.float32)
    bar = 3
    place = round(grid.bar_seconds(bar + 10.5 / COLUMNS) * 1000)
    song[0, place] = -0.5

    peaks = peaks_between(song, edges)

    assert first == -1
    assert edges.size == bars * COLUMNS + 1
    assert edges[0] == 0
    assert 19_900 < edges[-1] <= 20_000
    assert np.argmax(peaks) == (bar - first) * COLUMNS + 10
    assert peaks.max() == 0.5
    assert np.count_nonzero(peaks) == 1


def test_peaks_of_nothing_are_nothing() -> None:
    assert peaks_between(np.ones((2, 0), dtype=np.float32), np.zeros(5, dtype=np.int64)).tolist() == [0.0] * 4

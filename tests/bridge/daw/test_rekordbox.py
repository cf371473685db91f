import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from pyrekordbox.rbxml import RekordboxXml, Track

from bridge.daw import rekordbox
from bridge.daw.work import Options, Work
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import GridFacts, RemixSet, Section
from engine.model.report import Quiet
from engine.store.manifest import read_manifest, write_manifest
from tests.bridge.session.rig import make_set

SECONDS = 6.0
ODD = 'söng & 100% #1 + "it\'s" [mix];=日本🎛.wav'


def work_of(*folders: Path) -> Work:
    """A hand-off of one set, or of several as a take's are."""
    work = Work(folders[0], Options(), Quiet())
    work.__dict__["sets"] = folders
    return work


def exported(room: Path, *folders: Path) -> tuple[RekordboxXml, list[str]]:
    """Write the sets' songs and read them as another program does."""
    work = work_of(*folders)
    rekordbox.write(work, room / ".part-1-out.xml")
    return RekordboxXml(room / ".part-1-out.xml"), work.said


def changed(folder: Path, **fields: object) -> RemixSet:
    """Write other facts into a set."""
    remixset = replace(read_manifest(folder), **fields)  # type: ignore[arg-type]
    write_manifest(folder, remixset)
    return remixset


def facts(grid: Beatgrid) -> GridFacts:
    return GridFacts.of(GridReport(grid, "test", 1.0, ""), {})


def beats(track: Track, count: int) -> list[tuple[float, int]]:
    """Where a player that obeys the tempos has beats, and the number of each in its bar."""
    found: list[tuple[float, int]] = []
    for tempo, after in zip(track.tempos, [*track.tempos[1:], None], strict=True):
        per_bar, end = int(tempo.Metro.split("/")[0]), np.inf if after is None else after.Inizio
        at, number = tempo.Inizio, tempo.Battito
        while len(found) < count and at < end - 30.0 / tempo.Bpm:
            found.append((at, number))
            at, number = at + 60.0 / tempo.Bpm, number % per_bar + 1
    return found


def drifting(count: int, beats_per_bar: int = 4, first: int = 0) -> Beatgrid:
    steps = 0.5 + 0.03 * np.sin(np.arange(count) / 9) + 0.004 * np.random.default_rng(0).standard_normal(count)
    return Beatgrid(np.concatenate([[0.021], 0.021 + np.cumsum(steps)]), first, beats_per_bar)


@pytest.mark.parametrize("grid", [
    Beatgrid.steady_at(124.0, 0.25, 300.0), Beatgrid.steady_at(123.457, 1.003, 300.0, 3), Beatgrid.steady_at(86.14, 0.0, 300.0),
    drifting(600), drifting(600, 3, 2), Beatgrid(np.array([0.5, 1.0])), Beatgrid(np.array([0.0, 0.4, 0.9]), 2),
])  # fmt: skip
def test_beats_and_downbeats_lie_where_the_grid_has_them(tmp_path: Path, grid: Beatgrid) -> None:
    folder = make_set(tmp_path, SECONDS)
    changed(folder, grid=facts(grid))

    xml, _ = exported(tmp_path, folder)

    track = xml.get_track(0)
    there = grid.times[grid.first_downbeat :]
    found = beats(track, there.size)
    np.testing.assert_allclose([seconds for seconds, _ in found], there, atol=0.001)
    assert [number for _, number in found] == [index % grid.beats_per_bar + 1 for index in range(there.size)]
    assert {tempo.Metro for tempo in track.tempos} == {f"{grid.beats_per_bar}/4"}
    assert track.AverageBpm == pytest.approx(grid.bpm, abs=0.005)


def test_a_steady_song_has_one_tempo_from_its_first_downbeat_on() -> None:
    assert [*rekordbox.tempos(Beatgrid.steady_at(124.0, 0.25, 400.0))] == [rekordbox.Tempo(0.25, 124.0, 1)]


def test_tempos_have_two_decimals_because_rekordbox_has() -> None:
    found = [*rekordbox.tempos(Beatgrid.steady_at(123.457, 0.25, 400.0))]

    assert 1 < len(found) < 60
    assert all(tempo.bpm == round(tempo.bpm, 2) == pytest.approx(123.457, abs=0.01) for tempo in found)


def test_a_downbeat_before_the_recording_is_left_out() -> None:
    first = next(rekordbox.tempos(Beatgrid(np.linspace(-0.1, 9.4, 20))))

    assert (first.seconds, first.beat) == (1.9, 1)


def test_sections_are_memory_cues_and_the_first_eight_hot_cues(tmp_path: Path) -> None:
    folder = make_set(tmp_path, 24.0)
    grid = Beatgrid.steady_at(121.0, 0.3, 24.0)
    sections = tuple(Section(bar, "ABC"[bar % 3]) for bar in range(10))
    changed(folder, grid=facts(grid), sections=sections)

    xml, said = exported(tmp_path, folder)

    marks = xml.get_track(0).marks
    memories, pads = ([mark for mark in marks if (mark.Num < 0) is memory] for memory in (True, False))
    assert {mark.Type for mark in marks} == {"cue"}
    assert [mark.Name for mark in memories] == [section.label for section in sections]
    np.testing.assert_allclose([mark.Start for mark in memories], [grid.bar_seconds(bar) for bar in range(10)], atol=0.001)
    assert [(mark.Name, mark.Start) for mark in pads] == [(mark.Name, mark.Start) for mark in memories[:8]]
    assert [mark.Num for mark in pads] == [*range(8)]
    assert not said
    changed(folder, sections=(*sections, Section(10, "D")))
    assert any("11 memory cues" in line for line in exported(tmp_path, folder)[1])


def test_pads_of_the_same_part_have_the_same_colour(tmp_path: Path) -> None:
    folder = make_set(tmp_path, 12.0)
    changed(folder, sections=(Section(0, "A"), Section(2, "B"), Section(4, "A")))
    exported(tmp_path, folder)

    text = (tmp_path / ".part-1-out.xml").read_text(encoding="utf-8")
    first, second, third = re.findall(r'Num="\d" Red="(\d+)" Green="(\d+)" Blue="(\d+)"', text)
    assert first == third != second
    assert text.count("Red=") == 3


def test_a_set_without_sections_has_a_cue_at_bar_1(tmp_path: Path) -> None:
    folder = make_set(tmp_path, SECONDS)
    changed(folder, grid=facts(Beatgrid.steady_at(120.0, 0.4, SECONDS)))

    marks = exported(tmp_path, folder)[0].get_track(0).marks

    assert [(mark.Name, mark.Start, mark.Num) for mark in marks] == [("Bar 1", 0.4, -1), ("Bar 1", 0.4, 0)]


def test_loops_are_loops_from_where_they_are_cut(tmp_path: Path) -> None:
    folder = make_set(tmp_path, SECONDS)
    remixset, grid = read_manifest(folder), Beatgrid.steady_at(120.0, 0.25, SECONDS)
    loops = remixset.decompositions["loops"]
    sources = (replace(loops.sources[0], best_bar=1, period=1), replace(loops.sources[1], best_bar=2, period=4))
    loops = replace(loops, sources=sources)
    changed(folder, grid=facts(grid), decompositions={**remixset.decompositions, "loops": loops})

    marks = [mark for mark in exported(tmp_path, folder)[0].get_track(0).marks if mark.Type == "loop"]

    assert [(mark.Name, mark.Num) for mark in marks] == [("loop-1", -1), (loops.sources[1].name, -1)]
    found = [(mark.Start, mark.End) for mark in marks]
    np.testing.assert_allclose(found, [(2.25, 4.25), (4.25, SECONDS)], atol=0.001)


def test_a_path_with_special_characters_is_found_again(tmp_path: Path) -> None:
    room = tmp_path / "a b %20 & co #2"
    room.mkdir()
    folder = make_set(room, SECONDS)
    song = read_manifest(folder).song
    odd = Path(shutil.move(song.path, room / ODD))
    changed(folder, song=replace(song, path=str(odd), title=ODD, channels=2), key="F# minor")

    xml, said = exported(tmp_path, folder)

    track = xml.get_track(0)
    (uri,) = re.findall('Location="([^"]*)"', (tmp_path / ".part-1-out.xml").read_text(encoding="utf-8"))
    assert uri.isascii()
    assert not set(uri) & set(" &#<>")
    assert Path("/" + unquote(uri.removeprefix("file://localhost/")).removeprefix("/")) == odd
    assert "/" + track.Location.removeprefix("/") == str(odd)
    assert (track.Name, track.Tonality, track.Kind) == (ODD, "F#m", "WAV File")
    assert (track.TotalTime, track.SampleRate, track.Size) == (6, song.rate, odd.stat().st_size)
    assert not said


def test_a_drive_letter_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("C:/Müsic/a b.mp3")
    monkeypatch.setattr(Path, "absolute", lambda self: self)

    assert rekordbox.location(path) == "file://localhost/C:/M%C3%BCsic/a%20b.mp3"


def test_all_songs_of_a_take_are_in_one_playlist_each_once(tmp_path: Path) -> None:
    one, two = make_set(tmp_path, SECONDS, seed=0), make_set(tmp_path, SECONDS, seed=1)
    again = Path(shutil.copytree(one, tmp_path / "again.remix"))

    xml, _ = exported(tmp_path, one, two, again)

    assert [track.Name for track in xml.get_tracks()] == ["song-0", "song-1"]
    (playlist,) = xml.get_playlist().get_playlists()
    assert playlist.name == "Remixture song-0"
    assert playlist.get_tracks() == xml.get_track_ids() == [1, 2]


def test_a_recording_that_is_not_there_any_more_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = make_set(tmp_path, SECONDS)
    song = Path(read_manifest(folder).song.path)
    song.rename(tmp_path / "moved.wav")

    with pytest.raises(RemixtureError, match=rf"song-0\.wav, .*not there any more: .*prepare SONG -o .*{folder.name}"):
        exported(tmp_path, folder)
    soundfile.write(song, np.zeros((100, 2)), 8_000)
    with pytest.raises(RemixtureError, match=r"song-0\.wav is another recording now"):
        exported(tmp_path, folder)


@pytest.mark.parametrize(("suffix", "heard"), [(".wav", 0), (".MP3", 0), (".flac", 0), (".ogg", 1), (".opus", 1), ("", 1)])
def test_what_rekordbox_cannot_play_is_said(tmp_path: Path, suffix: str, heard: int) -> None:
    folder = make_set(tmp_path, SECONDS)
    song = read_manifest(folder).song
    path = Path(shutil.move(song.path, tmp_path / f"song{suffix}"))
    changed(folder, song=replace(song, path=str(path)))

    said = exported(tmp_path, folder)[1]

    assert lines(said, "does not play") == heard


def test_a_set_without_a_grid_comes_without_beats_and_says_so(tmp_path: Path) -> None:
    folder = make_set(tmp_path, SECONDS)
    changed(folder, grid=None)

    xml, said = exported(tmp_path, folder)

    assert (xml.get_track(0).tempos, xml.get_track(0).marks) == ([], [])
    assert lines(said, "no grid yet") == 1


def lines(said: Sequence[str], words: str) -> int:
    return sum(words in line for line in said)

"""A session file says what Ardour needs, and everything in it fits together."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest
import soundfile

from bridge.daw import ardour
from bridge.daw.ardourxml import SUPERCLOCKS, superclocks
from bridge.daw.project import Project
from engine.model.curve import Curve
from engine.model.grid import Beatgrid
from engine.store.encode import BitDepth
from tests.bridge.daw.ardoursessions import HOSTILE, RATE, glided, hostile, looped, medium, noise, project, written


def numbers(session: Element, *tags: str) -> list[str]:
    return [element.get("id", "") for tag in tags for element in session.iter(tag)]


def when(text: str | None) -> list[int]:
    """Superclocks in Ardour's `a100` and `a100@a200`."""
    return [int(part) for part in re.findall(r"a(\d+)", text or "")]


@pytest.fixture(params=["moving", "still", "loops", "mono"])
def session(request: pytest.FixtureRequest) -> tuple[Project, Element]:
    moving = glided(1.0, (RATE, 0.25), (2 * RATE, 3.9), (3 * RATE, 0.0))
    made: dict[str, Callable[[], Project]] = {
        "moving": lambda: project(moving, deck=glided(0.5, (RATE, 1.0)), master=moving),
        "still": lambda: project(Curve.level(0.5)),
        "loops": looped,
        "mono": lambda: project(channels=1),
    }
    one = made[request.param]()
    return one, ardour.session_of(one, "name")


def test_every_number_is_one_objects_and_below_the_counter(session: tuple[Project, Element]) -> None:
    found = [id_ for element in session[1].iter() if (id_ := element.get("id")) is not None]

    assert len(set(found)) == len(found)
    assert max(map(int, found)) < int(session[1].get("id-counter", ""))


def test_every_reference_leads_somewhere(session: tuple[Project, Element]) -> None:
    _, root = session
    sources, playlists, routes = (numbers(root, tag) for tag in ("Source", "Playlist", "Route"))

    for region in root.iter("Region"):
        for side in range(int(region.get("channels", ""))):
            assert region.get(f"source-{side}") in sources
    assert all(playlist.get("orig-track-id") in routes for playlist in root.iter("Playlist"))
    assert {route.get("audio-playlist") for route in root.iter("Route")} - {None} == set(playlists)


def test_every_cable_has_two_ends(session: tuple[Project, Element]) -> None:
    cables = {(port.get("name"), end.get("other")) for port in session[1].iter("Port") for end in port.iter("Connection")}

    assert all((there, here) in cables for here, there in cables if not str(there).startswith("system:"))


def test_regions_lie_within_their_media_and_follow_each_other(session: tuple[Project, Element]) -> None:
    one, root = session
    files = {source.get("id"): source.get("name", "") for source in root.iter("Source")}

    for playlist in root.iter("Playlist"):
        at = 0
        for region in playlist:
            offset, (length, start) = when(region.get("start"))[0], when(region.get("length"))
            assert offset + length <= superclocks(one.medium(files[region.get("source-0")]).frames, one.rate)
            assert start >= at
            at = start + length
        assert at == superclocks(one.frames, one.rate)


def test_region_gains_go_from_end_to_end_and_never_back_or_beyond_6_db(session: tuple[Project, Element]) -> None:
    for region in session[1].iter("Region"):
        events = [line.split() for text in region.itertext() for line in text.strip().splitlines()]
        assert (region.get("envelope-active") == "1") == bool(events)
        if events:
            frames = [when(frame)[0] for frame, _ in events]
            assert frames[0] == 0
            assert frames[-1] == when(region.get("length"))[0]
            assert np.all(np.diff(frames) > 0)
            assert all(0.0 <= float(value) <= 2.0 for _, value in events)


def test_a_level_that_stands_still_is_a_faders_and_a_trims_beyond_6_db() -> None:
    root = ardour.session_of(project(Curve.level(0.25), Curve.level(3.0), deck=Curve.level(0.5)), "name")

    faders, trims = (
        {route.get("name"): float(control.get("value", "")) for route in root.iter("Route") for control in route.iter()
         if control.get("name") == name}
        for name in ("gaincontrol", "trimcontrol")
    )  # fmt: skip
    assert faders == {"Master": 1.0, "Deck A": 0.5, "track a": 0.25, "track b": 1.5, "track c": 1.0}
    assert trims == {"Master": 1.0, "Deck A": 1.0, "track a": 1.0, "track b": 2.0, "track c": 1.0}


def test_looped_clips_are_repeated_regions_that_go_on_where_the_loop_is() -> None:
    turns = looped().tracks[0].clips[0].turns()
    assert [(turn.start, turn.frames, turn.offset) for turn in turns] == [
        (RATE, RATE, RATE), (2 * RATE, 2 * RATE, 0), (4 * RATE, 2 * RATE, 0), (6 * RATE, 2 * RATE, 0)
    ]  # fmt: skip


@pytest.mark.parametrize("rate", [44_100, 48_000, 47_999])
def test_ardour_rounds_back_to_the_same_frame(rate: int) -> None:
    for frame in (0, 1, 7, 123_457, 10**8 + 1):
        assert superclocks(frame, rate) * rate // SUPERCLOCKS == frame


def test_a_drifting_tempo_has_its_beats_where_they_are() -> None:
    beats = np.concatenate([[0.0], np.cumsum(np.random.default_rng(0).uniform(0.4, 0.6, 11))])
    root = ardour.session_of(replace(project(), grid=Beatgrid(beats, 0, 3)), "name")

    tempos = [*root.iter("Tempo")]
    assert [int(tempo.get("sclock", "")) for tempo in tempos] == [round(beat * SUPERCLOCKS) for beat in beats[:-1]]
    assert [tempo.get("bbt") for tempo in tempos[:4]] == ["1|1|0", "1|2|0", "1|3|0", "2|1|0"]
    np.testing.assert_allclose([float(tempo.get("npm", "")) for tempo in tempos], 60 / np.diff(beats))


def test_hostile_names_are_distinct_and_break_no_port(tmp_path: Path) -> None:
    written(hostile(), tmp_path / "out")

    (file,) = (tmp_path / "out").glob("*.ardour")
    root = fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own
    names = [route.get("name", "") for route in root.iter("Route")]
    assert len({name.casefold() for name in names}) == len(HOSTILE) + 1
    assert not any(set(name) & set("/:\\") for name in names)
    assert all(len(name.encode()) <= 100 for name in names)
    assert root.get("name") == file.stem


def test_the_audio_lies_where_ardour_looks_and_is_made_quieter_together(tmp_path: Path) -> None:
    gains = {"a": 1, "b": 10, "c": 2}
    loud = replace(project(), media=tuple(medium(f"{name}.wav", noise() * gain) for name, gain in gains.items()))
    work = written(loud, tmp_path / "out")

    (sounds,) = (tmp_path / "out" / "interchange").glob("*/audiofiles")
    peaks = [np.abs(soundfile.read(sounds / f"{name}.wav")[0]).max() for name in "abc"]
    assert peaks[1] == pytest.approx(1.0, abs=1e-6)
    assert peaks[2] == pytest.approx(2 * peaks[0], rel=1e-5)
    assert {soundfile.info(path).subtype for path in sounds.iterdir()} == {"PCM_24"}
    assert "none is clipped" in work.said[0]


def test_floats_stay_as_they_are(tmp_path: Path) -> None:
    loud = replace(project(), media=tuple(medium(f"{name}.wav", noise() * 10) for name in "abc"))
    work = written(loud, tmp_path / "out", BitDepth.FLOAT)

    (path,) = (tmp_path / "out").glob("interchange/*/audiofiles/b.wav")
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0].T, noise() * 10)
    assert work.said == []


def test_people_are_told_where_moves_are_and_what_the_project_notes(tmp_path: Path) -> None:
    still = written(replace(project(Curve.level(0.5)), notes=("a note",)), tmp_path / "still")
    moving = written(project(master=glided(1.0, (RATE, 0.5))), tmp_path / "moving")

    assert still.said == ["a note"]
    assert "gain of the regions" in moving.said[0]

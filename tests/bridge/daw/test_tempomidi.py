from pathlib import Path

import mido
import numpy as np
import pytest

from bridge.daw.project import Marker, Project
from bridge.daw.tempomidi import TICKS, whole_tempos, write_tempo_map
from engine.model.grid import Beatgrid
from engine.model.key import MAJOR_NAMES, MINOR_NAMES

RATE, SECONDS = 44_100, 600.0


def project(grid: Beatgrid, *, origin: int = 0, markers: tuple[Marker, ...] = (), key: str | None = None) -> Project:
    return Project("song", RATE, round(SECONDS * RATE), grid, (), (), origin, markers, key=key)


def steady(bpm: float, beats_per_bar: int = 4) -> Beatgrid:
    return Beatgrid(np.arange(int(SECONDS * bpm / 60) + 2, dtype=np.float64) * (60.0 / bpm), 0, beats_per_bar)


def drifting(seed: int = 0) -> Beatgrid:
    """A drummer's: a walk of the tempo, and every beat a little early or late."""
    rng = np.random.default_rng(seed)
    lengths = 0.5 * np.exp(np.cumsum(rng.normal(0, 0.003, 1300))) + rng.normal(0, 0.005, 1300)
    times = np.concatenate([[0.0], np.cumsum(lengths)])
    return Beatgrid(times[times < SECONDS])


def seconds_at(path: Path, ticks: np.ndarray) -> np.ndarray:
    """When ticks are, by the tempos of the file alone, as the specification has it."""
    file = mido.MidiFile(path)
    at, tick = 0.0, 0
    starts: list[float] = []
    tempos: list[tuple[int, int]] = []
    for message in file.tracks[0]:
        at += message.time * (tempos[-1][1] if tempos else 0) / 1e6 / file.ticks_per_beat
        tick += message.time
        if message.type == "set_tempo":
            tempos.append((tick, message.tempo))
            starts.append(at)
    first = np.array([tick for tick, _ in tempos])
    each = np.array([tempo for _, tempo in tempos])
    i = np.searchsorted(first, ticks, side="right") - 1
    return np.asarray(np.array(starts)[i] + (ticks - first[i]) * each[i] / 1e6 / file.ticks_per_beat)


@pytest.mark.parametrize("grid", [steady(120.0), steady(124.0), steady(123.9876), steady(61.7), steady(219.3), drifting()])
def test_every_beat_of_ten_minutes_is_where_it_should_be(tmp_path: Path, grid: Beatgrid) -> None:
    write_tempo_map(project(grid), tmp_path / "a.mid")

    beats = np.arange(grid.times.size)
    found = seconds_at(tmp_path / "a.mid", beats * TICKS)
    wanted = beats * 60.0 / grid.bpm if grid.steady else grid.times
    assert np.abs(found - wanted)[wanted <= SECONDS].max() < 1e-4


def test_a_steady_song_has_few_tempos(tmp_path: Path) -> None:
    write_tempo_map(project(steady(124.0)), tmp_path / "a.mid")

    tempos = [m.tempo for m in mido.MidiFile(tmp_path / "a.mid").tracks[0] if m.type == "set_tempo"]
    assert len(tempos) < 5
    assert set(tempos) <= {483_870, 483_871}


def test_markers_are_at_their_frames_and_the_end_at_the_end(tmp_path: Path) -> None:
    grid = drifting()
    frames = np.sort(np.random.default_rng(1).integers(0, round(SECONDS * RATE), 50))
    places = tuple(Marker(int(frame), str(frame)) for frame in frames)

    write_tempo_map(project(grid, markers=places), tmp_path / "a.mid")

    track = mido.MidiFile(tmp_path / "a.mid").tracks[0]
    ticks = np.cumsum([message.time for message in track])
    marked = np.array([(tick, int(m.text)) for tick, m in zip(ticks, track, strict=True) if m.type == "marker"])
    assert np.abs(seconds_at(tmp_path / "a.mid", marked[:, 0]) - marked[:, 1] / RATE).max() < 1e-4
    assert seconds_at(tmp_path / "a.mid", ticks[-1:])[0] == pytest.approx(SECONDS, abs=1e-4)


def test_with_a_lead_in_tick_0_is_bar_1(tmp_path: Path) -> None:
    grid = drifting()
    origin = round(grid.times[8] * RATE)
    places = (Marker(0, "before"), Marker(origin, "bar 1"), Marker(round(grid.times[12] * RATE), "bar 2"))

    write_tempo_map(project(grid, origin=origin, markers=places), tmp_path / "a.mid")

    track = mido.MidiFile(tmp_path / "a.mid").tracks[0]
    ticks = np.cumsum([message.time for message in track])
    marked = [(round(tick / TICKS, 2), m.text) for tick, m in zip(ticks, track, strict=True) if m.type == "marker"]
    assert marked == [(0.0, "bar 1"), (4.0, "bar 2")]
    found = seconds_at(tmp_path / "a.mid", np.arange(500) * TICKS)
    assert np.abs(found - (grid.times[8:508] - grid.times[8])).max() < 1e-4


def test_it_is_of_format_1_with_name_and_meter(tmp_path: Path) -> None:
    write_tempo_map(project(steady(90.0, beats_per_bar=3)), tmp_path / "a.mid")

    file = mido.MidiFile(tmp_path / "a.mid")
    assert (file.type, file.ticks_per_beat) == (1, TICKS)
    (meter,) = [m for m in file.tracks[0] if m.type == "time_signature"]
    assert (meter.numerator, meter.denominator) == (3, 4)
    assert file.tracks[0].name == "song"
    assert file.tracks[0][-1].type == "end_of_track"


@pytest.mark.parametrize("name", [f"{n} major" for n in MAJOR_NAMES] + [f"{n} minor" for n in MINOR_NAMES])
def test_every_key_has_a_signature(tmp_path: Path, name: str) -> None:
    write_tempo_map(project(steady(90.0), key=name), tmp_path / "a.mid")

    (key,) = [m.key for m in mido.MidiFile(tmp_path / "a.mid").tracks[0] if m.type == "key_signature"]
    assert key == name.replace(" major", "").replace(" minor", "m")


@pytest.mark.parametrize("length", [500_000.0, 483_870.97, 500_000.5, 333_333.333])
def test_whole_tempos_never_lead_a_beat_astray(length: float) -> None:
    beats = np.arange(5000, dtype=np.float64) * length

    tempos = np.zeros(beats.size - 1)
    for beat, tempo in whole_tempos(beats, 20.0):
        tempos[beat:] = tempo

    assert np.abs(np.cumsum(tempos) - beats[1:]).max() <= 20.0 + 1e-6

"""Ardour itself opens our sessions, and plays them as they sound here."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.daw import ardour
from bridge.daw.work import Options, Work
from engine.bounce import Target, bounce_take
from engine.model.audio import Samples
from engine.model.curve import Curve
from engine.model.grid import Beatgrid
from engine.model.report import Quiet
from engine.model.take import TakeHead
from engine.store.encode import BitDepth
from engine.store.take import TakeWriter
from tests.bridge.daw.ardoursessions import FRAMES, HOSTILE, RATE, SECONDS, glided, hostile, looped, project, written
from tests.bridge.daw.rig import mixdown
from tests.bridge.session.rig import make_set
from tests.engine.bounce.test_take import song
from tests.servers import need

LATE = 64
"""Ardour's export is some frames late now and then."""

ATTEMPTS = 6
"""Its export frees memory twice at the end of one run in five."""


def ran(program: str, *arguments: str | Path) -> str:
    """Run one of Ardour's programs until it ends well; return what it said."""
    need(program)
    for _ in range(ATTEMPTS):
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            return done.stdout
    return pytest.fail(f"{program} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def name_of(folder: Path) -> str:
    (file,) = folder.glob("*.ardour")
    return file.stem


def played(folder: Path, wanted: Samples) -> Samples:
    """Return what Ardour's own export makes of a session, from where `wanted` begins in it."""
    out = folder.with_suffix(".wav")
    ran("ardour7-export", "-b", "float", "-o", out, folder, name_of(folder))
    samples = soundfile.read(out, dtype="float32", always_2d=True)[0].T
    assert samples.shape == wanted.shape
    late = min(range(LATE), key=lambda frames: np.abs(samples[:, frames:] - wanted[:, : wanted.shape[1] - frames]).mean())
    return np.asarray(samples[:, late:])


def difference(folder: Path, wanted: Samples) -> Samples:
    samples = played(folder, wanted)
    return samples - wanted[:, : samples.shape[1]]


def relative_db(residual: Samples, wanted: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(residual, dtype=float)) / np.mean(np.square(wanted, dtype=float))))


@pytest.mark.slow
def test_ardour_plays_a_set_as_the_song(tmp_path: Path) -> None:
    folder = make_set(tmp_path, SECONDS, RATE)
    ardour.write(Work(folder, Options(parts="stems"), Quiet()), tmp_path / "session")
    song = soundfile.read(tmp_path / "song-0.wav", dtype="float32", always_2d=True)[0].T

    assert np.abs(difference(tmp_path / "session", song)).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 2])
def test_ardour_plays_levels_that_stand_still_exactly(tmp_path: Path, channels: int) -> None:
    still = map(Curve.level, (0.5, 3.9, 0.0))
    one = project(*still, deck=Curve.level(0.7), master=Curve.level(0.8), channels=channels)
    written(one, tmp_path / "session")

    assert np.abs(difference(tmp_path / "session", mixdown(one))).max() < 1e-6


@pytest.mark.slow
def test_ardour_plays_moves_as_they_were_played(tmp_path: Path) -> None:
    a = glided(1.0, (RATE, 0.25), (2 * RATE, 3.9), (3 * RATE, 0.0), (5 * RATE, 1.0))
    b = Curve(np.array([RATE, 3 * RATE, 5 * RATE]), np.array([1.0, 0.1, 1.5]))
    one = project(a, b, deck=glided(0.5, (2 * RATE - 200, 1.0)), master=glided(1.0, (4 * RATE, 0.5)))
    written(one, tmp_path / "session")

    assert relative_db(difference(tmp_path / "session", mixdown(one)), mixdown(one)) < -70


@pytest.mark.slow
def test_ardour_goes_round_loops(tmp_path: Path) -> None:
    written(looped(), tmp_path / "session")
    wanted = mixdown(looped())

    assert relative_db(difference(tmp_path / "session", wanted), wanted) < -70


PERFORMANCE = (
    (0, "master.gain", -12.0), (0, "master.limiter", 0.0), (0, "deck.a.load", 0), (0, "deck.b.load", 1),
    (9_600, "deck.a.play", 1), (RATE, "deck.a.drums.gain", -12.0), (RATE + 9_000, "deck.a.bass.mute", 1),
    *((2 * RATE + 480 * k, "deck.a.drums.gain", -12.0 + 0.24 * k) for k in range(100)),
    (2 * RATE, "deck.b.play", 1), (2 * RATE, "deck.b.side", 1), (2 * RATE, "deck.a.side", -1),
    (3 * RATE + 1_000, "master.crossfader", 0.6), (4 * RATE, "deck.a.bass.mute", 0), (4 * RATE, "deck.a.loop", 1.0),
    (5 * RATE, "master.gain", -18.0),
)  # fmt: skip


def take_of(room: Path) -> Path:
    """Two sets, played with moves of every kind."""
    folders = [make_set(room, SECONDS, RATE, seed) for seed in range(2)]
    head = TakeHead(RATE, 128, "R2", "2026-11-27", "0.1.0", tuple(map(song, folders)))
    with TakeWriter(room / "take.jsonl", head) as writer:
        for frame, name, value in sorted(PERFORMANCE, key=lambda one: one[0]):
            writer.append(frame, name, value)
        writer.end(FRAMES, 0)
    return writer.path


@pytest.mark.slow
def test_ardour_plays_a_take_as_its_bounce(tmp_path: Path) -> None:
    take = take_of(tmp_path)
    work = Work(take, Options(), Quiet())
    ardour.write(work, tmp_path / "session")
    bounce = bounce_take(take, Target(tmp_path / "bounce.wav", BitDepth.FLOAT)).files[0]
    heard = soundfile.read(bounce, dtype="float32")[0].T[:, -work.project.frames :]

    assert relative_db(difference(tmp_path / "session", heard), heard) < -50


LISTING = """
AudioEngine:set_backend("None (Dummy)", "", "")
local s = load_session(arg[1], arg[2])
for r in s:get_routes():iter() do
  print(table.concat({"route", r:presentation_info_ptr():color(), r:n_outputs():n_audio(), r:name()}, "\\t"))
end
for l in s:locations():list():iter() do
  print(table.concat({"place", l:start():samples(), l:_end():samples(), l:name()}, "\\t"))
end
local map = Temporal.TempoMap.read()
for beat = 0, 9 do
  local at = Temporal.timepos_t.from_ticks(1920 * beat)
  local within = Temporal.timepos_t.from_ticks(1920 * beat + 960)
  local signature = map:meter_at(at):divisions_per_bar()
  print(table.concat({"beat", at:samples(), map:quarters_per_minute_at(within), signature}, "\\t"))
end
map, s = nil, nil
close_session()
quit()
"""


def listed(folder: Path) -> list[list[str]]:
    """Return what Ardour itself says that a session holds: lines in their columns, the kind first."""
    script = folder.with_suffix(".lua")
    script.write_text(LISTING, encoding="utf-8")
    said = ran("ardour7-lua", script, folder, name_of(folder))
    assert "[ERROR]" not in said
    return [line.split("\t") for line in said.splitlines() if "\t" in line]


@pytest.mark.slow
def test_ardour_lists_tracks_markers_and_a_drifting_tempo(tmp_path: Path) -> None:
    beats = np.concatenate([[0.0], np.cumsum(np.random.default_rng(0).uniform(0.4, 0.6, 11))])
    written(replace(project(), grid=Beatgrid(beats, 0, 3)), tmp_path / "a session")
    found = listed(tmp_path / "a session")

    routes = {name: (int(color), int(outputs)) for color, outputs, name in (one[1:] for one in found if one[0] == "route")}
    assert set(routes) == {"Master", "Deck A", "track a", "track b", "track c"}
    assert routes["track a"] == (0xFF8000FF, 2)
    places = {name: (int(start), int(end)) for start, end, name in (one[1:] for one in found if one[0] == "place")}
    half = FRAMES // 2
    assert places == {"session": (0, FRAMES), "Bar 1": (0, 0), 'Drop <&> "it"': (half, half)}
    clock = np.array([one[1:] for one in found if one[0] == "beat"], dtype=float)
    np.testing.assert_allclose(clock[:, 0], beats[:10] * RATE, atol=1.0)
    np.testing.assert_allclose(clock[:, 1], 60 / np.diff(beats)[:10], rtol=1e-4)
    assert np.all(clock[:, 2] == 3)


@pytest.mark.slow
def test_ardour_opens_hostile_names(tmp_path: Path) -> None:
    written(hostile(), tmp_path / "🥁 out 'of' here")

    assert sum(one[0] == "route" for one in listed(tmp_path / "🥁 out 'of' here")) == len(HOSTILE) + 1

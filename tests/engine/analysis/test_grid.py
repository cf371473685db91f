from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.grid import find_grid
from engine.analysis.grid.trackers import NETWORKS, madmom_networks
from engine.model.audio import Audio
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from tests.conftest import real_song
from tests.engine.analysis.rhythms import RATE, audio, chord, drums, placed

EIGHTHS = np.arange(0, 4, 0.5).tolist()


def beats_at(bpm: float, seconds: float, first: float = 0.0) -> list[float]:
    return [first + 60.0 / bpm * i for i in range(int(seconds * bpm / 60.0))]


def song(
    bpm: float,
    *,
    seconds: float = 30.0,
    first: float = 0.0,
    kicks: Sequence[float] = (0, 2.5),
    snares: Sequence[float] = (1, 3),
    hats: Sequence[float] = (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5),
    per_bar: int = 4,
    rate: int = RATE,
) -> Audio:
    """Drums and a bass that changes with the bar, the same every two bars."""
    beats = beats_at(bpm, seconds, first)
    beats = beats[: len(beats) // per_bar * per_bar + 1]
    events = drums(beats, kicks, snares, hats, per_bar, rate)
    notes = [(33, 36), (40, 45)]
    for i, bar in enumerate(range(0, len(beats) - per_bar, per_bar)):
        events.append((beats[bar], chord(notes[i % 2], per_bar * 60.0 / bpm, rate)))
    return audio(placed(events, beats[-1] + 0.3, rate), rate)


def off_bar_ms(grid: Beatgrid, downbeat: float) -> float:
    """How far the nearest bar line lies from a true one."""
    bar = 60.0 / grid.bpm * grid.beats_per_bar
    return float(((grid.bar_seconds(0) - downbeat + bar / 2) % bar - bar / 2) * 1e3)


def ppm(found: float, true: float) -> float:
    return (found / true - 1.0) * 1e6


@pytest.mark.parametrize(("bpm", "first"), [(92.0, 0.37), (120.0, 0.0), (127.31, 0.2), (140.0, 0.5), (174.0, 0.0)])
def test_a_loop_song_has_its_exact_tempo_and_bars(bpm: float, first: float) -> None:
    report = find_grid(song(bpm, first=first))

    assert report.method == "loops"
    assert ppm(report.grid.bpm, bpm) == pytest.approx(0.0, abs=2.0)
    assert off_bar_ms(report.grid, first) == pytest.approx(0.0, abs=5.0)
    assert report.grid.beats_per_bar == 4
    assert report.grid.steady


def test_off_beat_hats_do_not_move_the_beat() -> None:
    report = find_grid(song(124.0, first=0.25, kicks=(0, 1, 2, 3), hats=(0.5, 1.5, 2.5, 3.5)))

    assert ppm(report.grid.bpm, 124.0) == pytest.approx(0.0, abs=2.0)
    assert off_bar_ms(report.grid, 0.25) == pytest.approx(0.0, abs=5.0)


def test_sixteenth_hats_do_not_double_the_tempo() -> None:
    report = find_grid(song(100.0, kicks=(0, 2.5), hats=np.arange(0, 4, 0.25).tolist()))

    assert ppm(report.grid.bpm, 100.0) == pytest.approx(0.0, abs=2.0)


def test_half_notes_do_not_halve_the_tempo() -> None:
    report = find_grid(song(132.0, kicks=(0, 2), snares=(1, 3), hats=(0, 1, 2, 3)))

    assert ppm(report.grid.bpm, 132.0) == pytest.approx(0.0, abs=2.0)


@pytest.mark.parametrize("bpm", [100.0, 150.0])
def test_three_four_is_told_from_four_four(bpm: float) -> None:
    report = find_grid(song(bpm, kicks=(0,), snares=(1, 2), hats=(0, 0.5, 1, 1.5, 2, 2.5), per_bar=3))

    assert report.grid.beats_per_bar == 3
    assert ppm(report.grid.bpm, bpm) == pytest.approx(0.0, abs=2.0)
    assert off_bar_ms(report.grid, 0.0) == pytest.approx(0.0, abs=5.0)


@pytest.mark.parametrize("rate", [8000, 11025, 48000, 192000])
def test_the_rate_does_not_matter(rate: int) -> None:
    report = find_grid(song(110.0, first=0.3, seconds=20.0, rate=rate))

    assert ppm(report.grid.bpm, 110.0) == pytest.approx(0.0, abs=5.0)
    assert off_bar_ms(report.grid, 0.3) == pytest.approx(0.0, abs=8.0)


def test_channels_that_cancel_out_are_heard() -> None:
    left = song(120.0).samples
    report = find_grid(Audio(np.concatenate([left, -left]), RATE))

    assert report.method == "loops"
    assert ppm(report.grid.bpm, 120.0) == pytest.approx(0.0, abs=2.0)


def test_a_given_tempo_is_kept_exactly() -> None:
    report = find_grid(song(120.0, first=0.2), bpm=120.013)

    assert report.grid.bpm == pytest.approx(120.013, rel=1e-9)
    assert report.grid.steady
    assert report.method == "given"


def test_a_given_tempo_leaves_the_bars_to_be_found() -> None:
    report = find_grid(song(120.0, first=0.2), bpm=120.0)

    assert off_bar_ms(report.grid, 0.2) == pytest.approx(0.0, abs=5.0)


def test_a_given_downbeat_is_kept_exactly() -> None:
    report = find_grid(song(120.0), downbeat=3.21)

    downbeats = report.grid.times[report.grid.downbeats]
    assert np.abs(downbeats - 3.21).min() < 1e-9
    assert ppm(report.grid.bpm, 120.0) == pytest.approx(0.0, abs=2.0)


def test_given_beats_per_bar_are_kept() -> None:
    assert find_grid(song(120.0), beats_per_bar=6).grid.beats_per_bar == 6


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"bpm": 0.0}, "0"),
        ({"bpm": -120.0}, "-120"),
        ({"bpm": float("nan")}, "nan"),
        ({"bpm": 12000.0}, "12000"),
        ({"downbeat": -1.0}, "-1"),
        ({"downbeat": 44100.0}, "44100"),
        ({"downbeat": float("inf")}, "inf"),
        ({"beats_per_bar": 0}, "0"),
        ({"beats_per_bar": 17}, "17"),
    ],
)
def test_a_wrong_wish_is_named(wish: dict[str, float], word: str) -> None:
    with pytest.raises(RemixtureError, match=word):
        find_grid(Audio(np.zeros((1, 4410), dtype=np.float32), 4410), **wish)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.1, 0.5, 10.0])
def test_silence_gets_a_grid_to_work_with(seconds: float) -> None:
    report = find_grid(Audio(np.zeros((2, int(seconds * 44100)), dtype=np.float32), 44100))

    assert report.grid.bpm == pytest.approx(120.0)
    assert (report.grid.beats_per_bar, float(report.grid.times[0])) == (4, 0.0)
    assert (report.method, report.confidence) == ("none", 0.0)
    assert "guess" in report.why


@pytest.mark.parametrize("seconds", [0.1, 0.9, 1.1, 1.5, 2.5, 4.0])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_few_seconds_of_anything_get_a_grid(seconds: float, rate: int) -> None:
    noise = np.random.default_rng(0).standard_normal((1, int(seconds * rate))).astype(np.float32)

    report = find_grid(Audio(0.1 * noise, rate), bpm=None)

    assert 0.0 <= report.confidence < 0.5
    assert 20.0 < report.grid.bpm < 400.0


def test_noise_is_not_believed() -> None:
    noise = np.random.default_rng(1).standard_normal((1, 30 * RATE)).astype(np.float32)

    assert find_grid(Audio(0.1 * noise, RATE)).confidence < 0.2


def test_a_tempo_that_changes_is_not_one_loop() -> None:
    first, second = song(120.0), song(100.0)
    both = Audio(np.concatenate([first.samples, second.samples], axis=1), RATE)

    assert find_grid(both).confidence < 0.6


def test_progress_ends_at_one_and_never_falls() -> None:
    told: list[float] = []
    find_grid(song(120.0), progress=told.append)

    assert told[-1] == 1.0
    assert told == sorted(told)


@pytest.mark.parametrize(("name", "bpm"), [("Saber-FinalStep", 140.0), ("Skiessi-222", 100.0), ("Crunk-Demo", 130.0)])
def test_real_loop_songs(shared: Path, name: str, bpm: float) -> None:
    report = find_grid(real_song(shared / "data" / "lmms" / name, seconds=40.0))

    assert report.method == "loops"
    assert ppm(report.grid.bpm, bpm) == pytest.approx(0.0, abs=1.0)
    assert off_bar_ms(report.grid, 0.0) == pytest.approx(0.0, abs=1.0)


def test_a_drifting_tempo_is_followed() -> None:
    beat = 0.5 * (1.0 + 0.06 * np.sin(np.arange(80) / 80 * 2 * np.pi))
    beats = 0.3 + np.concatenate([[0.0], np.cumsum(beat[:-1])])
    jitter = np.random.default_rng(4)
    hits = drums(beats.tolist(), (0, 2), (1, 3), EIGHTHS, 4)
    played = placed([(at + jitter.normal(0, 0.003), sound * jitter.uniform(0.6, 1.0)) for at, sound in hits], beats[-1] + 0.5)

    report = find_grid(audio(played))

    assert not report.grid.steady
    away = [np.abs(report.grid.times - beat).min() for beat in beats[:-4]]
    assert np.median(away) < 0.02
    assert np.mean(np.array(away) < 0.07) > 0.95


def test_a_steady_band_gets_a_steady_grid() -> None:
    jitter = np.random.default_rng(5)
    hits = drums(beats_at(96.0, 45.0, 0.2), (0, 2), (1, 3), EIGHTHS, 4)
    played = placed([(at + jitter.normal(0, 0.003), sound * jitter.choice([-1, 1], sound.size)) for at, sound in hits], 45.0)

    report = find_grid(audio(played))

    assert report.grid.steady
    assert ppm(report.grid.bpm, 96.0) == pytest.approx(0.0, abs=100.0)


def test_madmom_is_used_where_its_weights_are(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
    beats = np.arange(0.5, 20.0, 0.5)
    jitter = np.random.default_rng(6)
    hits = drums(beats.tolist(), (0, 2), (1, 3), EIGHTHS, 4)
    played = placed([(at + jitter.normal(0, 0.006), sound * jitter.choice([-1, 1], sound.size)) for at, sound in hits], 20.0)

    report = find_grid(audio(played))

    assert report.method == "madmom"
    assert report.grid.bpm == pytest.approx(120.0, rel=1e-3)
    assert abs((report.grid.times[0] - 0.5 + 0.25) % 0.5 - 0.25) < 0.015


def test_weights_that_are_not_madmoms_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "madmom_infer" / "models" / "downbeats" / "2016"
    folder.mkdir(parents=True)
    for name in NETWORKS:
        (folder / name).write_bytes(b"not a network")

    assert madmom_networks() == []
    assert all((folder / name).read_bytes() == b"not a network" for name in NETWORKS)

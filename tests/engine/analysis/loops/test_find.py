import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.loops import find_loops, loops_provenance
from engine.model.audio import Audio
from engine.model.grid import Beatgrid
from tests.conftest import real_song
from tests.engine.analysis.loops.songs import RATE, Built, bass, bells, built, found_in, hits, plain, walked

BARS = np.arange(16)


def bars_on(song_activation: np.ndarray) -> list[list[int]]:
    """For each loop the bars in which it plays, at half its own level or more."""
    return [np.flatnonzero(column >= 0.5).tolist() for column in song_activation.T]


@pytest.mark.parametrize(
    "song",
    [
        plain(),
        plain(channels=1),
        plain(lead=0.7, tail=0.5),
        plain(rate=8_000),
        plain(rate=44_100),
        plain(bpm=97.3),
    ],
    ids=["stereo", "mono", "lead-in", "8 kHz", "44.1 kHz", "97.3 bpm"],
)
def test_known_loops_are_found_in_their_bars(song: Built) -> None:
    separation, tracks = found_in(song)

    assert separation.layout is not None
    assert bars_on(separation.layout.activation) == [list(range(12)), list(range(2, 9)), list(range(5, 12))]
    assert separation.layout.periods == (1, 1, 1)
    assert tracks.shape == (3, song.audio.channels, song.audio.frames)
    assert min(song.si_sdr(tracks)) > 18.0


def test_a_loop_of_two_bars_is_one_loop() -> None:
    song = built([BARS >= 0, BARS >= 4], [hits(2.0, RATE), bass(2.0, RATE, bars=2)])

    separation, tracks = found_in(song)

    assert separation.layout is not None
    assert separation.layout.periods == (1, 2)
    assert separation.layout.best_bar[1] % 2 == 0
    assert min(song.si_sdr(tracks)) > 25.0


def test_a_loop_at_two_levels_is_one_loop() -> None:
    gains = np.where(BARS < 4, 0.0, np.where(BARS % 4 < 2, 1.0, 0.4))
    song = built([np.ones(16), gains], [hits(2.0, RATE), bells(2.0, RATE)])

    separation, tracks = found_in(song)

    assert separation.layout is not None
    np.testing.assert_allclose(separation.layout.activation, np.stack([np.ones(16), gains], axis=1), atol=0.05)
    assert min(song.si_sdr(tracks)) > 22.0


def test_a_song_that_drifts_keeps_its_loops() -> None:
    beats = 0.5 * np.arange(49) + 0.06 * np.sin(np.arange(49) / 5.0)
    grid = Beatgrid(beats, 0)
    edges = grid.bar_frames(RATE, round(beats[-1] * RATE))
    assert not grid.steady
    x = np.zeros(edges[-1])
    for bar, (start, end) in enumerate(pairwise(edges)):
        length = (end - start) / RATE
        x[start:end] += hits(length, RATE)
        x[start:end] += bass(length, RATE) if 2 <= bar < 9 else 0.0
        x[start:end] += bells(length, RATE) if bar >= 5 else 0.0

    separation = find_loops(Audio((0.1 * x[None]).astype(np.float32), RATE), grid)

    assert separation.layout is not None
    assert bars_on(separation.layout.activation) == [list(range(12)), list(range(2, 9)), list(range(5, 12))]


def test_a_voice_that_does_not_repeat_stays_outside() -> None:
    song = plain()
    t = np.arange(song.audio.frames) / RATE
    voice = 0.2 * np.sin(2 * np.pi * np.cumsum(300.0 + 200.0 * np.sin(t * 0.37) + 40.0 * np.sin(t * 1.3)) / RATE)
    voice *= (t > 4.0) & (t < 20.0)

    _, tracks = found_in(replace(song, audio=Audio(song.audio.samples + voice.astype(np.float32), RATE)))

    leaked = sum(abs(float(track.mean(axis=0) @ voice)) for track in tracks) / float(voice @ voice)
    assert leaked < 0.1


def test_the_same_seed_gives_the_same_loops() -> None:
    first, second = found_in(plain(), seed=3)[1], found_in(plain(), seed=3)[1]

    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("loops", [1, 2, 4])
def test_as_many_loops_as_asked_for(loops: int) -> None:
    separation, tracks = found_in(plain(), loops=loops)

    assert [part.id for part in separation.parts] == [f"loop-{k}" for k in range(1, loops + 1)]
    assert len(tracks) == loops


def test_more_loops_than_the_bars_can_tell_are_fewer() -> None:
    separation, _ = found_in(plain(bars=3), loops=12)

    assert 1 <= len(separation.parts) < 3


@pytest.mark.parametrize(
    ("audio", "why"),
    [
        (Audio(np.zeros((2, 10 * RATE), dtype=np.float32), RATE), "silent"),
        (Audio(np.full((1, 3 * RATE), 0.1, dtype=np.float32), RATE), "need 2 full bars, the song has 1"),
        (Audio(np.full((1, RATE // 100), 0.1, dtype=np.float32), RATE), "need 2 full bars, the song has 0"),
    ],
    ids=["silence", "one bar", "10 ms"],
)
def test_without_loops_the_note_says_why(audio: Audio, why: str) -> None:
    separation = find_loops(audio, Beatgrid.steady_at(120.0, 0.0, max(1.0, audio.seconds)))

    assert separation.parts == ()
    assert why in separation.provenance.note
    assert walked(separation).shape == (0, audio.channels, audio.frames)


def test_noise_a_click_and_a_constant_are_taken_without_a_warning() -> None:
    rng = np.random.default_rng(0)
    click = np.zeros((2, 16 * RATE), dtype=np.float32)
    click[:, 8 * RATE : 8 * RATE + 500] = 0.5
    noise = rng.standard_normal((2, 10 * RATE)).astype(np.float32)
    for samples in (click, noise, np.full((2, 10 * RATE), 0.3, dtype=np.float32)):
        audio = Audio(samples, RATE)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tracks = walked(find_loops(audio, Beatgrid.steady_at(120.0, 0.3, audio.seconds)))
        assert np.isfinite(tracks).all()
        assert tracks.shape[1:] == samples.shape


def test_the_level_of_the_recording_does_not_matter() -> None:
    song = plain()
    quiet = Audio(song.audio.samples * np.float32(1e-3), RATE)

    tracks = walked(find_loops(quiet, song.grid))

    np.testing.assert_allclose(tracks * 1e3, found_in(song)[1], atol=1e-3)


def test_beats_found_only_in_the_middle_of_the_song_are_enough() -> None:
    song = plain(bars=16)
    middle = Beatgrid(song.grid.times[8:57], 0)

    separation = find_loops(song.audio, middle)
    tracks = walked(separation)

    assert separation.layout is not None
    assert separation.layout.activation.shape[0] == 14
    # The lead-in of two bars is heard in the loops as well: hits alone.
    lead = slice(0, 4 * RATE)
    assert float(np.sum((tracks.sum(axis=0)[:, lead] - song.audio.samples[:, lead]) ** 2)) < 0.05 * float(
        np.sum(song.audio.samples[:, lead] ** 2)
    )


def test_progress_rises_from_0_to_1() -> None:
    told: list[float] = []
    song = plain()

    walked(find_loops(song.audio, song.grid, progress=told.append))

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert max(np.diff(told)) < 0.4


def test_provenance_is_known_before_the_work_is_done() -> None:
    song = plain(4)
    separation = find_loops(song.audio, song.grid, loops=2, seed=5)

    assert separation.provenance.same_as(loops_provenance(2, 5))
    assert not separation.provenance.same_as(loops_provenance(2, 6))
    assert not separation.provenance.same_as(loops_provenance(None, 5))


@pytest.mark.slow
def test_a_real_song_is_mostly_loops(shared: Path) -> None:
    bar = 240.0 / 140.0
    song = real_song(shared / "data" / "lmms" / "Saber-FinalStep", 16 * bar, 16 * bar)

    separation = find_loops(song, Beatgrid.steady_at(140.0, 0.0, song.seconds))
    rest = song.samples - walked(separation).sum(axis=0)

    assert len(separation.parts) >= 3
    assert float(np.sum(rest**2)) < 0.12 * float(np.sum(song.samples**2))

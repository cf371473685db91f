from functools import cache

import numpy as np
import pytest

from engine.analysis.sounds import FoundOnsets, find_onsets, find_sounds
from engine.analysis.sounds.fit import design, made, pieces, solved
from engine.analysis.sounds.group import Portrait, grouped
from engine.analysis.sounds.names import loop_name, numbered
from engine.analysis.sounds.steps import steps_of
from engine.analysis.sounds.waveforms import rendered
from engine.model.audio import Audio
from engine.model.grid import Beatgrid
from tests.engine.analysis.sounds.songs import RATE, Struck, drums, hiss, ping


@cache
def heard(bpm: float = 120.0, lead: float = 0.0) -> tuple[Struck, FoundOnsets]:
    """The drums and their onsets, which many tests go on from."""
    song = drums(bpm, lead)
    return song, find_onsets(song.audio, song.grid)


def sources_of(song: Struck, found: FoundOnsets, most: int = 11) -> np.ndarray:
    sounds = find_sounds(song.audio, found, most, song.grid.full_bars(song.audio.seconds))
    return np.concatenate(list(sounds.blocks(song.audio)), axis=-1)


@cache
def two() -> np.ndarray:
    """Two sources of the drums."""
    return sources_of(*heard(), 2)


@pytest.mark.parametrize(("bpm", "lead"), [(120.0, 0.0), (97.3, 0.37)], ids=["whole frames", "odd tempo, lead-in"])
def test_every_sound_is_found_as_it_was_made(bpm: float, lead: float) -> None:
    song, found = heard(bpm, lead)

    sources = sources_of(song, found)

    assert sources.shape[1:] == song.audio.samples.shape
    assert min(song.best_si_sdr(sources)) > 20.0


def test_onsets_lie_where_the_sounds_were_struck() -> None:
    _, found = heard()

    places = np.arange(found.steps.count) - found.steps.first_bar
    kicks = {16 * bar + place for bar in range(16) for place in [(0, 4, 8, 12), (0, 3, 8, 11), (0, 4, 8, 14)][bar % 3]}
    assert any(set(places[row > 0.0].tolist()) == kicks for row in found.onsets)
    assert found.left < 0.02


def test_noise_is_made_of_nothing_that_returns() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 20 * RATE)).astype(np.float32)

    found = find_onsets(Audio(noise, RATE), Beatgrid.steady_at(120.0, 0.0, 20.0))

    assert found.left > 0.9


def test_the_same_song_gives_the_same_sources() -> None:
    song, _ = heard()

    again = find_onsets(song.audio, song.grid)

    np.testing.assert_array_equal(sources_of(song, again, 2), two())


def test_no_more_sources_than_asked_for() -> None:
    assert len(two()) == 2


def test_a_piece_sounds_like_the_whole() -> None:
    song, found = heard(97.3, 0.37)
    sounds = find_sounds(song.audio, found, 11, 8)
    make = (found.steps, sounds.onsets, sounds.waveforms, sounds.owners)

    whole = rendered(*make, -100, 60_100)
    piece = rendered(*make, 12_345, 6_789)

    np.testing.assert_allclose(piece, whole[..., 12_445 : 12_445 + 6_789], atol=1e-6)


@pytest.mark.parametrize("downbeat", [0.0, 0.31, 1.7])
@pytest.mark.parametrize("bpm", [120.0, 133.7])
def test_steps_cover_the_song_once(bpm: float, downbeat: float) -> None:
    samples = np.random.default_rng(0).standard_normal((2, 5 * RATE)).astype(np.float32)
    grid = Beatgrid.steady_at(bpm, downbeat, 5.0)

    steps = steps_of(grid, samples.shape[1], RATE, 4)
    joined = steps.join(steps.cut(samples), 0)

    begin = -int(steps.at[0])
    assert begin >= 0
    np.testing.assert_array_equal(joined[:, begin : begin + samples.shape[1]], samples)
    assert abs(steps.at[steps.first_bar] / RATE - grid.bar_seconds(0)) < 0.002


def test_known_onsets_give_back_the_waveforms() -> None:
    rng = np.random.default_rng(0)
    onsets = (rng.random((3, 80)) < 0.3).astype(np.float32)
    waveforms = rng.standard_normal((3 * 2, 1, 50)).astype(np.float32)
    heard = design(onsets, 2)

    found = solved(heard, made(heard, waveforms), np.zeros((6, 2), dtype=np.float32), pieces(50, 1000, 0.02))

    np.testing.assert_allclose(found, waveforms, atol=2e-3)


def test_what_is_alike_is_grouped_first() -> None:
    bands = np.eye(4, 25)
    bands[3] = bands[2]
    sounds = Portrait(np.ones(4), bands, np.full(4, 0.1))

    owners = grouped(sounds, 3)

    assert owners[2] == owners[3]
    assert len(set(owners.tolist())) == 3


def test_loops_are_called_what_they_are() -> None:
    kick, bass = np.tile(np.pad(ping(60.0, 0.05), (0, RATE // 4)), 4), ping(80.0, 5.0, 2.0)
    hats = np.diff(np.tile(np.pad(hiss(0, 0.02), (0, RATE // 8)), 8))

    assert [loop_name(np.asarray(one[None], dtype=np.float32), RATE) for one in (kick, bass, hats)] == ["Kick", "Bass", "Hats"]
    assert numbered(["Kick", "Bass", "Kick"]) == ["Kick 1", "Bass", "Kick 2"]

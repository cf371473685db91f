from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from engine.analysis.loops.exact import ExactLoops, find_exact
from engine.dsp.resample import resampled
from engine.model.audio import Audio, Samples
from engine.model.grid import Beatgrid
from tests.engine.analysis.loops.songs import BPM, RATE, Built, bass, bells, built, hits, plain

BARS = np.arange(16)


def tracks(song: Built, found: ExactLoops | None) -> np.ndarray:
    assert found is not None
    return found.repeats.render(0, song.audio.frames)


@pytest.mark.parametrize(
    "song",
    [plain(), plain(channels=1), plain(lead=0.7, tail=0.5), plain(bpm=97.3)],
    ids=["stereo", "mono", "lead-in", "97.3 bpm"],
)
def test_loops_that_repeat_come_back_as_they_were(song: Built) -> None:
    found = find_exact(song.audio, song.grid)

    assert found is not None
    assert found.periods == (1, 1, 1)
    assert min(song.si_sdr(tracks(song, found))) > 50.0
    assert found.disagreement < 0.01
    assert found.retold < 0.1, "nobody squeezed it"
    assert found.confidence_db.min() > 40.0


def test_a_loop_of_two_bars_is_one_loop() -> None:
    song = built([BARS >= 0, BARS >= 4], [hits(1.0, RATE), bass(1.0, RATE, bars=2)], bpm=240.0)

    found = find_exact(song.audio, song.grid)

    assert found is not None
    assert found.periods == (1, 2)
    assert min(song.si_sdr(tracks(song, found))) > 50.0


def test_gains_that_change_from_bar_to_bar_are_found() -> None:
    gains = np.where(BARS < 4, 0.0, 1.0 - 0.04 * (BARS % 5))
    song = built([np.ones(16), gains], [hits(1.0, RATE), bells(1.0, RATE)], bpm=240.0)

    found = find_exact(song.audio, song.grid)

    assert found is not None
    np.testing.assert_allclose(found.activation[:, 1] / found.activation[5, 1], gains / gains[5], atol=0.01)
    assert min(song.si_sdr(tracks(song, found))) > 35.0


def test_a_song_played_faster_has_its_bars_between_frames() -> None:
    slow = plain(14)
    ratio = 0.97
    parts = np.stack([resampled(part[None].astype(np.float32), RATE, round(RATE * ratio))[0] for part in slow.parts])
    grid = Beatgrid.steady_at(BPM * RATE / round(RATE * ratio), 0.0, parts.shape[1] / RATE)
    song = Built(Audio(np.tile(parts.sum(axis=0), (2, 1)).astype(np.float32), RATE), grid, parts.astype(np.float64))

    assert min(song.si_sdr(tracks(song, find_exact(song.audio, grid)))) > 30.0


def test_a_voice_on_top_stays_outside() -> None:
    song = plain(14)
    t = np.arange(song.audio.frames) / RATE
    voice = 0.03 * np.sin(2 * np.pi * np.cumsum(300.0 + 200.0 * np.sin(t * 0.37) + 40.0 * np.sin(t * 1.3)) / RATE)
    voice *= np.sin(2 * np.pi * t / 7.3) > 0.2

    found = find_exact(Audio(song.audio.samples + voice.astype(np.float32), RATE), song.grid)

    assert found is not None
    assert len(found.periods) == 3
    assert min(song.si_sdr(tracks(song, found))) > 10.0
    assert found.disagreement < 0.1


def squeezed(samples: Samples) -> Samples:
    """Return a song of which every bit that is over a level, for an eighth of a second, is brought down towards it."""
    level = np.sqrt(uniform_filter1d(np.square(samples, dtype=np.float64).mean(axis=0), RATE // 8).clip(1e-9))
    return np.asarray(samples * np.maximum(1.0, level / np.quantile(level, 0.3)) ** -0.5, dtype=np.float32)


def test_a_compressor_leaves_the_loops_within_reach() -> None:
    song = plain(14)

    found = find_exact(Audio(squeezed(song.audio.samples), RATE), song.grid)

    assert found is not None
    assert min(song.si_sdr(tracks(song, found))) > 5.0


def test_without_doubt_a_song_with_a_voice_still_has_loops() -> None:
    song = plain(14)
    t = np.arange(song.audio.frames) / RATE
    sung = Audio(song.audio.samples + (0.02 * np.sin(2000.0 * t + 90.0 * np.sin(3.1 * t))).astype(np.float32), RATE)

    found = find_exact(sung, song.grid, doubting=False)

    assert found is not None
    assert len(found.periods) >= 1


def test_noise_does_not_repeat() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 8 * RATE)).astype(np.float32) * 0.1

    found = find_exact(Audio(noise, RATE), Beatgrid.steady_at(240.0, 0.0, 8.0))

    assert found is None or found.disagreement > 0.3


def test_pieces_are_the_whole() -> None:
    song = plain(bpm=97.3, lead=0.7)
    found = find_exact(song.audio, song.grid)
    assert found is not None
    repeats = replace(found.repeats, at=found.repeats.at + 0.3)

    whole = repeats.render(0, song.audio.frames)
    pieces = [repeats.render(first, min(50_000, song.audio.frames - first)) for first in range(0, song.audio.frames, 50_000)]

    np.testing.assert_allclose(np.concatenate(pieces, axis=-1), whole, atol=1e-6)
    assert not repeats.render(-3 * RATE, RATE).any()


def test_too_few_bars_and_silence_have_no_exact_loops() -> None:
    song = plain(3)

    assert find_exact(song.audio, song.grid) is None
    assert find_exact(Audio(np.zeros((2, 20 * RATE), dtype=np.float32), RATE), plain().grid) is None

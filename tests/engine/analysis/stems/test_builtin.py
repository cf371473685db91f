import importlib.util
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.stems.builtin import BuiltinSeparator, in_pieces
from engine.analysis.stems.parts import STEM_IDS
from engine.dsp.levels import si_sdr_db
from engine.model.audio import Audio, Samples
from engine.store.decode import decode_track
from tests.conftest import null_dbfs

RATE = 22_050


def noise(seconds: float, rate: int = RATE, channels: int = 2) -> Audio:
    rng = np.random.default_rng(0)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32), rate)


def stems_of(audio: Audio) -> Samples:
    return np.concatenate(list(BuiltinSeparator().separate(audio).blocks), axis=-1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_sum_of_the_stems_is_the_song(rate: int, channels: int) -> None:
    song = noise(1.237, rate, channels)

    stems = stems_of(song)

    assert stems.shape == (4, channels, song.frames)
    assert stems.dtype == np.float32
    assert null_dbfs(stems.sum(axis=0), song.samples) < -120


@pytest.mark.parametrize("frames", [1, 80, 441])
def test_next_to_nothing_is_taken_apart_as_well(frames: int) -> None:
    song = Audio(np.full((2, frames), 0.5, dtype=np.float32), 44_100)

    assert null_dbfs(stems_of(song).sum(axis=0), song.samples) < -120


def test_silence_stays_silence() -> None:
    assert not stems_of(Audio(np.zeros((2, RATE), dtype=np.float32), RATE)).any()


@pytest.mark.parametrize("seconds", [3.3, 7.0])
def test_pieces_do_not_show(seconds: float) -> None:
    song = noise(21.0)

    whole = np.concatenate(list(in_pieces(song, song.frames)), axis=-1)
    pieces = list(in_pieces(song, round(seconds * RATE)))

    assert len(pieces) > 2
    np.testing.assert_allclose(np.concatenate(pieces, axis=-1), whole, atol=1e-6)


def test_each_sound_goes_where_it_belongs() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(12 * RATE) / RATE
    bass = 0.4 * np.sin(2 * np.pi * 65 * t)
    chord = sum(0.12 * np.sin(2 * np.pi * hz * t) for hz in (880, 1108.7, 1318.5))
    sweep = 2 * np.pi * 330 * t + 9 * np.sin(2 * np.pi * 5.5 * t)
    voice = 0.15 * sum(np.sin(k * sweep) / k for k in range(1, 7))
    burst = rng.standard_normal(RATE // 25) * np.exp(-np.arange(RATE // 25) / (RATE / 200))
    strikes = np.zeros_like(t)
    for start in range(RATE // 4, t.size - burst.size, RATE // 2):
        strikes[start : start + burst.size] = 0.6 * burst
    truth = np.stack([np.tile(x, (2, 1)) for x in (strikes, bass, voice, chord)]).astype(np.float32)
    song = Audio(truth.sum(axis=0), RATE)

    stems = stems_of(song)

    for i, name in enumerate(STEM_IDS):
        gained = si_sdr_db(stems[i], truth[i]) - si_sdr_db(song.samples, truth[i])
        assert gained > 6, f"{name} gained {gained:.1f} dB"


def test_a_voice_at_one_side_is_no_lead() -> None:
    t = np.arange(6 * RATE) / RATE
    voice = 0.2 * np.sin(2 * np.pi * 500 * t + 9 * np.sin(2 * np.pi * 5.5 * t)).astype(np.float32)

    middle = stems_of(Audio(np.stack([voice, voice]), RATE))[2]
    side = stems_of(Audio(np.stack([voice, 0 * voice]), RATE))[2]

    assert np.square(side).sum() < 0.1 * np.square(middle).sum()


def test_progress_rises_to_the_end_and_may_stop_the_work() -> None:
    shares: list[float] = []
    song = noise(45.0, 8_000, 1)
    list(BuiltinSeparator().separate(song, shares.append).blocks)

    assert shares == sorted(shares)
    assert len(shares) > 3
    assert shares[-1] == 1.0

    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(BuiltinSeparator().separate(song, stop).blocks)


def test_memory_does_not_grow_with_the_song() -> None:
    def peak(seconds: float) -> int:
        song = noise(seconds, 8_000, 1)
        tracemalloc.start()
        for _block in BuiltinSeparator().separate(song).blocks:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(120.0) < 1.1 * peak(50.0)


def test_no_torch_on_this_path() -> None:
    code = (
        "import sys, numpy; from engine.model.audio import Audio; from engine.analysis.stems import StemChoice, separator_for;"
        "list(separator_for(StemChoice.BUILTIN).separate(Audio(numpy.ones((1, 9), 'f4'), 8000)).blocks);"
        "sys.exit('torch' in sys.modules or 'demucs' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[4]

    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_real_song_comes_apart_as_well_as_promised() -> None:
    spec = importlib.util.find_spec("stempeg")
    assert spec is not None
    assert spec.origin is not None
    file = next((Path(spec.origin).parent / "data").glob("*.stem.mp4"))
    order = ("drums", "bass", "other", "vocals")
    truth = {name: decode_track(file, i + 1).astype(np.float64) for i, name in enumerate(order)}

    stems = stems_of(Audio(decode_track(file, 0), 44_100))

    pairs = [(stem.astype(np.float64), truth[name]) for name, stem in zip(STEM_IDS, stems, strict=True)]
    sdr = [10 * np.log10(np.sum(t**2) / np.sum((t - e) ** 2)) for e, t in pairs]
    assert np.mean(sdr) >= 3.9
    assert np.mean([si_sdr_db(e, t) for e, t in pairs]) >= 1.5

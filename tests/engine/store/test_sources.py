from pathlib import Path

import numpy as np
import pytest

from engine.dsp.levels import peak_dbfs
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.remixset import Song
from engine.model.separation import Part
from engine.store.sources import read_source, write_sources

RATE = 44_100
FRAMES = 50_000


def parts(count: int) -> list[Part]:
    return [Part(f"loop-{i + 1}", f"Loop {i + 1}", "loop", "#000000") for i in range(count)]


def song(frames: int = FRAMES, channels: int = 2) -> Song:
    return Song("a", "0", "a.wav", frames, RATE, channels)


def write(tmp_path: Path, mix: Samples, estimates: Samples, sizes: int) -> list[Samples]:
    blocks = [estimates[..., a : a + sizes] for a in range(0, mix.shape[1], sizes)]
    sources = write_sources(parts(len(estimates)), blocks, mix, RATE, tmp_path, "loops")
    assert sources[-1].id == "residual"
    return [read_source(s, tmp_path, song(mix.shape[1], mix.shape[0])) for s in sources]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("level", [0.2, 0.8])
def test_the_sum_is_the_song_whatever_the_separator_did(tmp_path: Path, channels: int, level: float) -> None:
    rng = np.random.default_rng(3)
    mix = rng.uniform(-1, 1, (channels, FRAMES)).astype(np.float32)
    estimates = (level * rng.standard_normal((3, channels, FRAMES))).astype(np.float32)

    sources = write(tmp_path, mix, estimates, 7_000)

    assert peak_dbfs(np.sum(sources, axis=0, dtype=np.float64) - mix) < -120
    for source, estimate in zip(sources, estimates, strict=False):
        assert peak_dbfs(source - estimate) < -110


def test_a_source_that_exceeds_full_scale_late_is_scaled_by_a_power_of_two(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    mix = rng.uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)
    estimates = np.stack([mix, mix])
    estimates[0, :, -5_000:] *= 9

    blocks = [estimates[..., a : a + 4_000] for a in range(0, FRAMES, 4_000)]
    sources = write_sources(parts(2), blocks, mix, RATE, tmp_path, "loops")

    assert sources[0].scale == 8.0
    assert sources[1].scale == 1.0
    total = np.sum([read_source(s, tmp_path, song()) for s in sources], axis=0, dtype=np.float64)
    assert peak_dbfs(total - mix) < -120


def test_samples_of_24_bits_come_back_bit_for_bit(tmp_path: Path) -> None:
    steps = np.random.default_rng(5).integers(-(2**23), 2**23, (2, FRAMES))
    exact = (steps / 2**23).astype(np.float32)

    source, residual = write(tmp_path, exact, exact[None], FRAMES)

    np.testing.assert_array_equal(source[np.abs(exact) < 1], exact[np.abs(exact) < 1])
    assert peak_dbfs(source + residual - exact) < -138


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    mix = np.full((2, FRAMES), 0.25, dtype=np.float32)
    (source, _) = write_sources(parts(1), [mix[None]], mix, RATE, tmp_path, "loops")
    path = tmp_path / source.file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))

    with pytest.raises(RemixtureError, match="not the file"):
        read_source(source, tmp_path, song())
    path.unlink()
    with pytest.raises(RemixtureError, match="cannot read"):
        read_source(source, tmp_path, song())


def test_a_separation_of_another_length_is_our_fault(tmp_path: Path) -> None:
    mix = np.zeros((2, FRAMES), dtype=np.float32)

    with pytest.raises(ValueError, match="49999 of 50000"):
        write_sources(parts(1), [mix[None, :, 1:]], mix, RATE, tmp_path, "loops")

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.dsp.levels import peak_dbfs
from engine.model.errors import RemixtureError
from engine.store.decode import decode, probe
from engine.store.stemfile import holds_stems, read_stems, stem_names
from tests.engine.store.mp4 import add_stem_atom, write_mp4

FRAMES = 126_523


def tones(channels: int, frames: int = FRAMES, rate: int = 44_100) -> np.ndarray:
    """Slow sines under an envelope: a shift of one frame is seen at -60 dBFS."""
    t = np.arange(frames) / rate
    return np.stack([0.4 * np.sin(2 * np.pi * (300 + 170 * c) * t) * np.hanning(frames) for c in range(channels)])


@pytest.mark.parametrize(
    ("name", "rate", "options", "error_dbfs"),
    [
        ("a.wav", 44_100, {"subtype": "PCM_16"}, -90),
        ("a.wav", 8_000, {"subtype": "FLOAT"}, -140),
        ("a.aiff", 44_100, {"subtype": "PCM_24"}, -130),
        ("a.flac", 192_000, {"subtype": "PCM_24"}, -130),
        ("a.ogg", 44_100, {}, -30),
        ("a.opus", 48_000, {"format": "OGG", "subtype": "OPUS"}, -30),
        ("a.mp3", 44_100, {}, -30),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_decoding_is_frame_exact(
    tmp_path: Path, name: str, rate: int, options: dict[str, str], error_dbfs: float, channels: int
) -> None:
    x = tones(channels, rate=rate)
    soundfile.write(tmp_path / name, x.T, rate, **options)

    audio = decode(tmp_path / name)

    assert (audio.rate, audio.channels, audio.frames) == (rate, channels, FRAMES)
    assert audio.samples.dtype == np.float32
    assert peak_dbfs(audio.samples - x) < error_dbfs


@pytest.mark.parametrize(
    ("codec", "error_dbfs", "missing"),
    # PyAV's muxer notes the length of AAC in milliseconds, so that up to 44 frames of the end are not known.
    [("alac", -88, 0), ("aac", -45, 44)],
)
@pytest.mark.parametrize("suffix", [".m4a", ".mp4"])
def test_the_mp4_family_is_frame_exact(tmp_path: Path, codec: str, error_dbfs: float, missing: int, suffix: str) -> None:
    x = tones(2).astype(np.float32)
    write_mp4(tmp_path / f"a{suffix}", [x], 44_100, codec)

    audio = decode(tmp_path / f"a{suffix}")

    assert FRAMES - missing <= audio.frames <= FRAMES
    assert peak_dbfs(audio.samples - x[:, : audio.frames]) < error_dbfs


@pytest.mark.parametrize(("names", "ids"), [
    (["Drums", "Bass", "Synths", "Vox"], ["drums", "bass", "other", "vocals"]),
    (["Kick", "Percussion", "Pads", "Lead"], ["drums", "drums-2", "other", "other-2"]),
    ([], ["drums", "bass", "other", "vocals"]),
])  # fmt: skip
def test_a_stem_file_gives_its_own_stems(tmp_path: Path, names: list[str], ids: list[str]) -> None:
    path = tmp_path / "song.stem.mp4"
    stems = [np.float32(0.2 + 0.1 * i) * tones(2).astype(np.float32) for i in range(4)]
    write_mp4(path, [np.sum(stems, axis=0), *stems], 44_100)
    if names:
        add_stem_atom(path, names)

    separation = read_stems(path, FRAMES)
    blocks = np.concatenate(list(separation.blocks), axis=-1)

    assert holds_stems(path)
    assert stem_names(path) == names
    assert [part.id for part in separation.parts] == ids
    assert blocks.shape == (4, 2, FRAMES)
    assert peak_dbfs(blocks - np.stack(stems)) < -88


def test_an_ordinary_mp4_holds_no_stems(tmp_path: Path) -> None:
    write_mp4(tmp_path / "a.mp4", [tones(2).astype(np.float32)], 44_100)

    assert not holds_stems(tmp_path / "a.mp4")


def refused(path: Path) -> str:
    with pytest.raises(RemixtureError) as error:
        decode(path)
    text = str(error.value)
    assert "\n" not in text
    assert path.name in text
    return text


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.mp3").write_text("not music\n" * 500)
    (tmp_path / "text.m4a").write_text("not music\n" * 500)

    assert "does not exist" in refused(tmp_path / "missing.wav")
    assert "folder" in refused(tmp_path)
    assert "0 bytes" in refused(tmp_path / "empty.wav")
    assert "damaged" in refused(tmp_path / "text.mp3")
    assert "damaged" in refused(tmp_path / "text.m4a")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tones(1).T, 44_100)
    (tmp_path / "a.wav").chmod(0)

    assert "cannot read" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.m4a"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    x = tones(2, 10 * FRAMES)
    if name == "a.m4a":
        write_mp4(tmp_path / name, [x.astype(np.float32)], 44_100)
    else:
        soundfile.write(tmp_path / name, x.T, 44_100)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 6 // 10])

    assert "damaged" in refused(tmp_path / name) or "ends early" in refused(tmp_path / name)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("samples", "said"), [
    (np.zeros((0, 1)), "too short"),
    (np.ones((441, 1)) * 0.1, "too short"),
    (np.zeros((44_100, 2)), "silent"),
    (np.where(np.arange(44_100) == 7, np.nan, 0.1)[:, None], "NaN"),
    (np.where(np.arange(44_100) == 7, -np.inf, 0.1)[:, None], "NaN or infinite"),
    (np.ones((44_100, 6)) * 0.1, "6 channels"),
])  # fmt: skip
def test_samples_that_are_no_song_are_refused(tmp_path: Path, samples: np.ndarray, said: str) -> None:
    soundfile.write(tmp_path / "a.wav", samples, 44_100, subtype="FLOAT")

    assert said in refused(tmp_path / "a.wav")


def test_probing_reads_no_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full((44_100, 1), np.nan), 44_100, subtype="FLOAT")

    assert probe(tmp_path / "a.wav").seconds == 1.0

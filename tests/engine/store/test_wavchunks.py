import datetime as dt
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from engine.store.wavchunks import Broadcast, add_loop_chunks

RATE, FRAMES = 8_000, 16_001
MADE = dt.datetime(2024, 2, 29, 7, 5, 1, tzinfo=dt.UTC)


def written(
    path: Path, *, form: str = "WAV", subtype: str = "PCM_24", beats: int = 4, root: int | None = None, said: str | None = None
) -> Path:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, FRAMES)
    soundfile.write(path, samples, RATE, subtype, format=form)
    add_loop_chunks(
        path, rate=RATE, frames=FRAMES, bpm=120.0, beats=beats, beats_per_bar=4, bars=[0] if beats else [], root=root,
        broadcast=None if said is None else Broadcast(said, 2**33 + 5, MADE),
    )  # fmt: skip
    return path


def chunks(path: Path) -> list[tuple[bytes, bytes]]:
    """All chunks by the letter of the format: even places, sizes that meet the end of the file."""
    data = path.read_bytes()
    assert data[8:12] == b"WAVE"
    at, found = 12, []
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        size = len(data) if size == 2**32 - 1 else size
        found.append((name, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
@pytest.mark.parametrize("said", [None, "Drums"])
def test_every_chunk_ends_where_the_next_begins_and_the_samples_stay(tmp_path: Path, subtype: str, said: str | None) -> None:
    path = written(tmp_path / "a.wav", subtype=subtype, said=said)

    names = [name for name, _ in chunks(path)]
    assert [name for name in names if name not in {b"fact", b"PEAK"}] == [
        *([b"bext"] if said else []), b"fmt ", b"data", b"acid", b"smpl", b"cue ", b"LIST",
    ]  # fmt: skip
    assert struct.unpack("<I", path.read_bytes()[4:8]) == (path.stat().st_size - 8,)
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, FRAMES)
    np.testing.assert_allclose(soundfile.read(path)[0], samples, atol=2**-22)


def test_a_place_beyond_32_bits_and_foreign_letters_fit_into_a_broadcast_chunk(tmp_path: Path) -> None:
    bext = WavInfoReader(str(written(tmp_path / "a.wav", said="Schön " * 100))).bext

    assert bext.time_reference == 2**33 + 5
    assert bext.description == ("Sch?n " * 100)[:256]
    assert (bext.originator_date, bext.originator_time) == ("2024-02-29", "07:05:01")
    assert len(dict(chunks(tmp_path / "a.wav"))[b"bext"]) == 602


def test_a_file_of_64_bit_sizes_takes_them_too(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", form="RF64", said="Drums")

    data = path.read_bytes()
    assert (data[:4], data[12:16]) == (b"RF64", b"ds64")
    assert struct.unpack("<Q", data[20:28]) == (len(data) - 8,)
    with soundfile.SoundFile(path) as file:
        assert file.frames == FRAMES
        assert np.abs(file.read()).max() > 0.4


@pytest.mark.parametrize(
    ("beats", "root", "flags", "note"), [(4, None, 4, 60), (4, 0, 6, 48), (4, 11, 6, 59), (0, None, 1, 60), (0, 9, 3, 57)]
)
def test_a_root_is_told_where_there_is_one(tmp_path: Path, beats: int, root: int | None, flags: int, note: int) -> None:
    found = dict(chunks(written(tmp_path / "a.wav", beats=beats, root=root)))

    assert struct.unpack("<IH", found[b"acid"][:6]) == (flags, note)
    assert struct.unpack_from("<I", found[b"smpl"], 12) == (note,)
    assert len(found[b"smpl"]) == 36 + 24 * (beats > 0)

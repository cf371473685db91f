import gc
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.model.errors import RemixtureError
from engine.store import room
from engine.store.decode import decode
from engine.store.room import Room
from tests.engine.store.mp4 import write_mp4


@pytest.fixture(params=["memory", "file"])
def folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path | None:
    if request.param == "memory":
        return None
    monkeypatch.setattr(room, "LONG", 0)
    return tmp_path


@pytest.mark.parametrize("given", [3_000, 2_500, 3_100])
def test_what_goes_in_comes_out(folder: Path | None, given: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, given)).astype(np.float32)
    place = Room(2, 3_000, folder)

    for block in np.split(x, [1, 1_000, 2_990, 2_995], axis=1):
        place.put(np.asfortranarray(block))
    samples = place.samples()

    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, x[:, :3_000])
    samples[0, 0] = 5.0
    assert samples[0, 0] == 5.0


def test_a_long_song_is_decoded_into_a_file_that_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = (0.1 * np.random.default_rng(0).standard_normal((48_000, 2))).astype(np.float32)
    soundfile.write(tmp_path / "song.wav", x, 48_000, "FLOAT")
    write_mp4(tmp_path / "song.m4a", [x.T], 48_000)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(room, "LONG", 1)

    for name in ("song.wav", "song.m4a"):
        here, there = decode(tmp_path / name).samples, decode(tmp_path / name, scratch=scratch).samples
        np.testing.assert_array_equal(there, here)
        assert type(there) is np.ndarray
        del there
        gc.collect()
        assert not any(scratch.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(room, "LONG", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb"))

    with pytest.raises(RemixtureError, match=r"cannot keep the song's samples in .*No space left"):
        Room(1, 100_000, tmp_path).put(np.zeros((1, 100_000), np.float32))

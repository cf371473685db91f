import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.audio.sink import SINKS, open_sink
from engine.model.errors import RemixtureError

PAIRS = ("master", "cue")


def test_the_file_holds_what_was_written_bit_for_bit(tmp_path: Path) -> None:
    target = tmp_path / "mix.wav"
    sink = open_sink(f"file:{target}", PAIRS, 44_100, 100, paced=False)
    assert (sink.rate, sink.frames, sink.pairs) == (44_100, 100, ("master",))
    written = np.random.default_rng(0).standard_normal((2, 700)).astype(np.float32)
    for start in range(0, 700, 100):
        sink.write(written[:, start : start + 100])
    assert not target.exists()
    sink.close()

    samples, rate = soundfile.read(target, dtype="float32")
    assert rate == 44_100
    np.testing.assert_array_equal(samples.T, written)
    assert sink.late == 0


def test_a_file_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match="no folder"):
        open_sink(f"file:{tmp_path}/nowhere/mix.wav", PAIRS, 48_000, 256)


def test_nothing_keeps_the_pace_of_a_clock() -> None:
    sink = open_sink("null", PAIRS, 48_000, 480)
    assert sink.pairs == PAIRS
    began = time.monotonic()
    for _ in range(10):
        sink.write(np.zeros((4, 480), np.float32))
    assert time.monotonic() - began >= 0.1
    sink.close()


def test_what_a_device_would_have_lacked_is_counted() -> None:
    sink = open_sink("null", PAIRS, 48_000, 480)
    sink.write(np.zeros((4, 480), np.float32))
    time.sleep(0.1)
    sink.write(np.zeros((4, 480), np.float32))
    assert sink.late >= 8


def test_leading_blocks_are_ahead_of_the_clock() -> None:
    sink = open_sink("null", PAIRS, 100, 100)
    sink.lead(4)
    began = time.monotonic()
    for _ in range(3):
        sink.write(np.zeros((4, 100), np.float32))
    assert time.monotonic() - began < 1.0


def test_without_a_pace_nothing_waits_and_nothing_is_late() -> None:
    sink = open_sink("null", PAIRS, 1, 1_000_000, paced=False)
    sink.write(np.zeros((4, 1), np.float32))
    assert sink.late == 0


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(RemixtureError, match=", ".join(SINKS)):
        open_sink("speaker", PAIRS, 48_000, 256)

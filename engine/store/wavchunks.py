"""Tempo and loop points inside a WAV, so that samplers and DAWs loop it in time.

`acid` (Sonic Foundry's, as libsndfile reads it): tempo, beats, meter. `smpl` (Multimedia Programming Interface and Data
Specifications 1.0, 1991): one forward loop over the whole file. `cue ` + `labl`: a marker at each bar.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

MIDDLE_C = 60


def add_loop_chunks(
    path: Path, *, rate: int, frames: int, bpm: float, beats: int, beats_per_bar: int, bars: Sequence[int]
) -> None:
    """Append the chunks to a finished WAV file.

    Parameters
    ----------
    path : Path
    rate : int, Hz
    frames : int
        Length of the loop.
    bpm : float
    beats : int
        Length of the loop in beats.
    beats_per_bar : int
    bars : sequence of int, frames
        Where its bars start.
    """
    chunks = [_acid(bpm, beats, beats_per_bar), _smpl(rate, frames), _cue(bars), _labels(len(bars))]
    with path.open("r+b") as file:
        file.seek(0, 2)
        if file.tell() % 2:
            file.write(b"\0")
        for name, payload in chunks:
            file.write(struct.pack("<4sI", name, len(payload)) + payload + b"\0" * (len(payload) % 2))
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))


def _acid(bpm: float, beats: int, beats_per_bar: int) -> tuple[bytes, bytes]:
    return b"acid", struct.pack("<IHHfIHHf", 0, MIDDLE_C, 0x8000, 0.0, beats, 4, beats_per_bar, bpm)


def _smpl(rate: int, frames: int) -> tuple[bytes, bytes]:
    head = struct.pack("<9I", 0, 0, round(1e9 / rate), MIDDLE_C, 0, 0, 0, 1, 0)
    return b"smpl", head + struct.pack("<6I", 0, 0, 0, frames - 1, 0, 0)


def _cue(bars: Sequence[int]) -> tuple[bytes, bytes]:
    points = [struct.pack("<II4sIII", i + 1, frame, b"data", 0, 0, frame) for i, frame in enumerate(bars)]
    return b"cue ", struct.pack("<I", len(points)) + b"".join(points)


def _labels(count: int) -> tuple[bytes, bytes]:
    body = b"adtl"
    for i in range(count):
        text = f"Bar {i + 1}".encode() + b"\0"
        body += struct.pack("<4sII", b"labl", len(text) + 4, i + 1) + text + b"\0" * (len(text) % 2)
    return b"LIST", body

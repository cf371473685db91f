"""Tempo, loop points and place inside a WAV, so that samplers and DAWs loop it in time and put it where it was.

`acid` (Sonic Foundry's, undocumented; fields and flags as libsndfile reads them): tempo, beats, meter, root note. `smpl`
(Multimedia Programming Interface and Data Specifications 1.0, 1991): one forward loop over the whole file. `cue ` + `labl`: a
marker at each bar. `bext` (EBU Tech 3285, version 1): what it is, and at which sample of its song it begins.
"""

import datetime as dt
import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.store.files import written_beside

MIDDLE_C = 60
ONE_SHOT, ROOT_SET, STRETCHED = 0x01, 0x02, 0x04
"""Flags of `acid`: it does not loop, its root note is known, it follows the tempo of a project."""
ROOTS = 48
"""A tonic as ACID writes it is this, the C below middle C, or up to 11 more."""
WAVE_HEAD = 12
RF64_HEAD = WAVE_HEAD + 36


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Where a file is from. `time_reference` [frames] is what DAWs call its original time stamp; ASCII alone is kept."""

    description: str
    time_reference: int
    made: dt.datetime
    originator: str = "Remixture"


def add_loop_chunks(
    path: Path,
    *,
    rate: int,
    frames: int,
    bpm: float,
    beats: int,
    beats_per_bar: int,
    bars: Sequence[int],
    first_bar: int = 1,
    root: int | None = None,
    broadcast: Broadcast | None = None,
) -> None:
    """Add the chunks to a finished WAV file.

    Parameters
    ----------
    path : Path
    rate : int, Hz
    frames : int
        Length of the loop.
    bpm : float
    beats : int
        Length of the loop in beats; 0: it is a one-shot, which does not loop.
    beats_per_bar : int
    bars : sequence of int, frames
        Where its bars start.
    first_bar : int
        What people call the first of them.
    root : int in [0, 12), optional
        The tonic as a pitch class, 0 is C, where it should follow the key of a project.
    broadcast : Broadcast, optional
    """
    if broadcast is not None:
        _put_first(path, _bext(broadcast))
    chunks = [_acid(bpm, beats, beats_per_bar, root), _smpl(rate, frames, root, loops=beats > 0)]
    if bars:
        chunks += [_cue(bars), _labels(first_bar, len(bars))]
    with path.open("r+b") as file:
        file.seek(0, 2)
        if file.tell() % 2:
            file.write(b"\0")
        for chunk in chunks:
            file.write(_packed(*chunk))
        size = file.tell() - 8
        file.seek(0)
        if file.read(4) == b"RF64":
            file.seek(WAVE_HEAD + 8)
            file.write(struct.pack("<Q", size))
        else:
            file.write(struct.pack("<I", size))


def _packed(name: bytes, payload: bytes) -> bytes:
    return struct.pack("<4sI", name, len(payload)) + payload + b"\0" * (len(payload) % 2)


def _put_first(path: Path, chunk: tuple[bytes, bytes]) -> None:
    """Put a chunk before all others, where programs that stop at the samples see it; sizes are the caller's to mend."""
    with path.open("rb") as old, written_beside(path) as part, part.open("wb") as new:
        head = old.read(WAVE_HEAD)
        # In RF64 the 64-bit sizes come first of all.
        new.write(head + (old.read(RF64_HEAD - WAVE_HEAD) if head.startswith(b"RF64") else b"") + _packed(*chunk))
        shutil.copyfileobj(old, new)


def _bext(told: Broadcast) -> tuple[bytes, bytes]:
    return b"bext", struct.pack(
        "<256s32s32s10s8sQH64s190x", _ascii(told.description), _ascii(told.originator), b"",
        _ascii(f"{told.made:%Y-%m-%d}"), _ascii(f"{told.made:%H:%M:%S}"), told.time_reference, 1, b"",
    )  # fmt: skip


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")


def _note(root: int | None) -> int:
    return MIDDLE_C if root is None else ROOTS + root


def _acid(bpm: float, beats: int, beats_per_bar: int, root: int | None) -> tuple[bytes, bytes]:
    flags = (STRETCHED if beats else ONE_SHOT) | (0 if root is None else ROOT_SET)
    return b"acid", struct.pack("<IHHfIHHf", flags, _note(root), 0x8000, 0.0, beats, 4, beats_per_bar, bpm)


def _smpl(rate: int, frames: int, root: int | None, *, loops: bool) -> tuple[bytes, bytes]:
    head = struct.pack("<9I", 0, 0, round(1e9 / rate), _note(root), 0, 0, 0, int(loops), 0)
    return b"smpl", head + (struct.pack("<6I", 0, 0, 0, frames - 1, 0, 0) if loops else b"")


def _cue(bars: Sequence[int]) -> tuple[bytes, bytes]:
    points = [struct.pack("<II4sIII", i + 1, frame, b"data", 0, 0, frame) for i, frame in enumerate(bars)]
    return b"cue ", struct.pack("<I", len(points)) + b"".join(points)


def _labels(first_bar: int, count: int) -> tuple[bytes, bytes]:
    body = b"adtl"
    for i in range(count):
        text = f"Bar {first_bar + i}".encode() + b"\0"
        body += struct.pack("<4sII", b"labl", len(text) + 4, i + 1) + text + b"\0" * (len(text) % 2)
    return b"LIST", body

"""Makes MP4 files for tests: one track, or the five of a Native Instruments stem file."""

import json
import struct
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

from engine.model.audio import Samples


def write_mp4(path: Path, tracks: list[Samples], rate: int, codec: str = "alac") -> None:
    """Write stereo tracks [shape=(2, frames)], ALAC at 16 bits or AAC at 256 kbit/s."""
    block = 4096 if codec == "alac" else 1024
    with av.open(str(path), "w", format="mp4") as container:
        streams = [cast(av.AudioStream, container.add_stream(codec, rate=rate, layout="stereo")) for _ in tracks]
        for stream in streams:
            stream.bit_rate = 256_000
        for start in range(0, tracks[0].shape[1], block):
            for track, stream in zip(tracks, streams, strict=True):
                frame = _frame(np.ascontiguousarray(track[:, start : start + block]), codec)
                frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))


def _frame(block: Samples, codec: str) -> av.AudioFrame:
    if codec == "alac":
        whole = np.rint(block * 32767).astype(np.int16)
        return av.AudioFrame.from_ndarray(whole, format="s16p", layout="stereo")
    return av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")


def add_stem_atom(path: Path, names: list[str]) -> None:
    """Put the names into `moov/udta/stem`; moov must be the last atom, as PyAV leaves it."""
    payload = json.dumps({"version": 1, "stems": [{"name": n, "color": "#FFFFFF"} for n in names]}).encode()
    stem = struct.pack(">I4s", 8 + len(payload), b"stem") + payload
    data = bytearray(path.read_bytes())
    moov = data.rindex(b"moov") - 4
    (size,) = struct.unpack_from(">I", data, moov)
    assert moov + size == len(data)
    at = data.find(b"udta", moov) - 4
    if at > moov:
        (old,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", data, at, old + len(stem))
        data[at + old : at + old] = stem
        grown = len(stem)
    else:
        udta = struct.pack(">I4s", 8 + len(stem), b"udta") + stem
        data += udta
        grown = len(udta)
    struct.pack_into(">I", data, moov, size + grown)
    path.write_bytes(bytes(data))

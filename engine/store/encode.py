"""Samples -> an audio file, block by block: wav (24-bit, or 32-bit float), flac (24-bit), mp3.

The file appears under its name only when it is whole.
"""

import contextlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.store.files import written_beside

WriteBlock = Callable[[Samples], None]
MP3_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})
STEPS = 2**23
WAV_LIMIT = 2**32 - 2**16


class BitDepth(StrEnum):
    """What a WAV holds."""

    PCM_24 = "24"
    FLOAT = "32f"


SUBTYPES = {
    (".wav", BitDepth.PCM_24): "PCM_24",
    (".wav", BitDepth.FLOAT): "FLOAT",
    (".flac", BitDepth.PCM_24): "PCM_24",
    (".mp3", BitDepth.PCM_24): "MPEG_LAYER_III",
}


def check_target(path: Path, rate: int, depth: BitDepth) -> None:
    """Raise RemixtureError, before any work, unless a bounce can be written to `path`."""
    if path.is_dir():
        raise RemixtureError(f"{path} is a folder: name a file such as {path / 'remix.wav'}")
    if (path.suffix.lower(), depth) not in SUBTYPES:
        if path.suffix.lower() in {".flac", ".mp3"}:
            raise RemixtureError(f"{path.suffix} holds no 32-bit float: leave --bits away, or write a .wav")
        raise RemixtureError(f"cannot write {path.name!r}: the name must end in .wav, .flac or .mp3")
    if path.suffix.lower() == ".mp3" and rate not in MP3_RATES:
        raise RemixtureError(f"mp3 has no rate of {rate} Hz: write a .wav or a .flac")
    if not path.parent.is_dir():
        raise RemixtureError(f"{path.parent} is no folder: make it first")


@contextlib.contextmanager
def audio_writer(path: Path, rate: int, channels: int, frames: int, depth: BitDepth = BitDepth.PCM_24) -> Iterator[WriteBlock]:
    """Give a function that takes blocks [shape=(channels, n), float32], together about `frames` long.

    The file is there when the context ends well.
    """
    suffix = path.suffix.lower()
    # A WAV's sizes are 32-bit; RF64 (EBU Tech 3306) is the same with 64.
    long = suffix == ".wav" and frames * channels * 4 > WAV_LIMIT
    form = "RF64" if long else suffix[1:].upper()
    with written_beside(path) as part:
        try:
            with soundfile.SoundFile(str(part), "w", rate, channels, SUBTYPES[suffix, depth], format=form) as file:

                def write(block: Samples) -> None:
                    file.write(_as_stored(block, suffix, depth))

                yield write
        except soundfile.LibsndfileError as error:
            raise RemixtureError(f"cannot write {path}: {error.error_string.strip()}") from error


def _as_stored(block: Samples, suffix: str, depth: BitDepth) -> Samples:
    """Round to 24 bits ourselves: libsndfile rounds for FLAC but cuts off for WAV, and one bounce must not be two."""
    if suffix == ".mp3" or depth is BitDepth.FLOAT:
        return np.ascontiguousarray(block.T)
    steps = np.clip(np.rint(block.T.astype(np.float64) * STEPS), -STEPS, STEPS - 1).astype(np.int32)
    return np.ascontiguousarray(steps << 8)

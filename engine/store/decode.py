"""Any audio file -> samples, frame-exact: no encoder delay at the front, no padding at the end.

libsndfile (through soundfile) reads wav, aiff, flac, ogg, opus and mp3; FFmpeg's libraries (through PyAV) read the MP4
family. Both come inside Python wheels, so no program needs to be installed.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.errors import RemixtureError
from engine.store.files import openable
from engine.store.room import Room

MP4_FAMILY = frozenset({".m4a", ".mp4", ".m4b", ".mov", ".aac"})
SHORTEST = 0.5
"""Seconds below which there is nothing to take apart."""
SILENT = 10 ** (-90 / 20)
"""A peak below the last bit of a CD."""
RATES = (4_000, 384_000)
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What a file's header says. `tracks` is 1, or more for a `.stem.mp4`; `frames` may be off by a codec's padding."""

    frames: int
    rate: int
    channels: int
    tracks: int = 1

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate


def probe(path: Path) -> AudioFacts:
    """Read the header only.

    Raises
    ------
    RemixtureError
        If the file is missing, empty, no audio, too short, or has more than two channels.
    """
    _check_file(path)
    facts = _probe_mp4(path) if path.suffix.lower() in MP4_FAMILY else _probe_sndfile(path)
    if facts.channels not in (1, 2):
        raise RemixtureError(
            f"{path} has {facts.channels} channels, Remixture takes 1 or 2: fold it down first, for instance with ffmpeg -ac 2"
        )
    if not RATES[0] <= facts.rate <= RATES[1]:
        raise RemixtureError(f"{path} has a rate of {facts.rate} Hz, Remixture takes {RATES[0]} to {RATES[1]} Hz")
    if facts.seconds < SHORTEST:
        raise RemixtureError(f"{path} is {facts.seconds:.3f} s long, too short to take apart: at least {SHORTEST} s")
    return facts


def decode(path: Path, progress: Progress = no_progress, scratch: Path | None = None) -> Audio:
    """Return the samples of the file's first track.

    Parameters
    ----------
    path : Path
    progress : Progress
    scratch : Path, optional
        A folder in which the samples of a long song are kept, and read from as they are needed, instead of in memory.

    Raises
    ------
    RemixtureError
        As `probe`; also if the file ends early, is silent, or holds NaN or infinite samples.
    """
    facts = probe(path)
    mp4 = path.suffix.lower() in MP4_FAMILY
    samples = _decode_mp4(path, 0, progress, scratch) if mp4 else _decode_sndfile(path, facts, progress, scratch)
    check_samples(samples, path)
    return Audio(samples, facts.rate)


def decode_track(path: Path, track: int) -> Samples:
    """Return one track of an MP4 [shape=(channels, frames)], unchecked but for damage."""
    return _decode_mp4(path, track, no_progress, None)


def check_samples(samples: Samples, path: Path) -> None:
    """Raise RemixtureError for samples that no analysis could use."""
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if not np.isfinite(peak) or not np.isfinite(float(samples.sum(dtype=np.float64))):
        raise RemixtureError(f"{path} holds NaN or infinite samples: export it again from the program it came from")
    if peak < SILENT:
        raise RemixtureError(f"{path} is silent (no sample above -90 dBFS): nothing to take apart")


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise RemixtureError(f"{path} is a folder: name an audio file" + _set_hint(path))
    if not path.exists():
        raise RemixtureError(f"{path} does not exist")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise RemixtureError(f"{path} is empty (0 bytes)")
    except OSError as error:
        raise RemixtureError(f"cannot read {path}: {error.strerror}") from error


def _set_hint(path: Path) -> str:
    return ", not a remix set" if (path / "set.json").exists() else ""


def _probe_sndfile(path: Path) -> AudioFacts:
    import soundfile

    try:
        with _silenced_stderr():
            info = soundfile.info(openable(path))
    except soundfile.LibsndfileError as error:
        raise _not_audio(path) from error
    return AudioFacts(info.frames, info.samplerate, info.channels)


def _decode_sndfile(path: Path, facts: AudioFacts, progress: Progress, scratch: Path | None) -> Samples:
    import soundfile

    room = Room(facts.channels, facts.frames, scratch)
    try:
        with _silenced_stderr(), soundfile.SoundFile(openable(path)) as file:
            while len(block := file.read(min(PIECE, facts.frames - room.done), dtype="float32", always_2d=True)):
                room.put(block.T)
                progress(room.done / facts.frames)
                if room.done == facts.frames:
                    break
    except soundfile.LibsndfileError as error:
        raise _ends_early(path, room.done / facts.rate, facts.seconds) from error
    if room.done < facts.frames:
        raise _ends_early(path, room.done / facts.rate, facts.seconds)
    return room.samples()


@contextlib.contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Keep the mp3 decoder's own warnings off the terminal; what is wrong is said in our one line."""
    sys.stderr.flush()
    kept, void = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(void, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(void)


def _probe_mp4(path: Path) -> AudioFacts:
    with _opened_mp4(path) as container:
        stream = container.streams.audio[0]
        seconds = float((stream.duration or 0) * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
        rate = int(stream.rate)
        return AudioFacts(round(seconds * rate), rate, int(stream.channels), len(container.streams.audio))


def _decode_mp4(path: Path, track: int, progress: Progress, scratch: Path | None) -> Samples:
    import av

    with _opened_mp4(path) as container:
        stream = container.streams.audio[track]
        stream.thread_type = "AUTO"
        length = round(float(stream.duration * stream.time_base) * stream.rate) if stream.duration else None
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        pieces: list[Samples] = []
        # An AAC stream's last packet is padded; the container knows the length, some only to the millisecond.
        room = Room(stream.channels, length or 0, scratch)
        take = room.put if length else pieces.append
        done = 0
        try:
            for frame in container.decode(stream):
                for even in resampler.resample(frame):
                    take(even.to_ndarray().astype(np.float32, copy=False))
                    done += even.samples
                progress(min(1.0, done / length) if length else 0.0)
        except av.FFmpegError as error:
            raise _ends_early(path, done / stream.rate, (length or 0) / stream.rate) from error
    if not done:
        raise _not_audio(path)
    if length and done < length - stream.rate // 10:
        raise _ends_early(path, done / stream.rate, length / stream.rate)
    return room.samples() if length else np.concatenate(pieces, axis=1)


@contextlib.contextmanager
def _opened_mp4(path: Path) -> Iterator[Any]:
    import av

    with contextlib.ExitStack() as stack:
        name = openable(path)
        try:
            # FFmpeg takes no bytes for a name.
            file = name if isinstance(name, str) else stack.enter_context(path.open("rb"))
            container = stack.enter_context(av.open(file))
        except (av.FFmpegError, ValueError) as error:
            raise _not_audio(path) from error
        if not container.streams.audio:
            raise _not_audio(path)
        yield container


def _not_audio(path: Path) -> RemixtureError:
    return RemixtureError(
        f"{path} is not audio that Remixture can read: damaged, or not what its name says "
        "(wav aiff flac ogg opus mp3 m4a alac .stem.mp4 are read)"
    )


def _ends_early(path: Path, got: float, wanted: float) -> RemixtureError:
    return RemixtureError(f"{path} ends early: {got:.1f} of {wanted:.1f} s could be read; copy or download it again")

"""Samples -> an MP4 file of several stereo tracks, of which players that know no more play the first.

FFmpeg's libraries (through PyAV) encode and mux: ALAC with 24 bits, or AAC. FFmpeg enables, in the sense of `tkhd`, the tracks
whose disposition is default. The movie counts in frames, so that lengths and an encoder's delay are exact to the frame.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import OutputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from bridge.daw.work import Codec
from engine.model.errors import RemixtureError

Steps = NDArray[np.int32]
"""Samples as whole numbers of 24 bits."""
WriteSteps = Callable[[Steps], None]
FULL_SCALE = 2**23
AAC_BITS = 256_000
"""Bits a second of one stereo track."""
MOST_BYTES = {"alac": 31.0, "aac": 5.0}
"""How many bytes a frame of five stereo tracks takes at most, about."""


def check_rate(rate: int, codec: Codec) -> None:
    """Raise RemixtureError unless the codec has the rate [Hz]."""
    rates = av.codec.Codec(codec, "w").audio_rates
    if rates and rate not in rates:
        raise RemixtureError(f"{codec.upper()} has no rate of {rate} Hz: take ALAC, which holds any, by leaving --aac away")


@contextlib.contextmanager
def track_writer(path: Path, names: Sequence[str], rate: int, codec: Codec, tags: dict[str, str]) -> Iterator[WriteSteps]:
    """Give a function that takes blocks [shape=(tracks, 2, n), 24-bit steps], which follow each other.

    Parameters
    ----------
    path : Path
        Of the file, which is whole when the context ends well.
    names : sequence of str
        One for each track.
    rate : int, Hz
    codec : "alac" or "aac"
    tags : dict
        As FFmpeg names them: `title`, `tmpo` (beats a minute, a whole number).

    Raises
    ------
    OSError
        If the disk is full.
    """
    try:
        # A file and no name: FFmpeg takes `a:b` for a protocol, and no name that is not UTF-8.
        with path.open("w+b") as file, _opened(file, rate) as container:
            container.metadata.update(tags)
            tracks = _Tracks(container, names, rate, codec)
            yield tracks.write
            tracks.finish()
    except av.error.PyAVCallbackError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise


@contextlib.contextmanager
def _opened(file: BinaryIO, rate: int) -> Iterator[OutputContainer]:
    options = {"brand": "M4A ", "movie_timescale": str(rate)}
    with av.open(file, "w", format="mp4", options=options) as container:
        yield container


class _Tracks:
    """The streams of one file as it grows."""

    def __init__(self, container: OutputContainer, names: Sequence[str], rate: int, codec: Codec) -> None:
        self.container, self.rate, self.codec = container, rate, codec
        self.streams = [self._stream(name) for name in names]
        self.streams[0].disposition = Disposition.default
        self.done = 0

    def _stream(self, name: str) -> av.AudioStream:
        stream = self.container.add_stream(self.codec, rate=self.rate, layout="stereo")
        stream.disposition = Disposition(0)
        stream.metadata.update(title=name, handler_name=name)
        if self.codec == "aac":
            stream.bit_rate = AAC_BITS
        else:
            # The format of ALAC's that FFmpeg takes for 24 bits.
            stream.codec_context.format = "s32p"
        return stream

    def write(self, block: Steps) -> None:
        """Encode a block of all tracks."""
        for samples, stream in zip(block, self.streams, strict=True):
            frame = self._frame(samples)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self.done, Fraction(1, self.rate)
            self.container.mux(stream.encode(frame))
        self.done += block.shape[-1]

    def _frame(self, samples: Steps) -> av.AudioFrame:
        if self.codec == "aac":
            floats = np.ascontiguousarray(samples / np.float32(FULL_SCALE), dtype=np.float32)
            return av.AudioFrame.from_ndarray(floats, format="fltp", layout="stereo")
        return av.AudioFrame.from_ndarray(np.ascontiguousarray(samples << 8), format="s32p", layout="stereo")

    def finish(self) -> None:
        """Encode what the encoders still hold."""
        for stream in self.streams:
            self.container.mux(stream.encode(None))

"""What every sink can do, and the way to one by its name."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from engine.model.audio import Samples
from engine.model.errors import RemixtureError

SINKS: Final = ("pedalboard", "jack", "portaudio", "browser", "file", "null")
"""Their names; the first is the default. `browser` only keeps the time: the page streams what the mixer gives."""

AGAIN_SECONDS: Final = 0.5
"""After `SinkLost`, how long to wait between tries to open the sink again."""

MOST_AHEAD: Final = 32
"""The most blocks that `lead` grants."""

Connections = Mapping[str, Sequence[str]]
"""Pair -> the full names of the two JACK ports that it is connected to."""


class SinkLost(RemixtureError):  # noqa: N818 - an event that the engine waits out, and only then an error
    """The device or the server behind the sink went away; close the sink, then try to open it again."""


class Sink(Protocol):
    """Takes blocks of float32 [shape=(2 * len(pairs), frames)] at the pace of a device.

    Attributes
    ----------
    rate : int
        Hz: what the device runs at, whatever was asked for.
    frames : int
        Of one block: likewise.
    pairs : tuple of str
        The stereo pairs that it carries, out of those offered; two rows of a block each, in this order.
    late : int
        How often the device wanted a period of sound and had to be given silence.
    """

    @property
    def rate(self) -> int: ...  # noqa: D102 - above
    @property
    def frames(self) -> int: ...  # noqa: D102
    @property
    def pairs(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def late(self) -> int: ...  # noqa: D102

    def write(self, block: Samples) -> None:
        """Hand the block on, then wait until the next one should be rendered; raises `SinkLost`."""

    def lead(self, blocks: int) -> None:
        """Let so many blocks (1 to `MOST_AHEAD`, normally 1) be rendered ahead; nothing where the driver has no room."""

    def close(self) -> None:
        """Let what is in flight play, then silence, then close everything; a lost sink closes too."""


@runtime_checkable
class TickSink(Sink, Protocol):
    """A sink that sends MIDI on exact frames."""

    def ticks(self, offsets: Sequence[int], messages: Sequence[bytes]) -> None:
        """Send `messages` (1 to 3 bytes each) at frames of the block written next; offsets rise, 0 is its first frame."""


def open_sink(
    name: str, pairs: Sequence[str], rate: int, frames: int, *, connect: Connections | None = None, paced: bool = True
) -> Sink:
    """Open a sink.

    Parameters
    ----------
    name : str
        One of `SINKS`, or `NAME:DEVICE`: `pedalboard:BlackHole 2ch`, `portaudio:Babyface`, `jack:SERVER`, `file:mix.wav`.
    pairs : sequence of str
        The stereo pairs on offer, "master" first.
    rate, frames : int
        What is asked for, in Hz and frames; the sink says what it got.
    connect : mapping
        JACK only: where pairs go. Without it the master goes to the first two physical ports.
    paced : bool
        `file` and `null` only: keep the pace of a clock, or take blocks as fast as they come.

    Raises
    ------
    RemixtureError
        If there is no such sink, or it cannot be opened here; the text says what would help.
    """
    kind, _, device = name.partition(":")
    if kind == "pedalboard":
        from bridge.audio.stream import StreamSink

        return StreamSink(device or None, pairs, rate, frames)
    if kind == "jack":
        from bridge.audio.jack import JackSink

        return JackSink(device or None, pairs, connect)
    if kind == "portaudio":
        from bridge.audio.portaudio import PortAudioSink

        return PortAudioSink(device or None, pairs, rate, frames)
    if kind in {"file", "null", "browser"}:
        from bridge.audio.offline import FileSink, NullSink

        if kind != "file":
            return NullSink(pairs, rate, frames, paced=paced or kind == "browser")
        return FileSink(Path(device or "remixture.wav"), rate, frames, paced=paced)
    raise RemixtureError(f"no sink is called {kind!r}: one of {', '.join(SINKS)}, or NAME:DEVICE such as 'jack:default'")


def child_environment() -> dict[str, str]:
    """Return the environment in which a new Python finds what this one finds."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

"""PortAudio through python-sounddevice: devices of many channels on macOS and Windows (and ALSA on Linux).

Pairs go to channels 1/2, 3/4 ... in the order in which they are offered. What plays is `portaudiodrain`, without the GIL.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

from bridge.audio.libraries import sounddevice
from bridge.audio.ring import Ring, RingSink
from bridge.audio.sink import SinkLost
from engine.model.errors import RemixtureError


class PortAudioSink(RingSink):
    """An output of the system with as many pairs as it has pairs of channels. `late` counts the callback's periods."""

    def __init__(self, device: str | None, pairs: Sequence[str], rate: int, frames: int) -> None:
        """Open `device`, named by its whole name or a part that no other has; None is the system's choice."""
        self._sound = sound = sounddevice()
        from bridge.audio.portaudiodrain import process

        try:
            info = sound.query_devices(device, "output")
            self.pairs = tuple(pairs[: max(info["max_output_channels"] // 2, 1)])
            channels = 2 * len(self.pairs)
            self._ring = Ring(channels, frames)
            ffi = sound._ffi  # noqa: SLF001 - a callback in C, which the public interface does not take
            # A mono device gets none: it would have to be mixed down, and nobody plays to one.
            self._stream: Any = sound._StreamBase(  # noqa: SLF001
                "output",
                device=info["index"],
                samplerate=rate,
                blocksize=frames,
                channels=channels,
                dtype="float32",
                latency="low",
                callback=ffi.cast("PaStreamCallback*", process.address),
                userdata=ffi.cast("void*", self._ring.table.ctypes.data),
            )
            self._stream.start()
        except (sound.PortAudioError, ValueError) as error:
            raise RemixtureError(
                f"cannot play to {device or 'the default output'}: {error}; see `remixture devices`"
            ) from error
        self.rate, self.frames = round(self._stream.samplerate), frames

    def close(self) -> None:
        """Play what is in flight, then close the device."""
        with contextlib.suppress(SinkLost):
            self._ring.end()
        self._ring.leave(self._leave)

    def _leave(self) -> None:
        with contextlib.suppress(self._sound.PortAudioError):
            # A dead device never finishes what it holds.
            (self._stream.abort if self._ring.lost else self._stream.stop)()
        self._stream.close()

"""The process in which pedalboard's AudioStream plays; `stream` starts it and feeds it.

`AudioStream.write` spins until its FIFO has room, forever if the device is gone, and closing a dead device can hang with the
GIL held: so it lives here, where it can be killed. Blocks come in on the standard input, planar float32; after each one that
the FIFO took, one byte goes out: how many device buffers must have been silent before it. The first line out is JSON: what was
opened, or the error. The process ends with its input, and by itself when the device takes nothing for `STALLED_SECONDS`.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from engine.model.audio import Samples

if TYPE_CHECKING:
    from pedalboard.io import AudioStream

STALLED_SECONDS: Final = 2.0
LOST: Final = 3
SPIN_SHARE: Final = 0.3
"""How early, in device buffers, the sleeping ends and the spinning begins."""

FOLLOW: Final = 0.1
"""How far the clock follows a device that took a block late: for once late is jitter, ever later is a slower clock."""

ALSA_FOLDERS: Final = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


def alsa_plugins() -> Path | None:
    """Return where this Linux keeps the plug-ins of ALSA (its JACK, PulseAudio and PipeWire devices)."""
    found = [p for folder in ALSA_FOLDERS for p in (*Path(folder).glob("*-linux-*/alsa-lib"), Path(folder, "alsa-lib"))]
    own = f"{os.uname().machine}-linux" if sys.platform == "linux" else ""
    # On a system of several architectures, our own first.
    return next((p for p in sorted(found, key=lambda p: own not in str(p)) if any(p.glob("libasound_module_*"))), None)


def find_alsa_plugins() -> None:
    """Tell pedalboard's own libasound where the plug-ins are; to be called before pedalboard is imported."""
    if sys.platform == "linux" and "ALSA_PLUGIN_DIR" not in os.environ and (folder := alsa_plugins()):
        os.environ["ALSA_PLUGIN_DIR"] = str(folder)


def opened(device: str | None, rate: int, frames: int, channels: int) -> "AudioStream":
    """Open an output with as many channels as it has and a buffer that it accepts.

    With other channels AudioStream would read outside of its memory; with a larger buffer than was asked for, its FIFO would
    never hold enough.

    Raises
    ------
    ValueError
        If it cannot be opened, in pedalboard's words.
    """
    from pedalboard.io import AudioStream

    name = device or AudioStream.default_output_device_name
    if not name:
        raise ValueError("there is no output")
    stream = AudioStream(output_device_name=name, sample_rate=rate, buffer_size=frames, num_output_channels=channels)
    if stream.num_output_channels in {0, channels} and stream.buffer_size == frames:
        return stream
    return opened(name, rate, stream.buffer_size, stream.num_output_channels or channels)


class Player:
    """Writes blocks, asleep for most of the wait, and counts when the FIFO must have run dry."""

    def __init__(self, stream: "AudioStream") -> None:
        self._stream = stream
        self._rate = stream.sample_rate
        self._buffer = stream.buffer_size / stream.sample_rate
        self._taken = self._due = 0.0
        self._since: float | None = None

    def write(self, block: Samples) -> int:
        """Play a block [shape=(channels, frames)]; return how many device buffers were silent before it."""
        began = time.monotonic()
        silent = self._silent(began)
        self._due += self._buffer
        time.sleep(max(0.0, self._due - SPIN_SHARE * self._buffer - began))
        self._since = time.monotonic()
        self._stream.write(block, self._rate)
        self._taken, self._since = time.monotonic(), None
        behind = self._taken - self._due
        # A device that is woken late often asks twice at once: only a steady clock is there in time for the second.
        self._due += FOLLOW * behind if 0 < behind < self._buffer else behind
        return silent

    def _silent(self, now: float) -> int:
        """At `_taken` the FIFO was full: one device buffer later it is empty, and another one later it is missed."""
        return int((now - self._taken) / self._buffer) - 1 if self._taken and now - self._taken > 2 * self._buffer else 0

    def watch(self) -> None:
        """End the process when a write hangs: the device is gone, and nothing but this ends the spinning."""
        while True:
            time.sleep(STALLED_SECONDS / 8)
            since = self._since
            if since is not None and time.monotonic() - since > STALLED_SECONDS:
                os._exit(LOST)


def play(player: Player, blocks: BinaryIO, answers: BinaryIO, channels: int, frames: int, given: int) -> None:
    """Play blocks [shape=(given, frames)] until they end, then silence, so that nothing in flight is cut off."""
    block = np.zeros((channels, frames), np.float32)
    while len(data := blocks.read(given * frames * 4)) == given * frames * 4:
        block[:given] = np.frombuffer(data, np.float32).reshape(given, frames)
        answers.write(bytes([min(player.write(block), 255)]))
    block[:] = 0
    # What the FIFO and the device hold: at 4,096 frames 15,232 were cut.
    for _ in range(5):
        player.write(block)


def main() -> None:
    """Run as `player DEVICE RATE FRAMES PAIRS`; an empty DEVICE is the default one."""
    blocks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # What drivers print must not come between the answers.
    os.dup2(2, 1)
    # Ctrl-C is for the one who feeds us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    device, (rate, frames, pairs) = sys.argv[1], map(int, sys.argv[2:5])
    find_alsa_plugins()
    try:
        stream = opened(device or None, rate, frames, 2 * pairs)
        stream.__enter__()
        player = Player(stream)
    except (ValueError, RuntimeError) as error:
        answers.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    channels = stream.num_output_channels
    given = min(max(channels // 2, 1), pairs)
    said = {"rate": stream.sample_rate, "frames": stream.buffer_size, "pairs": given}
    answers.write(json.dumps(said).encode() + b"\n")
    threading.Thread(target=player.watch, daemon=True).start()
    # Broken: nobody listens any more.
    with contextlib.suppress(BrokenPipeError):
        play(player, blocks, answers, channels, stream.buffer_size, 2 * given)
    stream.__exit__(None, None, None)


if __name__ == "__main__":
    main()

"""pedalboard's AudioStream, the sink of every system: CoreAudio, WASAPI, ALSA, and virtual devices behind them.

It plays in a process of its own (`player` says why). A block goes there through a pipe, and `write` returns when the stream's
FIFO took it: one device buffer is in the FIFO then, and one is being rendered.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, cast

from bridge.audio.sink import MOST_AHEAD, SinkLost, child_environment
from engine.model.audio import Samples
from engine.model.errors import RemixtureError

LOST: Final = "the output takes no more sound: was it taken away? Playing goes on when it is back"
OPEN_SECONDS: Final = 15.0
END_SECONDS: Final = 5.0


class StreamSink:
    """An output of the system. Carries the master, and the cue on channels 3 and 4 of a device that has them.

    `late` counts device buffers that must have been silent, by the clock: the stream itself says nothing.
    """

    def __init__(self, device: str | None, pairs: Sequence[str], rate: int, frames: int) -> None:
        offered = tuple(pair for pair in pairs if pair in {"master", "cue"})
        command = [sys.executable, "-m", "bridge.audio.player", device or "", str(rate), str(frames), str(len(offered))]
        self._player = subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._blocks, self._answers = cast(BinaryIO, self._player.stdin), cast(BinaryIO, self._player.stdout)
        said = self._said(device)
        self.rate, self.frames = round(said["rate"]), int(said["frames"])
        self.pairs = offered[: said["pairs"]]
        self.late = 0
        self._allowed = self._in_flight = 0

    def write(self, block: Samples) -> None:
        """Hand a block on and wait until the stream took it."""
        try:
            self._blocks.write(block.tobytes())
            self._blocks.flush()
        except OSError as error:
            raise SinkLost(LOST) from error
        self._in_flight += 1
        while self._in_flight > self._allowed:
            answer = self._answers.read(1)
            if not answer:
                raise SinkLost(LOST)
            self.late += answer[0]
            self._in_flight -= 1

    def lead(self, blocks: int) -> None:
        """Let so many blocks be rendered ahead; they wait in the pipe."""
        self._allowed = min(max(blocks, 1), MOST_AHEAD) - 1

    def close(self) -> None:
        """Let what is in flight play, then end the process, whatever its device does."""
        with contextlib.suppress(OSError):
            self._blocks.close()
        try:
            self._player.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._player.kill()
            self._player.wait()
        self._answers.close()

    def _said(self, device: str | None) -> dict[str, Any]:
        """Return what the player says that it opened."""
        # A driver that hangs while it opens is not waited for.
        watch = threading.Timer(OPEN_SECONDS, self._player.kill)
        watch.start()
        line = self._answers.readline()
        watch.cancel()
        said: dict[str, Any] = json.loads(line) if line else {"error": f"its process ended with {self._player.wait()}"}
        if "error" not in said:
            return said
        self.close()
        raise RemixtureError(
            f"cannot play to {device or 'the default output'}: {said['error']}; see `remixture devices`, "
            "or listen in the browser: --sink browser"
        )

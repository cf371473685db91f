"""Sinks without a device: a WAV, or nothing; at the pace of the monotonic clock, or as fast as blocks come."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bridge.audio.sink import MOST_AHEAD
from engine.model.audio import Samples
from engine.store.encode import BitDepth, audio_writer, check_target

LONGEST_SECONDS: Final = 3 * 3600
"""How long a file may become: at 48,000 Hz the most that a plain WAV holds; above, RF64 is written."""


class Pace:
    """Waits until the block before the next one would have been played by a device, or not at all."""

    def __init__(self, rate: int, frames: int, *, paced: bool) -> None:
        self._block = frames / rate if paced else 0.0
        self._due = 0.0
        self._ahead = 0
        self.late = 0

    def lead(self, blocks: int) -> None:
        """Let so many blocks be ahead of the clock."""
        self._ahead = min(max(blocks, 1), MOST_AHEAD) - 1

    def wait(self) -> None:
        """Wait for the end of a block; if that was long ago, count the blocks that a device would have lacked."""
        if not self._block:
            return
        now = time.monotonic()
        if not self._due:
            self._due = now
        elif now > self._due + self._block:
            missed = int((now - self._due) / self._block)
            self.late += missed
            self._due += missed * self._block
        self._due += self._block
        time.sleep(max(0.0, self._due - self._ahead * self._block - now))


class NullSink:
    """Takes everything on offer and keeps nothing. `late` counts blocks."""

    def __init__(self, pairs: Sequence[str], rate: int, frames: int, *, paced: bool) -> None:
        self.pairs = tuple(pairs)
        self.rate, self.frames = rate, frames
        self._pace = Pace(rate, frames, paced=paced)

    @property
    def late(self) -> int:
        """Blocks that came later than a device would have waited."""
        return self._pace.late

    def write(self, _block: Samples) -> None:
        """Wait out the block."""
        self._pace.wait()

    def lead(self, blocks: int) -> None:
        """Let so many blocks be ahead of the clock."""
        self._pace.lead(blocks)

    def close(self) -> None:
        """Do nothing: nothing is in flight."""


class FileSink(NullSink):
    """Writes the master to a WAV of 32-bit float, which appears under its name on `close`."""

    def __init__(self, path: Path, rate: int, frames: int, *, paced: bool) -> None:
        super().__init__(("master",), rate, frames, paced=paced)
        check_target(path, rate, BitDepth.FLOAT)
        self._open = ExitStack()
        self._write = self._open.enter_context(audio_writer(path, rate, 2, LONGEST_SECONDS * rate, BitDepth.FLOAT))

    def write(self, block: Samples) -> None:
        """Write a block and wait it out."""
        self._write(block)
        self._pace.wait()

    def close(self) -> None:
        """Finish the file and give it its name."""
        self._open.close()

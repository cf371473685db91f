"""The sink of a session, opened again when it is lost: the clock stands meanwhile, and nothing that plays is skipped."""

import time
from collections.abc import Callable

from bridge.audio.sink import AGAIN_SECONDS, Sink, SinkLost, TickSink, open_sink
from bridge.midi.clock import ClockOut
from bridge.session.messages import Output
from engine.model.audio import Samples
from engine.model.errors import RemixtureError

LISTEN_SECONDS = 0.05

Say = Callable[[str], None]


class Outlet:
    """A sink that comes back. `rate` in Hz, `frames` of a block and `pairs` stay what they were when it was first opened."""

    def __init__(self, wanted: Output, say: Say) -> None:
        """Open it.

        Raises
        ------
        RemixtureError
            If there is no such device, or it cannot be opened.
        """
        self._wanted, self._say = wanted, say
        self._sink: Sink | None = self._open(wanted.rate)
        self.rate, self.frames, self.pairs = self._sink.rate, self._sink.frames, self._sink.pairs
        self._late_before = 0

    def _open(self, rate: int) -> Sink:
        wanted = self._wanted
        return open_sink(wanted.sink, wanted.pairs, rate, wanted.frames, connect=wanted.connect, paced=wanted.paced)

    @property
    def driven(self) -> bool:
        """Whether a driver asks for the blocks. A sink that only counts the time must not keep a processor to itself."""
        return self._wanted.sink.partition(":")[0] in {"jack", "portaudio", "pedalboard"}

    @property
    def late(self) -> int:
        """What came too late, over all openings."""
        return self._late_before + (self._sink.late if self._sink is not None else 0)

    @property
    def standing(self) -> bool:
        """Whether the sink is gone just now."""
        return self._sink is None

    def lead(self, blocks: int) -> None:
        """Let so many blocks be rendered ahead."""
        if self._sink is not None:
            self._sink.lead(blocks)

    def ticks(self, clock: ClockOut) -> None:
        """Send the clock of the block written next, if the sink can."""
        if isinstance(self._sink, TickSink):
            count = clock.count
            messages = [data[:size].tobytes() for data, size in zip(clock.data[:count], clock.size[:count], strict=True)]
            self._sink.ticks(clock.offsets[:count].tolist(), messages)

    def write(self, block: Samples, meanwhile: Callable[[], bool]) -> None:
        """Hand on a block; if the sink is gone, wait until it is back.

        Parameters
        ----------
        block : ndarray [shape=(2 * pairs, frames), float32]
        meanwhile : callable
            Called many times a second while waiting; False: give up.
        """
        while True:
            try:
                if self._sink is not None:
                    self._sink.write(block)
                    return
            except SinkLost as error:
                self._lose(error)
            if not self._wait(meanwhile):
                return

    def _lose(self, error: SinkLost) -> None:
        if self._sink is not None:
            self._late_before += self._sink.late
            self._sink.close()
        self._sink = None
        self._say(str(error))

    def _wait(self, meanwhile: Callable[[], bool]) -> bool:
        """Wait a while, then try to open the sink; False if there is no sense in it any more."""
        until = time.monotonic() + AGAIN_SECONDS
        while time.monotonic() < until:
            if not meanwhile():
                return False
            time.sleep(LISTEN_SECONDS)
        try:
            sink = self._open(self.rate)
        except RemixtureError:
            return True
        if (sink.rate, sink.frames, sink.pairs) != (self.rate, self.frames, self.pairs):
            sink.close()
            return True
        self._sink = sink
        self._say("the sink is back")
        return True

    def close(self) -> None:
        """Let what is in flight be heard, and close."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None

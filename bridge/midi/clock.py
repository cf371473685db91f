"""MIDI clock: 24 ticks a beat, start, stop, continue and song position (MIDI 1.0).

In: `ClockIn` makes a tempo and a beat of ticks that come unevenly. Out: `ClockOut` says which bytes belong into a block of
frames and where, for a sink that writes them to the frame; `ClockSender` sends stamped bytes through a port, as well as a
sleeping thread can, and knows how well that is.
"""

import math
import threading
import time
from collections import deque

import numpy as np
from numpy.typing import NDArray

from bridge.midi.ports import OutPort

TICKS = 24
"""Ticks a beat."""

TICK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2

Offsets = NDArray[np.int64]


def ticks_between(beat0: float, beat1: float, frames: int, offsets: Offsets) -> int:
    """Find the ticks within a block of frames.

    Every tick at a beat in [beat0, beat1) is in it, so blocks that follow each other have each tick once, however they are cut.

    Parameters
    ----------
    beat0, beat1
        Beats at the block's first frame and at the first frame after it.
    frames
        Length of the block.
    offsets
        [shape=(n,), frames] Is filled with the frames, from the block's first, at which ticks lie, rounded down.

    Returns
    -------
    count : int
        How many there are, at most n; 0 where the clock stands or runs backwards.
    """
    if not beat1 > beat0:
        return 0
    tick, count = math.ceil(beat0 * TICKS), 0
    while tick < beat1 * TICKS and count < offsets.size:
        offsets[count] = min(max(int((tick / TICKS - beat0) / (beat1 - beat0) * frames), 0), frames - 1)
        tick += 1
        count += 1
    return count


class ClockOut:
    """Turns the beats of blocks into clock bytes. Nothing is allocated after it is made.

    After `block`, event i of `count` is `data[i, :size[i]]` at frame `offsets[i]`. A running clock that begins away from beat
    0, or jumps, is told as song position and continue on the next sixteenth, which is as fine as MIDI can say it.
    """

    def __init__(self, events: int = 256) -> None:
        self.offsets: Offsets = np.zeros(events, np.int64)
        self.data = np.zeros((events, 3), np.uint8)
        self.size = np.zeros(events, np.int64)
        self.count = 0
        self._ticks: Offsets = np.zeros(events // 4, np.int64)
        self._told = False
        self._end = math.nan

    def block(self, beat0: float, beat1: float, frames: int, *, running: bool) -> int:
        """Write the events of a block and return how many there are.

        Parameters
        ----------
        beat0, beat1
            Beats at the block's first frame and at the first frame after it.
        frames
            Length of the block.
        running
            Whether anything plays. Ticks go on without, so that others keep the tempo.
        """
        self.count = 0
        if self._told and not (running and abs(beat0 - self._end) * TICKS < 0.5):
            self._put(0, STOP)
            self._told = False
        self._end = beat1
        ticks = ticks_between(beat0, beat1, frames, self._ticks)
        first = math.ceil(beat0 * TICKS)
        for i in range(ticks):
            if running and not self._told:
                self._begin(int(self._ticks[i]), first + i)
            self._put(int(self._ticks[i]), TICK)
        return self.count

    def _begin(self, offset: int, tick: int) -> None:
        """Say that it runs, if it can be said on this tick."""
        sixteenth, rest = divmod(tick, TICKS // 4)
        if rest or not 0 <= sixteenth < 1 << 14:
            return
        if sixteenth == 0:
            self._put(offset, START)
        else:
            self._put(offset, POSITION, sixteenth & 127, sixteenth >> 7)
            self._put(offset, CONTINUE)
        self._told = True

    def _put(self, offset: int, status: int, low: int = -1, high: int = 0) -> None:
        i = self.count
        if i == self.offsets.size:
            return
        self.offsets[i], self.data[i, 0], self.size[i] = offset, status, 1
        if low >= 0:
            self.data[i, 1], self.data[i, 2], self.size[i] = low, high, 3
        self.count += 1


class ClockIn:
    """A tempo and a beat of clock messages that come unevenly.

    The last `WINDOW` ticks are laid on a line; ticks far off it do not count (late by the system's scheduler, not by the
    sender). When several in a row are off to the same side, the sender changed its tempo, and the line begins anew there.
    """

    WINDOW = 96
    FEWEST = 12
    FRESH = 6
    GAP = 0.5

    def __init__(self) -> None:
        self.running = False
        self._ticks: deque[tuple[float, int]] = deque(maxlen=self.WINDOW)
        self._next = 0
        self._line: tuple[float, float] | None = None

    @property
    def last(self) -> int:
        """The number of the last tick, counted from the start of the song."""
        return self._next - 1

    @property
    def bpm(self) -> float | None:
        """The tempo; None until `FEWEST` ticks have come."""
        return None if self._line is None else 60.0 / (TICKS * self._line[1])

    def beat(self, seconds: float) -> float | None:
        """Return the beat at a time; None until the tempo is known."""
        if self._line is None:
            return None
        at, each = self._line
        return (seconds - at) / each / TICKS

    def take(self, data: bytes, seconds: float) -> bool:
        """Take a message that came at a monotonic time; return whether it was the clock's."""
        status = data[0]
        if status == TICK:
            self._tick(seconds)
        elif status == START:
            self._go(0)
        elif status == CONTINUE:
            self.running = True
        elif status == STOP:
            self.running = False
        elif status == POSITION and len(data) == 3:
            self._move((data[1] | data[2] << 7) * TICKS // 4)
        else:
            return False
        return True

    def silent(self, seconds: float) -> bool:
        """Return whether no tick came for `GAP` seconds: nobody is there, or the cable is out."""
        return not self._ticks or seconds - self._ticks[-1][0] > self.GAP

    def _go(self, tick: int) -> None:
        self.running = True
        self._move(tick)

    def _move(self, tick: int) -> None:
        """Call the next tick to come number `tick`; the tempo stays."""
        by = tick - self._next
        self._next = tick
        self._ticks = deque(((at, n + by) for at, n in self._ticks), maxlen=self.WINDOW)
        if self._line is not None:
            self._line = self._line[0] - by * self._line[1], self._line[1]

    def _tick(self, seconds: float) -> None:
        if self.silent(seconds):
            self._ticks.clear()
            self._line = None
        self._ticks.append((seconds, self._next))
        self._next += 1
        if len(self._ticks) >= self.FEWEST:
            self._fit()

    def _fit(self) -> None:
        times, numbers = (np.array(column, float) for column in zip(*self._ticks, strict=True))
        at, each, off = _robust_line(numbers, times)
        fresh = off[-self.FRESH :]
        if (
            len(self._ticks) > 2 * self.FEWEST
            and np.all(np.abs(fresh) > 0.25 * each)
            and abs(np.sum(np.sign(fresh))) == self.FRESH
        ):
            for _ in range(len(self._ticks) - self.FRESH):
                self._ticks.popleft()
            return
        self._line = at, each


def _robust_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, NDArray[np.float64]]:
    """Return (y at x = 0, slope, distances) of a line that does not heed outliers.

    Repeated medians over half the length find a slope that a quarter of wrong points cannot move; a least-squares line through
    the points near it is as precise as they allow (Siegel 1982 for the idea).
    """
    half = x.size // 2
    slope = float(np.median((y[half:] - y[: x.size - half]) / (x[half:] - x[: x.size - half])))
    off = y - slope * x
    off -= np.median(off)
    near = np.abs(off) <= max(3 * 1.4826 * float(np.median(np.abs(off))), 1e-6)
    if np.count_nonzero(near) >= 3:
        middle = float(x[near].mean())
        slope, at = np.polyfit(x[near] - middle, y[near], 1)
        at -= slope * middle
    else:
        at = float(np.median(y - slope * x))
    return float(at), float(slope), y - (at + slope * x)


class ClockSender:
    """Sends stamped bytes through a port from a thread that sleeps until their time, for drivers that take no time stamps.

    It is not exact, and says how far off it is: `jitter`.
    """

    def __init__(self, port: OutPort) -> None:
        self._port = port
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._late: deque[float] = deque(maxlen=1024)
        self._wake = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="midi clock", daemon=True)
        self._thread.start()

    def put(self, seconds: float, data: bytes) -> None:
        """Send bytes at a monotonic time in seconds; stamps come in order."""
        with self._wake:
            self._waiting.append((seconds, data))
            self._wake.notify()

    def jitter(self) -> tuple[float, float]:
        """Return how late the last 1024 messages were, in seconds: (median, 99th of 100); 0 before the first."""
        late = list(self._late)
        return (float(np.median(late)), float(np.percentile(late, 99))) if late else (0.0, 0.0)

    def close(self) -> None:
        """End the thread; what waits is not sent."""
        with self._wake:
            self._open = False
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while (stamped := self._next()) is not None:
            seconds, data = stamped
            try:
                self._port.send(data)
            except OSError:
                continue
            self._late.append(time.monotonic() - seconds)

    def _next(self) -> tuple[float, bytes] | None:
        """Wait for the next message's time; None when closed."""
        with self._wake:
            while self._open:
                if not self._waiting:
                    self._wake.wait()
                elif (rest := self._waiting[0][0] - time.monotonic()) > 0:
                    self._wake.wait(rest)
                else:
                    return self._waiting.popleft()
        return None

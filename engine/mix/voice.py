"""How a deck reads its stream: as it is, or through a stretcher.

A voice shows the deck a window of samples [shape=(rows, channels, frames)] and where in it the next frame lies; the deck mixes
from there, so that the same mixing serves all of them. Rows are the sources, or one row that is their sum.
"""

from typing import Final, Protocol

import numpy as np

from engine.dsp.fades import Glides
from engine.dsp.stretch import Feed, RubberBand, Stretcher
from engine.mix.bank import Bank
from engine.mix.kernels import LONGEST, NO_TAPS, mix
from engine.mix.stream import Stream
from engine.model.audio import Samples

CHUNK: Final = 256
"""Frames that are stretched at a time. Tempo and pitch are looked at once a chunk, on a grid that starts with the voice, so
that the result does not depend on the block size."""


class Voice(Protocol):
    """What a deck plays from."""

    window: Samples
    position: int
    """The frame of the window that comes next."""

    def ready(self, n: int, tempo: float, pitch: float) -> int:
        """Return how many of the next `n` frames can be mixed from the window now, at least 1."""

    def advance(self, n: int) -> None:
        """Say that so many were mixed."""

    @property
    def behind(self) -> float:
        """Frames of the song between what is read next and what is mixed next."""

    @property
    def heard(self) -> float:
        """The frame of the song that is mixed next."""


class Plain:
    """The song as it is: bit for bit."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        bank = stream.bank
        self._room = np.zeros((len(bank.ids), bank.channels, CHUNK), dtype=np.float32)
        self._flat = self._room.reshape(-1, CHUNK)
        self.window, self.position = bank.samples, stream.position
        self._direct = True

    def begin(self, other: Stream, ahead: int) -> None:
        """Begin anew, so that the first frame is the one `ahead` of where another stream is."""
        self.stream.copy_of(other, ahead)
        self.position, self._direct = CHUNK, True

    def go(self, position: int) -> None:
        """Go to a frame at once: nothing sounds now."""
        self.position, self._direct = CHUNK, True
        self.stream.go(position, slip=False, at_once=True)

    def ready(self, n: int, _tempo: float, _pitch: float) -> int:
        """Straight from the bank where nothing happens, else from what the stream has read."""
        if not self._direct and self.position < CHUNK:
            return min(n, CHUNK - self.position)
        stream = self.stream
        self._direct = stream.simple
        if self._direct:
            self.window, self.position = stream.bank.samples, stream.position
            return max(1, min(n, stream.until_turn()))
        count = min(n, CHUNK)
        self.window, self.position = self._room, CHUNK - count
        stream.read(self._flat[:, CHUNK - count :])
        return count

    def advance(self, n: int) -> None:
        """Go on."""
        self.position += n
        if self._direct:
            self.stream.advance(n)

    @property
    def behind(self) -> float:
        """Frames that were read and not mixed yet."""
        return 0.0 if self._direct else float(CHUNK - self.position)

    @property
    def heard(self) -> float:
        """The very frame."""
        return self.stream.position - self.behind


class Stretched:
    """What a feed gives, through one stretcher: every row under one time map."""

    PIECES = 6
    """Pieces of the stretcher's feed that one step of priming takes: half as much again as playing does."""

    def __init__(self, stream: Stream, feed: Feed, rows: int, stretcher: Stretcher) -> None:
        """`stream` begins as much before the first frame wanted as the stretcher leads."""
        self.window, self.position = np.zeros((rows, stream.bank.channels, CHUNK), dtype=np.float32), CHUNK
        self.stream, self._feed, self._stretcher = stream, feed, stretcher
        self._flat = self.window.reshape(-1, CHUNK)
        self._tempo = 1.0

    def begin(self, other: Stream, ahead: int, tempo: float, pitch: float) -> int:
        """Begin anew, so that the first frame is the one `ahead` of where another stream is.

        Return how far ahead of the other this stream is then, so that the stretcher has its lead.
        """
        self._stretcher.reset(tempo, pitch)
        self._tempo, self.position = tempo, CHUNK
        self.stream.copy_of(other, ahead - self._stretcher.lead)
        return ahead - self._stretcher.lead

    @property
    def steps(self) -> int:
        """Steps of priming that are always enough."""
        return -(-3 * self._stretcher.lead // (self.PIECES * RubberBand.PIECE)) + 2

    def prime(self) -> bool:
        """Do one step; True when it is ready."""
        return self._stretcher.prime(self._feed, self.PIECES)

    def ready(self, n: int, tempo: float, pitch: float) -> int:
        """Stretch a chunk when the last one is used up."""
        if self.position == CHUNK:
            self._tempo = tempo
            self._stretcher.set(tempo, pitch)
            self._stretcher.fill(self._flat, self._feed)
            self.position = 0
        return min(n, CHUNK - self.position)

    def advance(self, n: int) -> None:
        """Go on."""
        self.position += n

    @property
    def behind(self) -> float:
        """Frames of the song between what is read next and what is mixed next."""
        return self._stretcher.under_way + (CHUNK - self.position) * self._tempo

    @property
    def heard(self) -> float:
        """By the stretcher's time map; within some milliseconds."""
        behind = self.behind
        back = self.stream.leapt if self.stream.since < behind else 0
        return self.stream.position - behind - back


class Sum:
    """Feeds the sum of the sources: several times less to stretch, but their levels must stay as they are."""

    def __init__(self, stream: Stream, levels: Glides) -> None:
        self._stream, self._levels = stream, levels
        self._none, self._rows = np.zeros((0, 4)), np.zeros(levels.shape[0], dtype=np.int64)
        self._scratch, self._bus, self._peak = np.zeros((2, LONGEST)), np.zeros((2, LONGEST)), np.zeros(1)

    @property
    def _bank(self) -> Bank:
        return self._stream.bank

    def __call__(self, out: Samples) -> None:
        """Read [shape=(channels, n)], `n` at most `LONGEST`."""
        channels, n = out.shape
        self._bus[:, :n] = 0.0
        start, levels = self._stream.position, self._levels
        mix(
            self._bank.samples, start, n, levels, self._none, 1, self._scratch, self._bus[None], self._rows, 0, NO_TAPS,
            self._rows, 0, self._peak, False,  # noqa: FBT003 - a kernel takes no keywords
        )  # fmt: skip
        self._stream.advance(n)
        out[:] = self._bus[:channels, :n]

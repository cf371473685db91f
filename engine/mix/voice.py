"""How a deck reads its bank: as it is, or through a stretcher.

A voice shows the deck a window of samples [shape=(rows, channels, frames)] and where in it the next frame lies; the deck mixes
from there, so that the same mixing serves all of them. Rows are the sources, or one row that is their sum.
"""

from typing import Protocol

import numpy as np

from engine.dsp.fades import Glides
from engine.dsp.stretch import Stretcher
from engine.mix.bank import Bank, read
from engine.mix.kernels import LONGEST, NO_TAPS, mix
from engine.model.audio import Samples

CHUNK = 256
"""Frames that are stretched at a time. Tempo and pitch are looked at once a chunk, on a grid that starts with the deck, so
that the result does not depend on the block size."""


class Voice(Protocol):
    """What a deck plays from."""

    window: Samples
    position: int
    """The frame of the window that comes next."""

    def ready(self, n: int, tempo: float, pitch: float) -> int:
        """Return how many of the next `n` frames can be mixed from the window now, at least 1."""


class Reader(Protocol):
    """Writes the song's frames from `start` on into `out` [shape=(rows * channels, n)]."""

    def __call__(self, start: int, out: Samples) -> None:
        """Read."""


class Plain:
    """The song as it is: bit for bit."""

    def __init__(self, bank: Bank, start: int) -> None:
        self.window, self.position = bank.samples, start

    def ready(self, n: int, _tempo: float, _pitch: float) -> int:
        """All of them."""
        return n


class Stretched:
    """What a reader gives, through one stretcher: every row under one time map."""

    def __init__(self, reader: Reader, window: Samples, start: int, stretcher: Stretcher) -> None:
        """`window` [shape=(rows, channels, CHUNK)] is written to; `start` is the song's frame to begin with."""
        self.window, self.position = window, CHUNK
        self._flat = window.reshape(-1, CHUNK)
        self._reader, self._stretcher = reader, stretcher
        self._song_frame = start - stretcher.lead

    def ready(self, n: int, tempo: float, pitch: float) -> int:
        """Stretch a chunk when the last one is used up."""
        if self.position == CHUNK:
            self._stretcher.set(tempo, pitch)
            self._stretcher.fill(self._flat, self._feed)
            self.position = 0
        return min(n, CHUNK - self.position)

    def _feed(self, piece: Samples) -> None:
        self._reader(self._song_frame, piece)
        self._song_frame += piece.shape[1]


class Sources:
    """Reads the sources one by one: their levels act after the stretcher, so that no knob waits for it."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def __call__(self, start: int, out: Samples) -> None:
        """Read [shape=(sources * channels, n)]."""
        read(self._bank, start, out)


class Sum:
    """Reads the sum of the sources: several times less to stretch, but their levels must stay as they are."""

    def __init__(self, bank: Bank, levels: Glides) -> None:
        self._bank, self._levels = bank, levels
        self._none = np.zeros((0, 4))
        self._scratch, self._bus = np.zeros((2, LONGEST)), np.zeros((2, LONGEST))

    def __call__(self, start: int, out: Samples) -> None:
        """Read [shape=(channels, n)], `n` at most `LONGEST`."""
        channels, n = out.shape
        self._bus[:, :n] = 0.0
        mix(self._bank.samples, start, n, self._levels, self._none, 1, self._scratch, self._bus, 0, NO_TAPS, 0)
        out[:] = self._bus[:channels, :n]

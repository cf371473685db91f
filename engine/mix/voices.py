"""Which voice of a deck sounds, which one is getting ready, and the way from one to the other.

A deck at its own tempo and pitch needs no stretcher. When it leaves them, a stretcher is fed ahead of what sounds, a little in
every step so that no block has all the work, and takes over by a cross-fade when the song comes to the place that it was
prepared for: no jump, no click, no wait that is heard. The same way leads from one decomposition to the other.
"""

from typing import Literal

import numpy as np

from engine.dsp.fades import AGE, GLIDE_SECONDS, glide_to, glides
from engine.dsp.stretch import MAX_CHANNELS, Engine, RubberBand
from engine.mix.cells import Cells
from engine.mix.record import Record
from engine.mix.stream import Stream
from engine.mix.voice import CHUNK, Plain, Stretched

Mode = Literal["plain", "fixed", "bends"]
"""Without a stretcher; with one that keeps its pitch; with one whose pitch may move, which costs more."""

Key = tuple[int, Mode]


class Voices:
    """All voices of a record on a deck. What `key` says sounds: which bank, and how it is read."""

    def __init__(self, record: Record, position: int, engine: Engine) -> None:
        """Build everything that may be needed: this is slow (some ms for each stretcher), the rest is not."""
        self._record = record
        self._all: dict[Key, Plain | Stretched] = {}
        self.cells: list[Cells] = []
        """Of each bank; all its streams see them."""
        for i, bank in enumerate(record.banks):
            cells = Cells(bank)
            self.cells.append(cells)
            self._all[i, "plain"] = Plain(Stream(bank, position, cells))
            rows = len(bank.ids)
            if rows * bank.channels <= MAX_CHANNELS:
                fixed = RubberBand(bank.rate, rows * bank.channels, 1.0, 0.0, engine, bends=False)
                bends = RubberBand(bank.rate, rows * bank.channels, 1.0, 0.0, engine, bends=True)
                for mode, band in (("fixed", fixed), ("bends", bends)):
                    stream = Stream(bank, position, cells)
                    self._all[i, mode] = Stretched(stream, stream.read, rows, band)  # type: ignore[index]
        self.key: Key = (0, "plain")
        self.current = self._all[self.key]
        self.leaving: Plain | Stretched | None = None
        self.leaving_bank = 0
        self._coming: Key | None = None
        self._steps = 0
        self._length = max(1, round(GLIDE_SECONDS * record.rate))
        self.enter, self.leave = glides(np.ones(2))

    def can(self, key: Key) -> bool:
        """Whether there is such a voice: a bank may have too many sources to be stretched side by side."""
        return key in self._all

    def faded(self) -> None:
        """Forget the voice that leaves when it has left."""
        if self.leaving is not None and self.leave[AGE] >= self._length:
            self.leaving = None

    def step(self, key: Key, now: tuple[float, float], then: tuple[float, float], *, running: bool) -> None:
        """Go towards a voice, once a control step of `CHUNK` frames.

        Parameters
        ----------
        key : Key
            The voice that is wanted.
        now, then : (float, float)
            Tempo and pitch as they are and as the wanted voice shall have them.
        running : bool
            Whether the deck moves. Where it stands nothing is heard, and the new voice is there as soon as it is ready.
        """
        self.faded()
        if key == self.key:
            self._coming = None
            return
        if key[1] == "plain":
            self._show(key, running=running)
            return
        if self._coming != key:
            self._begin(key, now, then, running=running)
        if self._coming is None:
            return
        ready = self._coming_voice.prime()
        self._steps -= 1
        if ready and not running:
            self._swap(key, running=False)
        elif running and self._steps <= 0:
            self._swap(key, running=True)

    @property
    def _coming_voice(self) -> Stretched:
        assert self._coming is not None  # noqa: S101 - callers have looked
        voice = self._all[self._coming]
        assert isinstance(voice, Stretched)  # noqa: S101 - only these take time
        return voice

    def _begin(self, key: Key, now: tuple[float, float], then: tuple[float, float], *, running: bool) -> None:
        if self._all[key] is self.leaving:
            self._coming = None
            return
        self._coming = key
        voice = self._coming_voice
        self._steps = voice.steps if running else 0
        ahead = self._to_heard() + round(self._steps * CHUNK * (now[0] if self.key[1] != "plain" else 1.0))
        self._take_rows(voice.stream, key[0], voice.begin(self.current.stream, ahead, *then))

    def _take_rows(self, stream: Stream, bank: int, ahead: int) -> None:
        stream.take_rows(self.current.stream, ahead, self._record.rows[bank], self._record.rows[self.key[0]])

    def _to_heard(self) -> int:
        """Frames from where the stream is to the next one that sounds, in time: 0 or back."""
        return -round(self.current.behind)

    def _show(self, key: Key, *, running: bool) -> None:
        """Change to a plain voice, which needs no preparation."""
        back = self._to_heard()
        voice = self._all[key]
        if voice is self.leaving:
            return
        assert isinstance(voice, Plain)  # noqa: S101 - by its key
        voice.begin(self.current.stream, back)
        self._take_rows(voice.stream, key[0], back)
        self._swap(key, running=running)

    def _swap(self, key: Key, *, running: bool) -> None:
        self.leaving, self.leaving_bank = (self.current, self.key[0]) if running else (None, 0)
        self.current, self.key, self._coming = self._all[key], key, None
        if running:
            glide_to(self.enter, 0.0, 0)
            glide_to(self.leave, 1.0, 0)
            glide_to(self.enter, 1.0, self._length)
            glide_to(self.leave, 0.0, self._length)
        else:
            glide_to(self.enter, 1.0, 0)

    def disturb(self) -> None:
        """Something happened to the stream that plays: what gets ready must begin anew."""
        self._coming = None

    def settle(self, position: int | None = None) -> None:
        """Stand: be plain, at a place of the song or where it was heard last."""
        self.leaving = None
        key: Key = (self.key[0], "plain")
        if key != self.key:
            self._show(key, running=False)
        self._coming = None
        glide_to(self.enter, 1.0, 0)
        if position is not None:
            assert isinstance(self.current, Plain)  # noqa: S101 - by its key
            self.current.go(position)

    def start(self) -> None:
        """Start: finish what is getting ready, so that it starts as it is set."""
        if self._coming is None:
            return
        while not self._coming_voice.prime():
            pass
        self._swap(self._coming, running=False)

    def compile(self) -> None:
        """Have the kernels compiled outside the audio path."""
        for voice in self._all.values():
            voice.stream.compile()

"""The mixer: decks -> master level -> limiter, obeying commands to the frame."""

from collections.abc import Sequence

import numpy as np

from engine.dsp.fades import GLIDE_SECONDS, glide_to, glides
from engine.dsp.levels import gain_of_db
from engine.mix.addresses import MASTER_CEILING, MASTER_GAIN, MASTER_LIMITER, Addresses, place_of
from engine.mix.channel import Channel
from engine.mix.kernels import LONGEST, NO_TAPS, scale
from engine.mix.limiter import Limiter
from engine.mix.queue import NOTHING, CommandQueue
from engine.model.audio import Samples
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, MASTER


class Mixer:
    """What plays. Live it is asked for blocks by a clock, for a bounce as fast as they come; the samples are the same.

    `latency` is how many frames late the limiter lets everything out: a bounce drops as many at the start. `frame` is how many
    have been rendered; commands are in frames of this clock, before the latency.
    """

    def __init__(self, rate: int, decks: Sequence[Channel], *, integer_output: bool = False, capacity: int = 4096) -> None:
        """Build a mixer and compile what it runs.

        Parameters
        ----------
        rate : int, Hz
            Of every deck's bank.
        decks : sequence of Channel
        integer_output : bool
            Hold samples within full scale even where the limiter is off, since integers would clip there.
        capacity : int
            How many commands may wait.
        """
        if any(deck.rate != rate for deck in decks):
            raise ValueError(f"every bank must be at {rate} Hz, got {[deck.rate for deck in decks]}")
        if len({deck.name for deck in decks}) < len(decks):
            raise ValueError(f"deck names must differ, got {[deck.name for deck in decks]}")
        self.decks, self.frame = tuple(decks), 0
        self.addresses = Addresses({deck.name: deck.names for deck in decks})
        self._by_index = {DECKS.index(deck.name): deck for deck in decks}
        self._queue = CommandQueue(capacity)
        self._limiter = Limiter(rate)
        self.latency = self._limiter.latency
        self._values = np.array([param.default for param in MASTER])
        self._ceiling = gain_of_db(float(self._values[MASTER_CEILING]))
        self._clip = 1.0 if integer_output else np.inf
        self._length = max(1, round(GLIDE_SECONDS * rate))
        self.fader = glides(np.ones(1))[0]
        """The glide of the master level."""
        self._bus, self._cue, self._scratch = (np.zeros((2, LONGEST)) for _ in range(3))
        self._no_taps = (NO_TAPS,) * len(self.decks)
        self._compile()

    def _compile(self) -> None:
        for deck in self.decks:
            deck.compile()
        glide_to(self.fader, 1.0, 0)
        self._finish(0, np.zeros((2, 0), dtype=np.float32), 0)

    def send(self, command: Command) -> None:
        """Take a command; what comes before anything has sounded takes effect at once, everything else glides.

        Raises
        ------
        RemixtureError
            If there is no such parameter, its value is out of range, its deck cannot follow, or too many commands wait.
        """
        place, param = self.addresses.find(command.path)
        value = param.check(command.value, command.path)
        if place.deck >= 0:
            self._by_index[place.deck].check(place, command.path, at_start=self.frame == 0 and command.at <= 0)
        if not self._queue.put(command.at, place.address, value):
            raise RemixtureError(f"{command.path}: too many commands wait; send them closer to their frame (now {self.frame})")

    @property
    def reduction_db(self) -> float:
        """The most that the limiter took away so far, in dB."""
        return self._limiter.reduction_db

    def forget_reduction(self) -> None:
        """Count what the limiter takes away anew."""
        self._limiter.forget()

    def make_taps(self, frames: int) -> list[Samples]:
        """Return arrays for `render` to write each source's share to, one [shape=(sources, 2, frames)] per deck.

        Raises
        ------
        RemixtureError
            If a deck stretches the sum of its sources, so that there are no shares.
        """
        for deck in self.decks:
            if deck.summed:
                raise RemixtureError(f"deck {deck.name} stretches the sum of its sources, so it cannot give them one by one")
        return [np.zeros((len(deck.names), 2, frames), dtype=np.float32) for deck in self.decks]

    def render(self, out: Samples, taps: Sequence[Samples] = ()) -> None:
        """Write the next block to `out` [shape=(2, n), float32], any `n`.

        `taps`, from `make_taps` for `n` frames, are written too: each source after its levels and its deck's, before the master
        level, and so not late by `latency`. Allocates no arrays of its own, waits for nothing, raises nothing.
        """
        for tap in taps:
            tap.fill(0.0)
        done, frames = 0, out.shape[1]
        while done < frames:
            n = self._obey(min(frames - done, LONGEST))
            self._mix(n, taps or self._no_taps, done)
            self._finish(n, out, done)
            done += n
            self.frame += n

    def _mix(self, n: int, taps: Sequence[Samples], done: int) -> None:
        self._bus[:, :n] = 0.0
        self._cue[:, :n] = 0.0
        for deck, tap in zip(self.decks, taps, strict=True):
            deck.render(self._bus, n, self._cue, tap, done)

    def _obey(self, n: int) -> int:
        """Obey the commands that are due; return how many of the next `n` frames come before the next one."""
        due = self._queue.next_frame()
        while due <= self.frame:
            address, value = self._queue.take()
            if address != NOTHING:
                self._set(address, value)
            due = self._queue.next_frame()
        return min(n, due - self.frame)

    def _set(self, address: int, value: float) -> None:
        place, at_once = place_of(address), self.frame == 0
        if place.deck >= 0:
            self._by_index[place.deck].set(place.source, place.slot, value, at_once=at_once)
            return
        self._values[place.slot] = value
        if place.slot == MASTER_GAIN:
            glide_to(self.fader, gain_of_db(value), 0 if at_once else self._length)
        limited = self._values[MASTER_LIMITER] != 0.0
        self._ceiling = gain_of_db(float(self._values[MASTER_CEILING])) if limited else np.inf

    def _finish(self, n: int, out: Samples, at: int) -> None:
        scale(self._bus, n, self.fader, self._length, self._scratch)
        self._limiter.process(self._bus, n, self._ceiling, self._clip, out, at)

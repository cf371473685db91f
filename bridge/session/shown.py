"""What a player shows of itself."""

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.session.engines import Engines
from bridge.session.known import Known
from bridge.session.link import NOBODY
from bridge.session.messages import Parcel
from bridge.session.status import Status, status_of
from engine.model.audio import Samples
from engine.model.params import Param
from engine.model.take import Recording

if TYPE_CHECKING:
    from bridge.session.library import Shelf
    from bridge.session.take import RunningTake

LOOK_SECONDS = 0.1
"""How long after the last look at the clock it is believed to run on."""


class Shown:
    """Any thread may ask, at any time once the engine was started."""

    _engines: Engines

    def __init__(self) -> None:
        self._known = Known()
        self._lock = threading.RLock()
        self._base = 0
        """The frame of the session's clock, which the take counts, at which the engine began to count its own."""
        self._fields: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()
        self._take: RunningTake | None = None

    @property
    def take(self) -> Path | None:
        """Where the take is written, if it is."""
        return self._take.path if self._take else None

    def recordings(self) -> tuple[Recording, ...]:
        """Return what was recorded in the take so far; none where there is no take."""
        with self._lock:
            return self._take.recordings() if self._take else ()

    @property
    def pid(self) -> int:
        """The process that plays now."""
        with self._lock:
            return self._engines.link.pid

    def value(self, path: str) -> float:
        """Return the last known value: what was sent to be done now, else what took effect."""
        with self._lock:
            return self._known.value(path)

    def values(self) -> dict[str, float]:
        """Return all known values by their paths; what is not there is at its default."""
        with self._lock:
            return dict(self._known.values)

    def cells(self, deck: str) -> dict[str, dict[int, bool]]:
        """Return which bars of a deck's sources are switched, counted from 1, and whether they are on; by source."""
        with self._lock:
            return self._known.cells(deck)

    def param(self, path: str) -> Param:
        """Return the parameter of a path; RemixtureError if there is none now."""
        with self._lock:
            return self._known.addresses.find(path)[1]

    def sources(self, deck: str) -> tuple[str, ...]:
        """Return the ids of the sources on a deck, in order; () for an empty one."""
        with self._lock:
            return self._known.addresses.names(deck)

    def beat(self) -> tuple[float, float, bool]:
        """Return the beat of the clock now, its tempo in bpm, and whether anything runs."""
        status = self.status()
        away = min(max(0.0, time.monotonic() - status.stamp), LOOK_SECONDS)
        beat = status.beat + away * status.bpm / 60.0
        return beat, status.bpm, any(deck.running for deck in status.decks.values())

    def status(self) -> Status:
        """Return what is so now."""
        with self._lock:
            return status_of(self._engines.link.numbers(), self._fields)

    def numbers(self) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return what is so now as bare numbers [shape=(n,)], and their names; both are empty before the first block.

        It is what `status` reads: `session.frame` and the like, then `engine.mix.meters.FIELDS`.
        """
        with self._lock:
            numbers = self._engines.link.numbers()
            return (self._names, numbers) if numbers.size and self._fields else ((), NOBODY)

    def heard(self, since: int) -> tuple[int, Samples]:
        """Return what the master gave from frame `since` of the session's clock on, some seconds back at most.

        Returns
        -------
        frame : int
            Up to where: ask for what comes from there on next time.
        samples : ndarray [shape=(2, n), float32]
            The last `n` frames before it. Fewer than from `since` on: the others are gone, or never were.
        """
        with self._lock:
            base, heard = self._base, self._engines.link.heard
        frame, samples = heard.read(since - base)
        return base + frame, samples

    def timings(self, kind: str, share: float) -> float:
        """Return the seconds that `share` of the blocks so far did not exceed; see `timings.KINDS`."""
        with self._lock:
            return self._engines.link.timings.seconds(kind, share)

    def song(self, deck: str) -> Parcel:
        """Return what is on a deck; RemixtureError if nothing is."""
        return self.shelf(deck).parcel

    def shelf(self, deck: str) -> "Shelf":
        """Return what is on a deck together with the set it comes from, as that was then; RemixtureError if nothing is."""
        with self._lock:
            return self._known.on(deck)

"""Ableton Link: tempo and beat shared with other programs on the network, by aalink.

Link has no leader. Where the desk's own clock runs, it goes with the others, and a tempo set by hand is theirs too; where
a deck leads, the others go with the deck. Beats agree modulo `QUANTUM`, which is Link's own idea of a bar.
"""

import asyncio
from typing import Any

from bridge.midi.desk import Desk
from bridge.midi.follow import STEADY, Follower

QUANTUM = 4.0
"""Beats modulo which all agree."""

SURE = 3
"""Looks in a row at which a tempo must be the same before it is a hand's: our own may take a moment to come back."""

OFF = 0.02
"""Beats by which the others may be off a deck that leads."""


class LinkClock:
    """The desk on a Link session. `poll` is called a few times a second, or more often.

    OSError if aalink does not load here.
    """

    def __init__(self, desk: Desk) -> None:
        try:
            from aalink import Link
        except ImportError as error:
            raise OSError(f"Ableton Link: aalink does not load here ({error})") from error
        self._desk = desk
        self._follower = Follower(desk)
        self._loop = asyncio.new_event_loop()
        _, bpm, _ = desk.beat()
        self._link: Any = self._loop.run_until_complete(_made(Link, bpm))
        self._foreign: float | None = None
        self._looks = 0
        self._link.quantum = QUANTUM
        self._link.enabled = True

    @property
    def peers(self) -> int:
        """How many others are there."""
        return int(self._link.num_peers)

    def poll(self) -> None:
        """Go with the others, or let them go with the desk."""
        here, bpm, running = self._desk.beat()
        if self._follower.leads():
            self._lead(here, bpm, running=running)
        elif self.peers:
            there = float(self._link.beat)
            ahead = (there - here + QUANTUM / 2) % QUANTUM - QUANTUM / 2
            if self._settled():
                self._follower.follow(here + ahead, float(self._link.tempo))
        else:
            self._lead(here, self._desk.value("master.tempo"), running=running)

    def close(self) -> None:
        """Leave the session."""
        self._link.enabled = False
        self._loop.close()

    def _settled(self) -> bool:
        """Give a tempo that was set by hand to the others; return whether there is no doubt whose tempo it is."""
        foreign = self._follower.foreign()
        self._looks = self._looks + 1 if foreign is not None and foreign == self._foreign else 0
        self._foreign = foreign
        if foreign is not None and self._looks >= SURE:
            self._link.tempo = foreign
            return True
        return foreign is None

    def _lead(self, here: float, bpm: float, *, running: bool) -> None:
        """Let the others take our tempo, and our beat while it moves."""
        if abs(bpm - float(self._link.tempo)) > STEADY * bpm:
            self._link.tempo = bpm
        off = (float(self._link.beat) - here + QUANTUM / 2) % QUANTUM - QUANTUM / 2
        if running and abs(off) > OFF:
            self._link.force_beat(here)


async def _made(link: Any, bpm: float) -> Any:  # noqa: ANN401 (aalink has no types)
    """Make a session; aalink wants to be called from a running loop."""
    return link(bpm)

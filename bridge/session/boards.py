"""All that a player and its engine process share: two rings, a table of what is so now, the timings of blocks, the master."""

from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self

from bridge.session.heard import Heard
from bridge.session.memory import Block
from bridge.session.ring import Ring, Table
from bridge.session.timings import Timings

COMMANDS = 16_384
APPLIED = 65_536
"""Records that the ring of commands, and the one of what was applied, hold."""
NUMBERS = 4096
"""Numbers in the table at most."""

FRAME, STAMP, LATE, STANDING, LOST, END, HEADS = range(7)
"""The table begins with: the mixer's frame; `time.monotonic` when it was there; what came too late, as the sink counts it; 1
while the sink is gone; records that found no room; the frame at which the last fade out began, 0 before that. From `HEADS` on
follow the mixer's meters."""

HEAD_FIELDS = tuple(f"session.{name}" for name in ("frame", "stamp", "late", "standing", "lost", "end"))
"""Names of what the table begins with."""

LOADED = -1
"""Instead of an address: `LOADED - deck` says that the song with the number `value` is on that deck now."""

CHAINED = -16
"""Likewise `CHAINED - number` says that the effects with that number are in their place now."""


@dataclass(frozen=True, slots=True)
class Boards:
    """Each process has its own, over the same blocks."""

    blocks: tuple[Block, ...]

    @classmethod
    def new(cls) -> Self:
        """Make them; a new engine process gets new ones."""
        sizes = (Ring.size(COMMANDS), Ring.size(APPLIED), Table.size(NUMBERS), Timings.size(), Heard.size())
        return cls(tuple(Block.new(size) for size in sizes))

    @classmethod
    def take(cls, pipe: Connection) -> Self:
        """Receive them from the other end of a pipe."""
        return cls(tuple(Block.take(pipe) for _ in range(5)))

    def hand(self, pipe: Connection, pid: int) -> None:
        """Hand them to process `pid` at the other end of a pipe."""
        for block in self.blocks:
            block.hand(pipe, pid)

    def commands(self) -> Ring:
        """Return what is wanted: the player puts, the engine takes."""
        return Ring(self.blocks[0])

    def applied(self) -> Ring:
        """Return what took effect: the engine puts, the player takes."""
        return Ring(self.blocks[1])

    def table(self) -> Table:
        """Return what is so now: the engine writes."""
        return Table(self.blocks[2])

    def timings(self) -> Timings:
        """Return how long blocks took: the engine counts."""
        return Timings(self.blocks[3])

    def heard(self) -> Heard:
        """Return what the master gave last: the engine writes."""
        return Heard(self.blocks[4])

    def close(self) -> None:
        """Give the descriptors back."""
        for block in self.blocks:
            block.close()

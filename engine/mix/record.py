"""What is put on a deck: one song with all its decompositions."""

from collections.abc import Mapping

from engine.mix.bank import Bank
from engine.model.grid import Beatgrid


class Record:
    """The banks of one song: stems, loops, or both. Each of them sums to the song, so that a deck may change between them."""

    def __init__(self, banks: Mapping[str, Bank]) -> None:
        """`banks` by name, the one to play first in front; at one rate, of one length, on one grid.

        Raises
        ------
        ValueError
            If there is none, or they do not belong to one recording.
        """
        self.parts, self.banks = tuple(banks), tuple(banks.values())
        if not self.banks:
            raise ValueError("a record has at least one decomposition")
        first = self.banks[0]
        if any((bank.rate, bank.frames, bank.channels) != (first.rate, first.frames, first.channels) for bank in self.banks):
            raise ValueError(f"the decompositions {', '.join(self.parts)} are not of one recording")
        self.names = tuple(dict.fromkeys(name for bank in self.banks for name in bank.ids))
        """The sources of all banks. A name that two of them have, such as the residual, has one level."""
        self.rows = tuple(tuple(self.names.index(name) for name in bank.ids) for bank in self.banks)
        """For each bank, which of the names its rows are."""
        self.bpm = first.grid.bpm

    @property
    def rate(self) -> int:
        """In Hz."""
        return self.banks[0].rate

    @property
    def frames(self) -> int:
        """Length in frames."""
        return self.banks[0].frames

    @property
    def grid(self) -> Beatgrid:
        """The song's beats."""
        return self.banks[0].grid

    def bar_frame(self, bar: float) -> int:
        """Return the frame at which a (fractional) bar starts; bar 0 is the first downbeat."""
        return self.banks[0].bar_frame(bar)

"""The levels of a deck's sources: gain, mute and solo as people set them, and the glides that the kernels mix by."""

import numpy as np

from engine.dsp.fades import glides
from engine.mix.kernels import aim
from engine.mix.record import Record
from engine.model.params import SOURCE


class Levels:
    """One row of values for each name; for each bank of the record the glides of its sources."""

    def __init__(self, record: Record, length: int) -> None:
        self.values = np.tile([param.default for param in SOURCE], (len(record.names), 1))
        self.names = [np.array(rows, dtype=np.int64) for rows in record.rows]
        self.glides = [glides(np.ones(rows.size)) for rows in self.names]
        self._length = length

    def set(self, name: int, slot: int, value: float, playing: int, *, at_once: bool) -> None:
        """Set a value; the bank that is `playing` glides, the others are there at once."""
        self.values[name, slot] = value
        for bank in range(len(self.names)):
            self.aim(bank, at_once=at_once or bank != playing)

    def aim(self, bank: int, *, at_once: bool) -> None:
        """Turn a bank's glides to what the values say."""
        aim(self.values, self.names[bank], self.glides[bank], 0 if at_once else self._length)

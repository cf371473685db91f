"""A deck's channel strip: effects of sources -> effects of the deck -> isolator -> filter -> headphones -> fader."""

import numpy as np

from engine.dsp.fades import glide_to, glides
from engine.dsp.levels import gain_of_db
from engine.mix.addresses import DECK_GAIN, SOURCES_MOST
from engine.mix.kernels import LONGEST, Bus, fade
from engine.model.audio import Samples

from engine.dsp.fades import GLIDE_SECONDS


class Strip:
    """What a deck's sound goes through. `buses` [shape=(1 + inserts, 2, LONGEST)] is what the deck mixes into."""

    def __init__(self, rate: int) -> None:
        self._length = max(1, round(GLIDE_SECONDS * rate))
        self.buses = np.zeros((1, 2, LONGEST))
        self.to = np.zeros(SOURCES_MOST, dtype=np.int64)
        """Which bus each source goes to."""
        self._faders = glides(np.ones(2))
        self._scratch = np.zeros((2, LONGEST))

    def set(self, slot: int, value: float, length: int) -> None:
        """Obey a command to the deck, if it is meant."""
        if slot == DECK_GAIN:
            glide_to(self._faders[0], gain_of_db(value), length)

    def cross(self, crossfader: float, curve: int, length: int) -> None:
        """The mixer's crossfader moved."""
        del crossfader, curve, length

    def process(self, n: int, bus: Bus, cue: Bus, taps: Samples, tap_at: int) -> None:
        """Add what is in the buses to the mixer's bus and to the headphones'."""
        fade(self.buses[0], n, self._faders, self._length, self._scratch, bus, taps, tap_at)

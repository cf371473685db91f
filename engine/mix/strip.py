"""A deck's channel strip: effects of sources -> effects of the deck -> isolator -> filter -> headphones -> fader."""

import numpy as np

from engine.dsp.crossfade import side_gain
from engine.dsp.delay import delay_line, delay_state, delayed
from engine.dsp.fades import GLIDE_SECONDS, glide_to, glides
from engine.dsp.isolator import WET_SECONDS, isolate, isolator_coefficients, isolator_state
from engine.dsp.levels import gain_of_db
from engine.dsp.sweep import sweep, sweep_state
from engine.mix.addresses import (
    DECK_EQ_HIGH,
    DECK_EQ_LOW,
    DECK_EQ_MID,
    DECK_FILTER,
    DECK_GAIN,
    DECK_PFL,
    DECK_SIDE,
    SOURCES_MOST,
)
from engine.mix.insert import Through
from engine.mix.kernels import LONGEST, NO_TAPS, Bus, fade
from engine.model.audio import Samples
from engine.model.params import DECK

LATENCY_SECONDS = 0.5
"""The most that effects may be late."""

BANDS = (DECK_EQ_LOW, DECK_EQ_MID, DECK_EQ_HIGH)

KILLED_DB = DECK[DECK_EQ_LOW].low


class Pad:
    """A delay that makes up for effects elsewhere."""

    def __init__(self, rate: int) -> None:
        self.frames = 0
        self._length = max(1, round(GLIDE_SECONDS * rate))
        self._line, self._state = delay_line(round(LATENCY_SECONDS * rate)), delay_state(0)

    def process(self, bus: Bus, n: int) -> None:
        """Delay `n` frames."""
        delayed(bus, 0, n, self._line, self._state, self.frames, self._length)


class Strip:
    """What a deck's sound goes through. `buses` [shape=(1 + inserts, 2, LONGEST)] is what the deck mixes into."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._length, self._wet_length = (max(1, round(seconds * rate)) for seconds in (GLIDE_SECONDS, WET_SECONDS))
        self.buses = np.zeros((1, 2, LONGEST))
        self.to = np.zeros(SOURCES_MOST, dtype=np.int64)
        """Which bus each source goes to."""
        self._sources: list[tuple[int, Through, Pad]] = []
        self.chain: Through | None = None
        self._rest, self.pad = Pad(rate), Pad(rate)
        """What sources without effects wait for the others, and what the deck waits for other decks."""
        self.compensates = False
        self._bands, self._wet = glides(np.ones(3)), glides(np.zeros(1))[0]
        self._coefficients, self._isolator = isolator_coefficients(rate), isolator_state()
        self._knob, self._sweep_wet, self._sweep = glides(np.zeros(1))[0], glides(np.zeros(2)), sweep_state()
        self._pfl, self.faders = glides(np.zeros(1)), glides(np.ones(2))
        """The deck's level, and its side of the crossfader."""
        self._cross = (0.0, 0.0, 0)
        self._scratch = np.zeros((2, LONGEST))

    @property
    def latency(self) -> int:
        """Frames by which effects make this deck late."""
        return self._source_latency + (self.chain.latency if self.chain else 0)

    @property
    def _source_latency(self) -> int:
        return max((through.latency for _, through, _ in self._sources), default=0)

    def insert(self, source: int, through: Through | None) -> None:
        """Send a source, or with -1 the deck, through effects; None takes them away. Between two blocks."""
        if source < 0:
            self.chain = through
            return
        self._sources = [kept for kept in self._sources if kept[0] != source]
        if through is not None:
            self._sources.append((source, through, Pad(self._rate)))
        self.to[:] = 0
        for bus, (name, own, pad) in enumerate(self._sources, 1):
            self.to[name] = bus
            pad.frames = self._source_latency - own.latency
        self._rest.frames = self._source_latency
        self.buses = np.zeros((1 + len(self._sources), 2, LONGEST))

    def inserted(self, source: int) -> Through | None:
        """Return what a source, or with -1 the deck, goes through."""
        if source < 0:
            return self.chain
        return next((through for name, through, _ in self._sources if name == source), None)

    def clear_sources(self) -> None:
        """Take the effects of all sources away."""
        for name in [name for name, _, _ in self._sources]:
            self.insert(name, None)

    def set(self, slot: int, value: float, length: int) -> None:
        """Obey a command to the deck, if the strip is meant."""
        if slot == DECK_GAIN:
            glide_to(self.faders[0], gain_of_db(value), length)
        elif slot in BANDS:
            glide_to(self._bands[BANDS.index(slot)], 0.0 if value <= KILLED_DB else gain_of_db(value), length)
        elif slot == DECK_FILTER:
            glide_to(self._knob, value, length)
        elif slot == DECK_PFL:
            glide_to(self._pfl[0], value, length)
        elif slot == DECK_SIDE:
            self._cross = (self._cross[0], value, self._cross[2])
            glide_to(self.faders[1], side_gain(*self._cross), length)

    def cross(self, crossfader: float, curve: int, length: int) -> None:
        """Follow the mixer's crossfader."""
        self._cross = (crossfader, self._cross[1], curve)
        glide_to(self.faders[1], side_gain(*self._cross), length)

    def process(self, n: int, bus: Bus, cue: Bus, taps: Samples, tap_at: int) -> None:
        """Add what is in the buses to the mixer's bus and to the headphones'."""
        own = self.buses[0]
        if self.compensates:
            self._effects(own, n)
        isolate(own, 0, n, self._coefficients, self._isolator, self._bands, self._length, self._wet, self._wet_length)
        sweep(own, 0, n, self._rate, self._sweep, self._knob, self._length, self._sweep_wet, self._wet_length)
        fade(own, n, self._pfl, self._length, self._scratch, cue, NO_TAPS, 0)
        fade(own, n, self.faders, self._length, self._scratch, bus, taps, tap_at)

    def _effects(self, own: Bus, n: int) -> None:
        self._rest.process(own, n)
        for index, (_, through, pad) in enumerate(self._sources, 1):
            through.process(self.buses[index], n)
            pad.process(self.buses[index], n)
            own[:, :n] += self.buses[index, :, :n]
        if self.chain is not None:
            self.chain.process(own, n)
        self.pad.process(own, n)

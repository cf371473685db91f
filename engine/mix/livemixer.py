"""The mixer under the hands: four decks that may be empty, a clock, a crossfader, headphones, meters, and a log."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.dsp.stretch import Engine
from engine.mix.addresses import (
    DECK_EQ_LOW,
    DECK_FILTER,
    DECK_LOOP,
    DECK_PLAY,
    DECK_SYNC,
    DECK_TEMPO,
    FX_FIRST,
    FX_KNOBS,
    MASTER_BEAT,
    MASTER_CLOCK,
    MASTER_CROSSFADER,
    MASTER_CUE_GAIN,
    MASTER_CUE_MIX,
    MASTER_CURVE,
    MASTER_QUANTIZE,
    MASTER_TEMPO,
    SOURCE_CLIP,
    SOURCES_MOST,
    Knobs,
    Place,
    place_of,
)  # fmt: skip
from engine.mix.bank import Bank
from engine.mix.clock import Clock
from engine.mix.headphones import Headphones
from engine.mix.insert import Insert, Through
from engine.mix.live import LiveDeck
from engine.mix.meters import Meters
from engine.mix.mixer import Mixer
from engine.mix.record import Record
from engine.mix.voice import CHUNK
from engine.model.audio import Samples
from engine.model.command import NEXT_BAR, NEXT_BEAT
from engine.model.grid import Beatgrid
from engine.model.params import DECKS, MASTER


class LiveMixer(Mixer):
    """Four live decks. The clock, sync and what gets ready are looked at every `CHUNK` frames of the mixer's clock."""

    LOGGED = 65_536

    def __init__(self, rate: int, engine: Engine = "R2", *, capacity: int = 4096, trial: bool = False) -> None:
        """`engine` stretches; R3 is finer and costs about three times as much. A `trial` is not compiled beforehand."""
        self._rate, self._engine, self._trial = rate, engine, trial
        decks = [LiveDeck(name, rate, engine) for name in DECKS]
        self._live = tuple(decks)
        self.clock = Clock(rate, MASTER[MASTER_TEMPO].default)
        self._looked = 0
        self.meters = Meters(rate)
        self._phones = Headphones(rate)
        self._chain: Through | None = None
        self._log, self._log_values = np.zeros((self.LOGGED, 2), dtype=np.int64), np.zeros(self.LOGGED)
        self._logged = 0
        self._on_beat = np.zeros((capacity, 2), dtype=np.int64)
        self._on_beat_values = np.zeros(capacity)
        self._waiting = 0
        super().__init__(rate, decks, capacity=capacity)
        self._phones.latency = self.latency

    def _compile(self) -> None:
        """Have everything compiled that a performance may come to; a little song is played for it."""
        super()._compile()
        if not self._trial:
            trial = LiveMixer(self._rate, self._engine, trial=True)
            nothing = np.zeros((1, 2, 8192), dtype=np.float32)
            bank = Bank(("s0",), nothing, self._rate, Beatgrid.steady_at(self._rate / 64, 0.0, 8192 / self._rate))
            trial.load("a", Record({"song": bank}))
            trial.play_through()

    def play_through(self) -> None:
        """Do some of everything for a few blocks."""
        moves = {DECK_PLAY: 1.0, DECK_TEMPO: 1.1, DECK_EQ_LOW: -6.0, DECK_FILTER: 0.5, DECK_LOOP: 1.0, DECK_SYNC: 1.0}
        for slot, value in moves.items():
            self.put(0, Place(0, -1, slot).address, value)
        self.put(CHUNK, Place(0, 0, SOURCE_CLIP).address, 1.0)
        taps, out, cue = self.make_taps(CHUNK), *(np.zeros((2, CHUNK), dtype=np.float32) for _ in range(2))
        for _ in range(16):
            self.render(out, taps, cue)
        self.read_meters()

    def load(self, deck: str, record: Record | None) -> None:
        """Put a record on a deck between two blocks, or take it off. Takes some ms for each stretcher."""
        index = DECKS.index(deck)
        live = self._live[index]
        self._forget(Place(index, 0, 0).address, Place(index, SOURCES_MOST, 0).address)
        live.strip.clear_sources()
        live.load(record)
        self.addresses.set_names(deck, live.names)
        self._compensate()
        live.compile()

    def bare_taps(self) -> None:
        """Let taps have every source before its levels and its deck's fader, from now on."""
        for deck in self._live:
            deck.bare = True

    def _forget(self, first: int, last: int) -> None:
        """Drop what still waits for sources that are taken off."""
        self._queue.forget(first, last)
        kept = [i for i in range(self._waiting) if not first <= self._on_beat[i, 1] < last]
        self._on_beat[: len(kept)], self._on_beat_values[: len(kept)] = self._on_beat[kept], self._on_beat_values[kept]
        self._waiting = len(kept)

    def insert(self, place: str, chain: Insert | None, knobs: Knobs = ()) -> None:
        """Put a chain of effects at `master`, `deck.a` or `deck.a.drums`, between two blocks, or take it off."""
        path = place.split(".")
        through = Through(chain, self.frame) if chain else None
        if len(path) == 1:
            self._chain = through
        else:
            deck = self._live[DECKS.index(path[1])]
            deck.strip.insert(deck.names.index(path[2]) if len(path) == 3 else -1, through)
        self.addresses.set_chain(place, knobs if chain else ())
        self._compensate()

    def _compensate(self) -> None:
        """Let everything wait for the effects that are latest."""
        late = max(deck.strip.latency for deck in self._live)
        own = self._chain.latency if self._chain else 0
        for deck in self._live:
            deck.strip.pad.frames = late - deck.strip.latency
            deck.strip.compensates = deck.strip.compensates or late > 0
        self._phones.latency = self._limiter.latency + own
        self.latency = self._limiter.latency + own + late

    def put(self, at: int, address: int, value: float) -> bool:
        """Take a command whose value is known to be in range; False if too many wait. See `engine.model.command` for `at`."""
        if at not in (NEXT_BEAT, NEXT_BAR):
            return self._queue.put(at, address, value)
        if self._waiting == self._on_beat_values.size:
            return False
        self._on_beat[self._waiting] = at, address
        self._on_beat_values[self._waiting] = value
        self._waiting += 1
        return True

    def applied(self, frames: NDArray[np.int64], values: NDArray[np.float64]) -> int:
        """Move the log of what was obeyed since the last call to `frames` [shape=(n, 2): frame, address] and `values`."""
        n = min(self._logged, len(values))
        frames[:n], values[:n] = self._log[:n], self._log_values[:n]
        self._log[: self._logged - n] = self._log[n : self._logged]
        self._log_values[: self._logged - n] = self._log_values[n : self._logged]
        self._logged -= n
        return n

    def render(self, out: Samples, taps: Sequence[Samples] = (), cue: Samples | None = None) -> None:
        """Write the next block, and what the headphones get to `cue` [shape=(2, n)]."""
        self._cue_out = cue
        super().render(out, taps)

    _cue_out: Samples | None = None

    def _obey(self, n: int) -> int:
        into = self.frame % CHUNK
        if into == 0:
            self._control()
        return min(super()._obey(n), CHUNK - into)

    @property
    def beat(self) -> float:
        """The beat of the clock at the next frame."""
        return self.clock.beat + (self.frame - self._looked) * self.clock.per_frame

    def _control(self) -> None:
        self._looked = self.frame
        leader = int(self._values[MASTER_CLOCK]) - 1
        deck = self._live[leader] if leader >= 0 else None
        if deck is not None and deck.record is not None and deck.running:
            self.clock.lead(deck.beat, deck.bpm, deck.record.grid.beats_per_bar)
            self._values[MASTER_TEMPO] = self.clock.bpm
        else:
            if self.frame:
                self.clock.step()
            self.clock.bpm = float(self._values[MASTER_TEMPO])
        for i, live in enumerate(self._live):
            live.quantize = int(self._values[MASTER_QUANTIZE])
            if live.control(self.clock, leads=i == leader):
                self._note(Place(i, -1, DECK_PLAY).address, 0.0)
        if self._waiting:
            self._come_due()

    def _come_due(self) -> None:
        """Give what waits for a beat or a bar its frame, if that comes within this control step."""
        kept = 0
        for i in range(self._waiting):
            at, address = int(self._on_beat[i, 0]), int(self._on_beat[i, 1])
            frames = self.clock.frames_to(1 if at == NEXT_BEAT else self.clock.beats_per_bar)
            value = float(self._on_beat_values[i])
            if frames >= CHUNK or not self._queue.put(self.frame + frames, address, value):
                self._on_beat[kept], self._on_beat_values[kept] = self._on_beat[i], value
                kept += 1
        self._waiting = kept

    def _set(self, address: int, value: float) -> None:
        place = place_of(address)
        if place.slot >= FX_FIRST:
            self._set_knob(place, value)
        else:
            super()._set(address, value)
        self._note(address, value)
        if place.deck >= 0 or place.slot >= FX_FIRST:
            return
        if place.slot == MASTER_BEAT:
            self.clock.beat = value
        elif place.slot in (MASTER_CROSSFADER, MASTER_CURVE):
            crossfader, curve = float(self._values[MASTER_CROSSFADER]), int(self._values[MASTER_CURVE])
            for deck in self._live:
                deck.strip.cross(crossfader, curve, self._length if self.frame else 0)
        elif place.slot in (MASTER_CUE_MIX, MASTER_CUE_GAIN):
            self._phones.set(float(self._values[MASTER_CUE_MIX]), float(self._values[MASTER_CUE_GAIN]), self._length)

    def _note(self, address: int, value: float) -> None:
        """Write down what took effect."""
        if self._logged < self.LOGGED:
            self._log[self._logged] = self.frame, address
            self._log_values[self._logged] = value
            self._logged += 1

    def _set_knob(self, place: Place, value: float) -> None:
        through = self._chain if place.deck < 0 else self._live[place.deck].strip.inserted(place.source)
        if through is not None:
            through.insert.set(*divmod(place.slot - FX_FIRST, FX_KNOBS), value)

    def _finish(self, n: int, out: Samples, at: int) -> None:
        if self._chain is not None:
            self._chain.process(self._bus, n)
        super()._finish(n, out, at)
        self._phones.process(self._cue, n, out, at, self._cue_out)
        self.meters.add(self._live, out, at, n)

    def read_meters(self) -> None:
        """Bring `meters` up to date; between two blocks."""
        self.meters.read(self.frame, self.clock, self._live, self._limiter)

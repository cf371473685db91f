"""Commands -> mixer -> sink, block after block, on one thread.

When the player says so, or is gone, the music fades out and it ends. It waits for nobody but the sink. What is heavy is done
while the sink has some blocks in hand.
"""

import contextlib
import gc
import os
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection

import numpy as np

from bridge.midi.clock import ClockOut
from bridge.session.boards import CHAINED, END, FRAME, HEADS, LATE, LOADED, LOST, STAMP, STANDING, Boards
from bridge.session.memory import Block
from bridge.session.messages import Chain, Load, Parcel, Quit, Refused
from bridge.session.opening import Opening
from bridge.session.outlet import Outlet
from engine.mix.live import LiveDeck
from engine.mix.livemixer import LiveMixer
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECKS

FADE_SECONDS = 1.0
LOOK_SECONDS = 0.1
"""How often the process looks whether its parent is still there."""
LEAD_SECONDS = 0.15
"""What is rendered ahead while something heavy is done."""
METER_SECONDS = 0.02
"""How often the meters are read; peaks are held as long."""
AT_ONCE = 1024
"""Records that the mixer gives back in one go."""


class Engine:
    """Renders until it is told to end, or nobody is there to tell it."""

    def __init__(self, pipe: Connection, outlet: Outlet, mixer: LiveMixer, boards: Boards, parent: int) -> None:
        self._pipe, self._outlet, self._mixer, self._parent = pipe, outlet, mixer, parent
        self._commands, self._applied = boards.commands(), boards.applied()
        self._table, self._timings, self._heard = boards.table(), boards.timings(), boards.heard()
        self._room = np.zeros((2 * len(outlet.pairs) + 2, outlet.frames), dtype=np.float32)
        """The sink's block, and the master where the sink does not carry it."""
        self._block = self._room[:-2]
        self._master = self._rows("master")
        self._cue = self._rows("cue") if "cue" in outlet.pairs else None
        self._taps: list[Samples] = []
        self._parts: list[tuple[Samples, Samples]] = []
        """Pairs of (where a source's share is written, where the sink wants it)."""
        self._sources: dict[str, tuple[str, ...]] = {}
        self._ticks, self._beat = ClockOut(), 0.0
        self._decks = [deck for deck in mixer.decks if isinstance(deck, LiveDeck)]
        self._metered = 0
        self._records, self._values = np.zeros((AT_ONCE, 2), dtype=np.int64), np.zeros(AT_ONCE)
        self._state = np.zeros(HEADS + mixer.meters.values.size)
        self._waiting: tuple[int, int, float] | None = None
        self._jobs: deque[Callable[[], bool]] = deque()
        self._ahead = self._lead = max(2, round(LEAD_SECONDS * outlet.rate / outlet.frames))
        self._level, self._ending = 1.0, False
        self._ramp = np.zeros(outlet.frames, dtype=np.float32)
        self._looked = self._last = time.perf_counter()

    def _rows(self, pair: str) -> Samples:
        """Return where a pair lies in the block; the room behind it for one that the sink does not carry."""
        pairs = self._outlet.pairs
        row = 2 * (pairs.index(pair) if pair in pairs else len(pairs))
        return self._room[row : row + 2]

    def end(self) -> None:
        """Fade out, then end."""
        if not self._ending:
            self._ending, self._state[END] = True, self._mixer.frame

    def run(self) -> None:
        """Play."""
        while self._level > 0.0:
            self._listen()
            self._work()
            self._obey()
            self._render()
            self._part()
            self._fade()
            self._tick()
            self._heard.put(self._master)
            self._outlet.write(self._block, self._listen_standing)
            self._report()
        self._outlet.close()

    def _listen(self) -> None:
        """Take in what the player says; notice that it is gone."""
        try:
            while self._pipe.poll(0):
                message = self._pipe.recv()
                if isinstance(message, Load):
                    blocks = [Block.take(self._pipe) for _ in message.parcel.layers] if message.parcel else []
                    self._jobs.append(partial(self._load, message, blocks))
                elif isinstance(message, Chain):
                    self._jobs.append(partial(self._chain, message, Opening(message, self._outlet.rate)))
                elif isinstance(message, Quit):
                    self.end()
        except (EOFError, OSError):
            self.end()
        now = time.perf_counter()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            if os.getppid() != self._parent:
                self.end()

    def _listen_standing(self) -> bool:
        """Listen while the sink is gone; tell whether to go on trying."""
        self._listen()
        self._show()
        return not self._ending

    def _work(self) -> None:
        """Do what is heavy, once the sink has blocks in hand."""
        if not self._jobs:
            return
        self._outlet.lead(self._lead)
        # Where nothing runs there is nothing to bridge.
        self._ahead = self._ahead - 1 if any(deck.running for deck in self._decks) else 0
        if self._ahead > 0 or not self._jobs[0]():
            return
        self._jobs.popleft()
        gc.collect()
        if not self._jobs:
            self._ahead = self._lead
            self._outlet.lead(1)

    def _load(self, message: Load, blocks: list[Block]) -> bool:
        """Put a record on a deck, or take it off; that is done at once."""
        deck, parcel = message.deck, message.parcel
        record = None
        if parcel is not None:
            samples = [block.array(parcel.shape(layer)) for block, layer in zip(blocks, parcel.layers, strict=True)]
            record = parcel.record(samples)
        try:
            self._mixer.load(deck, record)
        except RemixtureError as error:
            self._refuse(Refused(message.number, str(error)))
            return True
        finally:
            for block in blocks:
                block.close()
        self._put(self._mixer.frame, LOADED - DECKS.index(deck), float(message.number))
        self._split(deck, parcel)
        return True

    def _chain(self, message: Chain, opening: Opening) -> bool:
        """Put effects at a place once they are open, or take them off; tell whether that is done."""
        if message.preset is not None and not opening.ready():
            return False
        try:
            self._mixer.insert(message.place, opening.chain(), message.facts.params if message.facts else ())
        except RemixtureError as error:
            self._refuse(Refused(message.number, str(error), song=False))
            return True
        self._put(self._mixer.frame, CHAINED - message.number, 0.0)
        return True

    def _refuse(self, message: Refused) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(message)

    def _split(self, deck: str, parcel: Parcel | None) -> None:
        """Find out again which source goes to which pair of the sink."""
        wanted = [pair for pair in self._outlet.pairs if "." in pair]
        if not wanted:
            return
        self._sources[deck] = parcel.names if parcel else ()
        self._taps = self._mixer.make_taps(self._outlet.frames)
        self._parts = []
        for pair in wanted:
            name, _, source = pair.partition(".")
            rows, there = self._rows(pair), self._sources.get(name, ())
            rows[:] = 0.0
            if source in there:
                self._parts.append((self._taps[DECKS.index(name)][there.index(source)], rows))

    def _obey(self) -> None:
        """Hand on commands, as many as the mixer takes."""
        while (record := self._waiting or self._commands.take()) is not None:
            self._waiting = None
            if not self._mixer.put(*record):
                self._waiting = record
                return

    def _render(self) -> None:
        own, wall = time.thread_time(), time.perf_counter()
        self._mixer.render(self._master, self._taps, self._cue)
        own, now = time.thread_time() - own, time.perf_counter()
        self._timings.add(0, own)
        self._timings.add(1, now - wall)
        self._timings.add(2, now - self._last)
        self._last = now

    def _part(self) -> None:
        """Give each source its pair."""
        for share, pair in self._parts:
            pair[:] = share

    def _tick(self) -> None:
        """Send the clock that goes with the block, late as the limiter's sound is."""
        mixer = self._mixer
        before, self._beat = self._beat, mixer.beat - mixer.latency * mixer.clock.per_frame
        running = any(deck.running for deck in self._decks)
        if self._ticks.block(before, self._beat, self._outlet.frames, running=running):
            self._outlet.ticks(self._ticks)

    def _fade(self) -> None:
        if not self._ending:
            return
        step = self._outlet.frames / (FADE_SECONDS * self._outlet.rate)
        self._ramp[:] = np.linspace(self._level, max(0.0, self._level - step), self._ramp.size, endpoint=False)
        self._room *= self._ramp
        self._level = max(0.0, self._level - step)

    def _report(self) -> None:
        """Tell what took effect, and what is so now."""
        count = AT_ONCE
        while count == AT_ONCE:
            count = self._mixer.applied(self._records, self._values)
            for (frame, address), value in zip(self._records[:count].tolist(), self._values[:count].tolist(), strict=True):
                self._put(frame, address, value)
        if self._mixer.frame >= self._metered:
            self._metered = self._mixer.frame + round(METER_SECONDS * self._outlet.rate)
            self._show()

    def _show(self) -> None:
        """Write the table."""
        self._mixer.read_meters()
        state = self._state
        state[FRAME], state[STAMP] = self._mixer.frame, time.monotonic()
        state[LATE], state[STANDING] = self._outlet.late, self._outlet.standing
        state[HEADS:] = self._mixer.meters.values
        self._table.write(state)

    def _put(self, frame: int, address: int, value: float) -> None:
        self._state[LOST] += not self._applied.put(frame, address, value)

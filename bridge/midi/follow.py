"""Keeps the desk's own clock on the beat of somebody else's: MIDI clock or Link."""

import threading

from bridge.midi.clock import TICK, TICKS, ClockIn
from bridge.midi.desk import Desk
from engine.model.params import DECKS, find

FAR = 0.25
"""Beats; so far off, the clock is put onto the beat at once."""

CATCH_UP = 4.0
"""Beats in which what is missing falls to a third (1/e)."""

MOST = 0.03
"""The share by which the tempo leaves the leader's to catch up: 3 %, half a semitone without key lock."""

STEADY = 2e-4
"""Tempi that differ by a smaller share are the same: 0.02 bpm at 120."""

OWN = 0.0
"""`master.clock` when no deck leads."""


class Follower:
    """Sets `master.tempo` and `master.beat` so that the desk's clock goes with a leader's; not while a deck leads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tempo = find("master.tempo")
        self._beat = find("master.beat")
        self._set: float | None = None

    def leads(self) -> bool:
        """Return whether the desk's clock is led by a deck of its own, so that nobody can lead it."""
        return self._desk.value("master.clock") != OWN

    def foreign(self) -> float | None:
        """Return the tempo if it is not the one that we set last; None if it is."""
        bpm = self._desk.value("master.tempo")
        return None if self._set is None or abs(bpm - self._set) <= STEADY * bpm else bpm

    def follow(self, beat: float, bpm: float) -> None:
        """Go with a leader that is at a beat now, at a tempo in bpm."""
        if self.leads():
            return
        here, _, running = self._desk.beat()
        # A clock that stands is put right when it runs; until then every look would find it further off.
        behind = beat - here if running else 0.0
        if abs(behind) > FAR and beat >= 0.0:
            self._desk.set("master.beat", self._beat.clamp(beat))
            behind = 0.0
        self.tempo(bpm * (1.0 + min(max(behind / CATCH_UP, -MOST), MOST)))

    def tempo(self, bpm: float) -> None:
        """Take a tempo; one that is hardly another is left."""
        bpm = self._tempo.clamp(bpm)
        if abs(bpm - self._desk.value("master.tempo")) > STEADY * bpm:
            self._desk.set("master.tempo", bpm)
        self._set = bpm

    def decks(self, *, play: bool) -> None:
        """Start or stop every deck that has a song."""
        for deck in DECKS:
            if self._desk.sources(deck):
                self._desk.set(f"deck.{deck}.play", float(play))


class ClockFollower:
    """The desk on the MIDI clock of a port: tempo, beat, start and stop. `take` and `poll` may be called from two threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._clock = ClockIn()
        self._follower = Follower(desk)
        self._lock = threading.Lock()
        self._starts = False
        self._came = False

    def take(self, data: bytes, seconds: float) -> None:
        """Take a message that came at a monotonic time; others than the clock's are left alone."""
        with self._lock:
            ran = self._clock.running
            if not self._clock.take(data, seconds):
                return
            if not self._came:
                # Whoever asks for a clock to follow means the desk's own; a deck can be given the lead again afterwards.
                self._came = True
                self._desk.set("master.clock", OWN)
            if self._clock.running != ran:
                self._starts = self._clock.running
                if ran:
                    self._follower.decks(play=False)
            elif self._starts and data[0] == TICK:
                # A clock that was started stands on its first beat with the tick that follows.
                self._starts = False
                self._begin()

    def poll(self, seconds: float) -> None:
        """Go with the clock; without ticks the tempo stays as it was."""
        with self._lock:
            beat, bpm = self._clock.beat(seconds), self._clock.bpm
            silent = self._clock.silent(seconds)
        if beat is None or bpm is None or silent:
            return
        if self._clock.running:
            self._follower.follow(beat, bpm)
        elif not self._follower.leads():
            self._follower.tempo(bpm)

    def _begin(self) -> None:
        if not self._follower.leads():
            self._desk.set("master.beat", self._clock.last / TICKS)
        self._follower.decks(play=True)

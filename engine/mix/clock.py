"""The clock of the mixer: which beat it is, and how fast beats come. Synced decks follow it.

A deck that plays can lead it; otherwise it runs at `master.tempo`. It is looked at once in a control step, on a grid of frames
that does not depend on blocks.
"""

import math

from engine.mix.voice import CHUNK


class Clock:
    """Beats since the start or since the leader's first downbeat; a bar begins at every multiple of `beats_per_bar`."""

    def __init__(self, rate: int, bpm: float) -> None:
        self._rate = rate
        self.beat, self.bpm, self.beats_per_bar = 0.0, bpm, 4

    def lead(self, beat: float, bpm: float, beats_per_bar: int) -> None:
        """Be where a deck is."""
        self.beat, self.bpm, self.beats_per_bar = beat, bpm, beats_per_bar

    def step(self) -> None:
        """Go on by a control step."""
        self.beat += self.per_frame * CHUNK

    @property
    def per_frame(self) -> float:
        """Beats a frame."""
        return self.bpm / 60.0 / self._rate

    def frames_to(self, unit: int) -> int:
        """Frames from here to the next beat (`unit` 1) or bar (`unit` beats); 0 if that is now."""
        left = -self.beat % unit
        left = 0.0 if unit - left < 1e-9 else left
        return math.ceil(left / self.per_frame - 1e-6)

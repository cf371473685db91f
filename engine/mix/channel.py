"""What every deck is: sources at their levels, mixed into a channel strip, run and stopped by the play switch."""

import numpy as np

from engine.dsp.fades import AGE, GLIDE_SECONDS, TARGET, Glides, glide_to, glides
from engine.mix.addresses import DECK_PLAY, SOURCES_MOST, Place
from engine.mix.kernels import LONGEST, NO_TAPS, Bus, mix
from engine.mix.levels import Levels
from engine.mix.strip import Strip
from engine.mix.voice import Voice
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import DECK, DECKS


class Channel:
    """A deck's place in the mixer. `names` are the sources that there are, `levels` theirs, `values` the deck's own."""

    names: tuple[str, ...]
    levels: Levels
    summed = False
    """Whether the sum of the sources is stretched, so that they are not there one by one."""

    bare = False
    """Whether taps are given the sources before their levels and the fader."""

    playing = 0
    """Which bank of the record is heard."""

    def __init__(self, name: str, rate: int) -> None:
        if name not in DECKS:
            raise RemixtureError(f"there is no deck {name!r}; there are {', '.join(DECKS)}")
        self.name, self.rate = name, rate
        self.values = np.array([param.default for param in DECK])
        self.strip = Strip(rate)
        self._length = max(1, round(GLIDE_SECONDS * rate))
        self._common = glides(np.ones(2))
        """Acts on all sources: the play switch, and the way in of a voice that takes over."""
        self._play = self._common[0]
        self._scratch = np.zeros((2, LONGEST))
        self.peaks = np.zeros(SOURCES_MOST)
        """The highest sample of each source since somebody reset it, as it is heard in the deck: before isolator and fader."""

    def check(self, place: Place, path: str, *, at_start: bool) -> None:
        """Raise RemixtureError if this deck cannot follow a command; `at_start` if it comes before anything has sounded."""

    def set(self, source: int, slot: int, value: float, *, at_once: bool) -> None:
        """Obey a command: `source` -1 is the deck itself. Levels glide, unless `at_once`."""
        if source >= 0:
            self.levels.set(source, slot, value, self.playing, at_once=at_once)
            return
        self.values[slot] = value
        if slot == DECK_PLAY:
            glide_to(self._play, value, 0 if at_once else self._length)
        else:
            self.strip.set(slot, value, 0 if at_once else self._length)

    def render(self, bus: Bus, n: int, cue: Bus, taps: Samples, tap_at: int) -> None:
        """Add the next `n` frames (at most `LONGEST`) to the bus and, before its fader, to the headphones' bus.

        Each source's share is added to `taps` [shape=(sources or 0, 2, frames)] from `tap_at` on.
        """
        buses = self.strip.buses
        buses[:, :, :n] = 0.0
        at = self._wait(n)
        while at < n and (count := self._moving(n - at)) > 0:
            at += self._sound(buses, at, count, taps, tap_at + at)
        self.strip.process(n, bus, cue, NO_TAPS if self.bare else taps, tap_at)

    def _wait(self, _n: int) -> int:
        """Return how many of the next frames pass before the deck begins."""
        return 0

    def _moving(self, n: int) -> int:
        """Return how many of the next frames the deck runs without a turn; 0 when it stands."""
        if self._play[TARGET] == 0.0:
            return int(min(n, max(0.0, self._length - self._play[AGE])))
        return n

    def _sound(self, buses: Bus, at: int, n: int, taps: Samples, tap_at: int) -> int:
        """Mix at most `n` frames of what plays; return how many."""
        raise NotImplementedError

    def _mix(self, voice: Voice, bank: int, rows: Glides, common: Glides, where: tuple[Bus, int, int, Samples, int]) -> None:
        buses, at, n, taps, tap_at = where
        names = self.levels.names[bank]
        to, length, scratch = self.strip.to, self._length, self._scratch
        mix(
            voice.window, voice.position, n, rows, common, length, scratch, buses, to, at, taps, names, tap_at, self.peaks,
            self.bare,
        )  # fmt: skip
        voice.advance(n)

    def compile(self) -> None:
        """Have the kernels compiled for the kinds of array this deck has, outside the audio path."""
        raise NotImplementedError

"""Time-stretching and pitch-shifting as a stream, exact in time.

One protocol, so that another binding can take the place of pylibrb (Rubber Band, Breakfast Quay). All channels of a stretcher
share one time map; give it all sources of a deck at once and they keep their phases to each other.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np
from pylibrb import MAX_CHANNELS_NUM, Option, RubberBandStretcher

from engine.model.audio import Samples

Feed = Callable[[Samples], None]
"""Fills an array [shape=(channels, n)] with the next `n` frames of the song."""

Engine = Literal["R3", "R3-short", "R2"]
"""Rubber Band's engines: finer, finer with one short window (about four times faster), faster."""

MAX_CHANNELS = MAX_CHANNELS_NUM

_ENGINES = {
    "R3": Option.ENGINE_FINER,
    "R3-short": Option.ENGINE_FINER | Option.WINDOW_SHORT,
    "R2": Option.ENGINE_FASTER,
}

_PITCH = {False: Option(0x02000000), True: Option(0x04000000)}
"""PitchHighQuality and PitchHighConsistency, by number: pylibrb's library and its stubs name them differently."""


class Stretcher(Protocol):
    """Makes a stream of another length and pitch out of a stream."""

    lead: int
    """How many frames before the first wanted one `fill` asks its feed for at the very start."""

    @property
    def under_way(self) -> float:
        """Frames of the song that were asked for and have not come out yet: what comes next is so far behind the feed."""

    def prime(self, feed: Feed, pieces: int) -> bool:
        """Begin to fill without giving anything, a few pieces at a time; True when the first frame wanted is there."""

    def reset(self, tempo: float, pitch: float) -> None:
        """Begin anew, as if just made."""

    def set(self, tempo: float, pitch: float) -> None:
        """Go on at another tempo (a factor: 2 is twice as fast) and pitch (semitones)."""

    def fill(self, out: Samples, feed: Feed) -> None:
        """Write the next frames to `out` [shape=(channels, n)], asking `feed` for as much of the song as that takes."""


class RubberBand:
    """Rubber Band in its real-time mode, its delay taken off: the first frame out is the first one wanted.

    The song is fed in pieces of `PIECE` frames whatever is asked for, so that the result does not depend on the sizes in which
    it is asked for; small ones spread the work. pylibrb allocates the array it returns: a few hundred frames, freed at once.
    """

    PIECE = 64

    def __init__(self, rate: int, channels: int, tempo: float, pitch: float, engine: Engine = "R3", *, bends: bool) -> None:
        """Make one for `channels` channels, at most `MAX_CHANNELS`; `tempo` is a factor, `pitch` in semitones.

        Without `bends` the pitch may not change on the way: it would click. That is up to 1.5 times faster.
        """
        options = Option.PROCESS_REALTIME | Option.THREADING_NEVER | _ENGINES[engine] | _PITCH[bends]
        self._band = RubberBandStretcher(rate, channels, options, 1.0 / tempo, _scale(pitch))
        self._band.set_max_process_size(self.PIECE)
        self._piece = np.zeros((channels, self.PIECE), dtype=np.float32)
        self._hops = engine == "R2"
        self._pitch = pitch
        self._begin()

    def _begin(self) -> None:
        self.lead = int(self._band.get_preferred_start_pad())
        self._tempo = 1.0 / float(self._band.time_ratio)
        self._late = int(self._band.get_start_delay())
        self._map = _TimeMap(self.lead)

    def reset(self, tempo: float, pitch: float) -> None:
        """Begin anew."""
        self._band.reset()
        self.set(tempo, pitch)
        self._begin()

    def set(self, tempo: float, pitch: float) -> None:
        """Go on at another tempo and pitch."""
        self._tempo, self._pitch = tempo, pitch
        self._band.time_ratio = 1.0 / tempo
        self._band.pitch_scale = _scale(pitch)

    @property
    def under_way(self) -> float:
        """Frames fed and not given yet, within some milliseconds; errors do not add up."""
        return self._map.fed - self._map.reached() + self._lateness()

    def _lateness(self) -> float:
        tempo, pitch = _LATENESS[self._hops]
        return self.lead * (tempo * (self._tempo - 1.0) + pitch * (1.0 / _scale(self._pitch) - 1.0))

    def prime(self, feed: Feed, pieces: int) -> bool:
        """Feed some pieces and drop what comes before the first frame wanted."""
        for _ in range(pieces):
            if self._late == 0 and self._band.available() > 0:
                return True
            if self._band.available() <= 0:
                self._feed(feed)
            self._drop()
        return False

    def _drop(self) -> None:
        n = min(self._late, max(0, int(self._band.available())))
        if n:
            self._band.retrieve(n)
            self._late -= n
            self._map.given += n

    def fill(self, out: Samples, feed: Feed) -> None:
        """Write the next frames to `out`."""
        while self._late:
            self._ready(feed)
            self._drop()
        done = 0
        while done < out.shape[1]:
            n = min(out.shape[1] - done, self._ready(feed))
            out[:, done : done + n] = self._band.retrieve(n)
            done += n
            self._map.given += n

    def _ready(self, feed: Feed) -> int:
        """Feed until there is something to retrieve; return how much."""
        while self._band.available() <= 0:
            self._feed(feed)
        return int(self._band.available())

    def _feed(self, feed: Feed) -> None:
        before = max(0, int(self._band.available()))
        feed(self._piece)
        self._band.process(self._piece, False)  # noqa: FBT003 - pylibrb takes it by position
        made = int(self._band.available()) - before
        self._map.fed += self.PIECE
        if made > 0:
            if self._hops:
                hop = int(self._band.get_input_increment())
                self._map.add(made, max(1, round(made * self._tempo / hop)) * hop)
            else:
                used = self._map.fed + int(self._band.get_samples_required()) - _FINER_AHEAD * self.lead
                self._map.add(made, used - self._map.used)


_FINER_AHEAD = 1.875
"""How much more than its padding R3 asks for before it gives."""

_LATENESS = {True: (1.64, 1.8), False: (0.95, 1.0)}
"""How much later than it says R2 (True) and R3 come at other tempos and pitches, in paddings. Measured with clicks, as the
number above: tempos 0.9 to 1.1, pitches -7 to +7."""


class _TimeMap:
    """Which frame of the song comes out when: hop by hop, as the stretcher uses it up and gives something for it.

    The ratio that was set is no measure: it acts some hops later, and what is missed adds up (7 ms in a minute of a moving
    tempo). Clicks sent through moving ratios come out within 5 ms of this map, most within 2, also after a minute.
    """

    KEPT = 8

    def __init__(self, lead: int) -> None:
        self.fed, self.used, self.made, self.given = -float(lead), -float(lead), 0, 0
        self._nodes = np.zeros((self.KEPT, 2))
        self._nodes[:, 1] = self.used
        self._next = 0

    def add(self, made: int, used: float) -> None:
        """So many frames were made out of so many of the song."""
        self.made += made
        self.used += used
        self._nodes[self._next] = self.made, self.used
        self._next = (self._next + 1) % self.KEPT

    def reached(self) -> float:
        """Return the frame of the song that comes next; 0 is the first one wanted."""
        later = earlier = (float(self.made), self.used)
        for back in range(1, self.KEPT + 1):
            node = self._nodes[(self._next - back) % self.KEPT]
            earlier = (float(node[0]), float(node[1]))
            if earlier[0] <= self.given:
                break
            later = earlier
        if later[0] <= earlier[0]:
            return earlier[1]
        return earlier[1] + (self.given - earlier[0]) / (later[0] - earlier[0]) * (later[1] - earlier[1])


def _scale(pitch: float) -> float:
    return float(2.0 ** (pitch / 12.0))

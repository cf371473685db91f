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

    def set(self, tempo: float, pitch: float) -> None:
        """Go on at another tempo (a factor: 2 is twice as fast) and pitch (semitones)."""

    def fill(self, out: Samples, feed: Feed) -> None:
        """Write the next frames to `out` [shape=(channels, n)], asking `feed` for as much of the song as that takes."""


class RubberBand:
    """Rubber Band in its real-time mode, its delay taken off: the first frame out is the first one wanted.

    The song is fed in pieces of `PIECE` frames whatever is asked for, so that the result does not depend on the sizes in which
    it is asked for. pylibrb allocates the array it returns: at most a few thousand frames, freed at once.
    """

    PIECE = 256

    def __init__(self, rate: int, channels: int, tempo: float, pitch: float, engine: Engine = "R3", *, bends: bool) -> None:
        """Make one for `channels` channels, at most `MAX_CHANNELS`; `tempo` is a factor, `pitch` in semitones.

        Without `bends` the pitch may not change on the way: it would click. That is up to 1.5 times faster.
        """
        options = Option.PROCESS_REALTIME | Option.THREADING_NEVER | _ENGINES[engine] | _PITCH[bends]
        self._band = RubberBandStretcher(rate, channels, options, 1.0 / tempo, _scale(pitch))
        self._band.set_max_process_size(self.PIECE)
        self._piece = np.zeros((channels, self.PIECE), dtype=np.float32)
        self.lead = int(self._band.get_preferred_start_pad())
        self._late = int(self._band.get_start_delay())

    def set(self, tempo: float, pitch: float) -> None:
        """Go on at another tempo and pitch."""
        self._band.time_ratio = 1.0 / tempo
        self._band.pitch_scale = _scale(pitch)

    def fill(self, out: Samples, feed: Feed) -> None:
        """Write the next frames to `out`."""
        while self._late:
            n = min(self._late, self._ready(feed))
            self._band.retrieve(n)
            self._late -= n
        done = 0
        while done < out.shape[1]:
            n = min(out.shape[1] - done, self._ready(feed))
            out[:, done : done + n] = self._band.retrieve(n)
            done += n

    def _ready(self, feed: Feed) -> int:
        """Feed until there is something to retrieve; return how much."""
        while self._band.available() <= 0:
            feed(self._piece)
            self._band.process(self._piece, False)  # noqa: FBT003 - pylibrb takes it by position
        return int(self._band.available())


def _scale(pitch: float) -> float:
    return float(2.0 ** (pitch / 12.0))

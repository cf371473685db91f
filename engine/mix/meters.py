"""What the mixer shows of itself: one array of numbers, whose places have names here."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.dsp.levels import SILENCE_DB, gain_of_db
from engine.dsp.loudness import k_weighting
from engine.dsp.meter import gather, gather_loudness, level_sums, loudness_ring, momentary_lufs, read_levels, step_frames
from engine.mix.clock import Clock
from engine.mix.limiter import Limiter
from engine.mix.live import LiveDeck
from engine.model.audio import Samples
from engine.model.params import DECKS

MASTER_FIELDS: Final = (
    "frame",
    "beat",
    "bpm",
    "peak_dbfs",
    "rms_dbfs",
    "momentary_lufs",
    "reduction_db",
    "true_peak_dbtp",
    "limiting_db",
)
DECK_FIELDS: Final = (
    "loaded",
    "running",
    "position_s",
    "beat",
    "bpm",
    "tempo",
    "stretched",
    "loop_bars",
    "loop_beat",
    "peak_dbfs",
    "rms_dbfs",
    "sources",
)

SOURCES_METERED: Final = 32
"""Sources of a deck that have a meter: the first ones."""

FIELDS: Final = (
    *(f"master.{field}" for field in MASTER_FIELDS),
    *(f"deck.{deck}.{field}" for deck in DECKS for field in DECK_FIELDS),
    *(f"deck.{deck}.source.{k}" for deck in DECKS for k in range(SOURCES_METERED)),
)
"""Names of the numbers, in order. Levels are since the last reading; `momentary_lufs` is of the last 400 ms, `reduction_db` the
most that the limiter ever took away, `limiting_db` since the last reading. `deck.a.sources` is how many sources there are,
`deck.a.source.0` the peak in dBFS of the first one as it is heard in the deck: before isolator and fader."""

_HEADS: Final = len(MASTER_FIELDS) + len(DECKS) * len(DECK_FIELDS)
_QUIETEST: Final = gain_of_db(SILENCE_DB)


class Meters:
    """Gathers in the audio path, block by block; read between two blocks."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.values = np.zeros(len(FIELDS))
        self._master = level_sums()
        self._filters, self._memory, self._ring = k_weighting(rate), np.zeros((2, 2, 2)), loudness_ring()
        self._step = step_frames(rate)
        self._decks = np.zeros((len(DECKS), 3))

    def add(self, decks: Sequence[LiveDeck], out: Samples, at: int, n: int) -> None:
        """Take what was just mixed."""
        gather(out, at, n, self._master)
        gather_loudness(out, at, n, self._filters, self._memory, self._ring, self._step)
        for i, deck in enumerate(decks):
            if deck.record is not None:
                gather(deck.strip.buses[0], 0, n, self._decks[i])

    def read(self, frame: int, clock: Clock, decks: Sequence[LiveDeck], limiter: Limiter) -> None:
        """Write `values`."""
        peak, rms = read_levels(self._master)
        loud = momentary_lufs(self._ring, self._step)
        loudness = SILENCE_DB if loud is None else loud
        master = frame, clock.beat, clock.bpm, peak, rms, loudness, limiter.reduction_db, *limiter.read()
        self.values[: len(MASTER_FIELDS)] = master
        for i, deck in enumerate(decks):
            first = len(MASTER_FIELDS) + i * len(DECK_FIELDS)
            here = self.values[first : first + len(DECK_FIELDS)]
            peak, rms = read_levels(self._decks[i])
            here[:] = (
                deck.record is not None, deck.running, deck.position / self._rate, deck.beat, deck.bpm, deck.tempo,
                deck.stretching, deck.loop_bars, deck.loop_beat, peak, rms, len(deck.names),
            )  # fmt: skip
            sources = self.values[_HEADS + i * SOURCES_METERED : _HEADS + (i + 1) * SOURCES_METERED]
            np.maximum(deck.peaks[:SOURCES_METERED], _QUIETEST, out=sources)
            np.log10(sources, out=sources)
            sources *= 20.0
            deck.peaks[:] = 0.0

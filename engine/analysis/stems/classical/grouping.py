"""Which stem a learnt template belongs to, by what it and its activation look like.

No paper settles this; the three rules and their thresholds were found by search on stempeg's example song.

- Drums do not last: the sum of their activation over the sum of its rises is how long a sound of theirs goes on.
- Bass is low: the centre of a template's power.
- A voice comes and goes: the crest, root mean square over mean, of its activation is higher than that of what accompanies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.stems.parts import STEM_IDS
from engine.dsp.hpss import Magnitude
from engine.dsp.masks import TINY, frequencies

DRUMS, BASS, VOCALS, OTHER = range(len(STEM_IDS))


@dataclass(frozen=True, slots=True)
class Grouping:
    """Where drums, bass and vocals end."""

    drums_last_seconds: float = 0.09
    bass_below_hz: float = 500.0
    vocals_crest: float = 2.2

    def stem_of_each(self, w: Magnitude, h: Magnitude, size: int, rate: int) -> NDArray[np.int64]:
        """Return the index of each template's stem [shape=(components,)].

        Parameters
        ----------
        w, h : ndarray [shape=(size // 2 + 1, components), shape=(components, frames)]
        size : int
            Of the window, in samples; its hop is a quarter.
        rate : int, Hz
        """
        stems = np.full(w.shape[1], OTHER, dtype=np.int64)
        stems[crests(h) > self.vocals_crest] = VOCALS
        stems[centres_hz(w, size, rate) < self.bass_below_hz] = BASS
        stems[durations(h) * (size / 4 / rate) < self.drums_last_seconds] = DRUMS
        return stems


def centres_hz(w: Magnitude, size: int, rate: int) -> Magnitude:
    """Return the mean frequency of each template, weighted by its power."""
    power = np.square(w)
    return np.asarray((power * frequencies(size, rate)).sum(axis=0) / (power.sum(axis=0) + TINY), dtype=np.float32)


def durations(h: Magnitude) -> Magnitude:
    """Return how many frames a sound goes on; 1 where every frame rises from nothing."""
    rises = np.maximum(np.diff(h, axis=1, prepend=0), 0.0).sum(axis=1)
    return np.asarray(h.sum(axis=1) / (rises + TINY), dtype=np.float32)


def crests(h: Magnitude) -> Magnitude:
    """Return the root mean square over the mean: 1 where it sounds evenly, higher the less often it sounds."""
    return np.asarray(np.sqrt(np.mean(np.square(h), axis=1)) / (h.mean(axis=1) + TINY), dtype=np.float32)

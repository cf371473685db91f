"""Waveforms and where they sound: the exact part of a song, rendered piece by piece."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.stack import MARGIN, shifted
from engine.model.audio import Samples

NEARLY_WHOLE = 1e-4
"""Frames from a whole one under which a place counts as whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Waveforms and where they sound.

    `waveforms`, one per element [shape=(channels, length), float32], of any lengths; for every event `elements` tells which
    one sounds, `at` where it begins [frames of the recording, fractions too] and `gains` how loud [linear], each
    [shape=(events,)]; `owners` [shape=(elements,)] is the source that an element belongs to, from 0 on.
    """

    waveforms: tuple[Samples, ...]
    elements: NDArray[np.int64]
    at: NDArray[np.float64]
    gains: NDArray[np.float64]
    owners: NDArray[np.int64]

    @property
    def sources(self) -> int:
        """How many sources."""
        return int(self.owners.max()) + 1 if len(self.owners) else 0

    def render(self, first: int, count: int) -> Samples:
        """Return a piece of every source [shape=(sources, channels, count), float32]; what lies outside the song too."""
        channels = self.waveforms[0].shape[0] if self.waveforms else 0
        out = np.zeros((self.sources, channels, count), dtype=np.float32)
        lengths = np.array([waveform.shape[1] for waveform in self.waveforms], dtype=np.float64)
        ends = self.at + lengths[self.elements] + MARGIN if len(self.elements) else np.zeros(0)
        for event in np.flatnonzero((ends > first) & (self.at - MARGIN < first + count) & (self.gains != 0.0)):
            element = int(self.elements[event])
            waveform, start = _placed(self.waveforms[element], float(self.at[event]))
            low, high = max(first, start), min(first + count, start + waveform.shape[1])
            if high > low:
                piece = waveform[:, low - start : high - start]
                out[self.owners[element], :, low - first : high - first] += np.float32(self.gains[event]) * piece
        return out


def _placed(waveform: Samples, at: float) -> tuple[Samples, int]:
    """Return a waveform that begins at a whole frame, and that frame."""
    whole = int(np.floor(at + NEARLY_WHOLE))
    later = at - whole
    if later < NEARLY_WHOLE:
        return waveform, whole
    return shifted(np.pad(waveform, [(0, 0), (MARGIN, MARGIN)]), later), whole - MARGIN

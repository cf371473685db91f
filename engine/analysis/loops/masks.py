"""Soft masks on the complex mixture, every channel its own, block by block.

Wiener's: the share of a loop's power in the power of all loops. Where the song is much louder than all loops together, a
voice perhaps, the loops take only what is theirs, and the rest stays for the residual. The loops' templates follow the bars,
wherever a bar begins and however long it is.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.templates import Templates
from engine.dsp.spectra import Spectrum, frame_centre, stream
from engine.model.audio import Audio, Progress, Samples

Floats = NDArray[np.float64]

CELLS_PER_BLOCK = 1 << 18
"""Bins x frames that are masked at a time."""
FLOOR = 1e-14
"""Power of a cell that counts as silence."""
SURPRISE = 2.0
"""How many times the loops' power the song may have before it counts as something else: loops may add up in phase."""


class LoopMask:
    """Knows how loud each loop is in every cell of the spectrogram.

    `edges` [shape=(bars + 1,), frames of the recording] rising, the first at or before the recording's start and the last at
    or beyond its end; `gains` [shape=(bars, columns), linear amplitude]; `owners` [shape=(columns,)] the loop each column
    belongs to.
    """

    def __init__(self, templates: Templates, edges: Floats, gains: Floats, owners: NDArray[np.int64]) -> None:
        self.templates, self.edges, self.owners = templates, edges, owners
        self.gains = gains.astype(np.float32)
        self.loops = int(owners.max()) + 1

    def __call__(self, spectrum: Spectrum, first: int) -> Spectrum:
        """Return every loop's share of a block [shape=(loops, channels, bins, frames)]."""
        power = self.power(spectrum.shape[-1], first)
        heard = np.square(spectrum.real) + np.square(spectrum.imag)
        total = np.maximum(power.sum(axis=0), heard / np.float32(SURPRISE)) + np.float32(FLOOR)
        return np.asarray(spectrum * (power / total))

    def power(self, count: int, first: int) -> NDArray[np.float32]:
        """Return the power of each loop in `count` frames from `first` on [shape=(loops, channels, bins, count)]."""
        bars, low, share = self._places(count, first)
        magnitude = self.templates.magnitude
        power = np.zeros((self.loops, *magnitude.shape[1:3], count), dtype=np.float32)
        high = np.minimum(low + 1, self.templates.steps - 1)
        for column, owner in enumerate(self.owners):
            gain = self.gains[bars, column]
            on = np.flatnonzero(gain)
            if on.size:
                one = magnitude[column]
                heard = one[..., low[on]] * (1.0 - share[on]) + one[..., high[on]] * share[on]
                power[owner][..., on] += (heard * gain[on]) ** 2
        return power

    def _places(self, count: int, first: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return the bar of each frame, the step before it and how far on to the next it is."""
        centres = frame_centre(first, self.templates.size, self.templates.hop) + np.arange(count) * self.templates.hop
        bars = np.clip(np.searchsorted(self.edges, centres, side="right") - 1, 0, len(self.edges) - 2)
        start, end = self.edges[bars], self.edges[bars + 1]
        steps = self.templates.steps
        at = np.clip((centres - start) / (end - start) * steps - 0.5, 0.0, steps - 1.0)
        low = at.astype(np.int64)
        return bars, low, (at - low).astype(np.float32)


def masked(audio: Audio, mask: LoopMask, progress: Progress) -> Iterator[Samples]:
    """Yield the loops' samples piece by piece [shape=(loops, channels, n), float32]."""
    size, hop = mask.templates.size, mask.templates.hop
    return stream(audio.samples, size, hop, mask, max(8, CELLS_PER_BLOCK // size), progress)

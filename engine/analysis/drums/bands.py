"""How loud each of 16 bands is, frame by frame: the picture in which drums are looked for."""

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.dsp.spectra import frame_centre, frame_count, stft
from engine.model.audio import Audio

Floats = NDArray[np.float64]

EDGES_HZ: Final = (0, 85, 120, 170, 240, 345, 490, 690, 980, 1390, 1970, 2790, 3960, 5610, 7960, 11290, 16000)
"""Half an octave each. Codecs often leave nothing above."""
WINDOW_S: Final = 0.0232
"""Short enough for a 32nd note, long enough to tell 43 Hz apart; a hop is a quarter of it."""
FRAMES_AT_ONCE: Final = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The amplitude of each band [shape=(16, frames)], and where the frames lie."""

    levels: Floats
    size: int
    hop: int
    rate: int

    @property
    def frames(self) -> int:
        """How many frames."""
        return int(self.levels.shape[1])

    def count(self, seconds: float) -> int:
        """Return how many frames a time lasts, one or more."""
        return max(1, round(seconds * self.rate / self.hop))

    def sample(self, frame: int) -> int:
        """Return the sample in the middle of a frame."""
        return round(frame_centre(frame, self.size, self.hop))


def bands_of(audio: Audio) -> Bands:
    """Return the bands of a signal, all channels together; memory beside the result does not grow with its length."""
    size = 2 * fft.next_fast_len(round(audio.rate * WINDOW_S / 2), real=True)
    size += -size % 4
    hop = size // 4
    hz = np.arange(size // 2 + 1) * (audio.rate / size)
    edges = np.searchsorted(hz, EDGES_HZ)
    total = frame_count(audio.frames, size, hop)
    levels = np.zeros((len(EDGES_HZ) - 1, total))
    for first in range(0, total, FRAMES_AT_ONCE):
        count = min(FRAMES_AT_ONCE, total - first)
        power = np.square(np.abs(stft(audio.samples, size, hop, first, count))).mean(axis=0)
        for band, (low, high) in enumerate(itertools.pairwise(edges)):
            levels[band, first : first + count] = np.sqrt(power[low:high].sum(axis=0))
    return Bands(levels, size, hop, audio.rate)

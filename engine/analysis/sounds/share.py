"""What the sounds leave of the song, shared out among their sources; what is nobody's stays with the residual.

Wiener's gain with the sources as they were found: in every cell each source gets, beside its own waveform, that part of what
is left which its power has in the power of all sources and of what is left. Where the sounds are exact nothing is left, and
nothing is changed.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sounds.fit import Matrix, Onsets
from engine.analysis.sounds.steps import Steps
from engine.analysis.sounds.waveforms import rendered
from engine.dsp.spectra import Spectrum, stft, stream
from engine.model.audio import Audio, Progress, Samples

WINDOW_S = 4096 / 44_100
FRAMES_PER_BLOCK = 64


def shared_out(
    audio: Audio, steps: Steps, onsets: Onsets, waveforms: Matrix, owners: NDArray[np.int64], progress: Progress
) -> Iterator[Samples]:
    """Yield the sources piece by piece [shape=(sources, channels, n), float32]."""
    size = int(2 ** round(np.log2(audio.rate * WINDOW_S)))
    hop = size // 4

    def mask(song: Spectrum, first: int) -> Spectrum:
        count = song.shape[-1]
        start = (first + 1) * hop - size
        heard = rendered(steps, onsets, waveforms, owners, start, (count - 1) * hop + size)
        # The piece begins where frame 0 of its own would have to: at (0 + 1) * hop - size.
        own = stft(heard, size, hop, size // hop - 1, count)
        power = np.square(own.real) + np.square(own.imag)
        left = song - own.sum(axis=0)
        total = power.sum(axis=0) + np.square(left.real) + np.square(left.imag) + np.float32(1e-12)
        return np.asarray(own + power / total * left)

    return stream(audio.samples, size, hop, mask, FRAMES_PER_BLOCK, progress)

"""The headphones: what the decks send there before their faders, and the master, mixed by a knob, and as late as the master."""

import numpy as np

from engine.dsp.fades import GLIDE_SECONDS, glide_to, glides, multiply_glide
from engine.dsp.levels import gain_of_db
from engine.mix.kernels import LONGEST, Bus
from engine.model.audio import Samples


class Headphones:
    """Cue and master, each at its level."""

    LONGEST_DELAY = 8192

    def __init__(self, rate: int) -> None:
        self._length = max(1, round(GLIDE_SECONDS * rate))
        self._levels = glides(np.array([1.0, 0.0]))
        self._late = np.zeros((2, self.LONGEST_DELAY + LONGEST))
        self._scratch = np.zeros((2, LONGEST))
        self.latency = 0

    def set(self, mix: float, gain_db: float, length: int) -> None:
        """Turn the mix (0 cue, 1 master) and the gain."""
        gain = gain_of_db(gain_db)
        glide_to(self._levels[0], gain * (1.0 - mix), length)
        glide_to(self._levels[1], gain * mix, length)

    def process(self, cue: Bus, n: int, master: Samples, at: int, out: Samples | None) -> None:
        """Write `n` frames to `out` from `at` on; without it only time passes."""
        late, kept = self._late, self.latency
        late[:, kept : kept + n] = cue[:, :n]
        self._scratch[:, :n] = 1.0
        for k in range(2):
            multiply_glide(self._levels[k], self._length, self._scratch[k], n)
        if out is not None:
            np.multiply(late[:, :n], self._scratch[0, :n], out=out[:, at : at + n], casting="same_kind")
            out[:, at : at + n] += master[:, at : at + n] * self._scratch[1, :n].astype(np.float32)
        late[:, :kept] = late[:, n : n + kept]

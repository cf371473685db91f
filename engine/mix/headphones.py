"""The headphones: what the decks send there before their faders, and the master, mixed by a knob, and as late as the master."""

import numpy as np
from numba import njit

from engine.dsp.fades import GLIDE_SECONDS, Glides, glide_to, glides, multiply_glide
from engine.dsp.levels import gain_of_db
from engine.mix.kernels import LONGEST, Bus
from engine.model.audio import Samples

_NOWHERE = np.zeros((0, 0), dtype=np.float32)


@njit(cache=True, nogil=True)
def _blend(
    cue: Bus, n: int, late: Bus, delay: int, levels: Glides, length: int, scratch: Bus, master: Samples, at: int, out: Samples
) -> None:
    """Write `n` frames of the delayed cue and of the master, each by its glide, and keep what is not due yet."""
    scratch[:, :n] = 1.0
    for k in range(2):
        multiply_glide(levels[k], length, scratch[k], n)
    for c in range(2):
        late[c, delay : delay + n] = cue[c, :n]
        if out.shape[0]:
            for i in range(n):
                out[c, at + i] = late[c, i] * scratch[0, i] + master[c, at + i] * scratch[1, i]
        for i in range(delay):
            late[c, i] = late[c, i + n]


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
        _blend(
            cue,
            n,
            self._late,
            self.latency,
            self._levels,
            self._length,
            self._scratch,
            master,
            at,
            _NOWHERE if out is None else out,
        )

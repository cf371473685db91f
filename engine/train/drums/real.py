"""Real drums of no known mixture, for the critic: recorded loops, at other speeds and through other equalisers."""

import numpy as np

from engine.analysis.stems.small_net import HOP, SIZE, pooled
from engine.model.audio import Samples
from engine.train.batches import equalised, spectra
from engine.train.notes import read_at


def real(loops: list[Samples], seed: int, step: int, size: int, frames: int) -> Samples:
    """Return the power of `size` stretches of loops in each cell [shape=(size, frames, CELLS)], any level."""
    rng = np.random.default_rng((seed, step, 4))
    return np.stack([stretch(loops[int(rng.integers(len(loops)))], rng, frames) for _ in range(size)])


def stretch(loop: Samples, rng: np.random.Generator, frames: int) -> Samples:
    """Return the power of a random stretch of a loop that goes on and on [shape=(frames, CELLS)]."""
    n = (frames - 1) * HOP + SIZE
    played = read_at(loop, float(rng.uniform(0.8, 1.25)), 60.0)
    start = int(rng.integers(played.size))
    heard = equalised(np.take(played, np.arange(start, start + n), mode="wrap")[None], rng)
    spectrum = spectra(np.broadcast_to(heard[None] * np.float32(0.5**0.5), (1, 2, n)))[0, 0]
    return pooled(np.square(spectrum.real) + np.square(spectrum.imag))

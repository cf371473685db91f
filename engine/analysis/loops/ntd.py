"""Non-negative Tucker decomposition of the bar cube, by TensorLy.

Cube (bar, row, time) ~ sum over k, i, j of core[k, i, j] layout[bar, k] sounds[row, i] rhythms[time, j]: in which bars, what
can be heard, when in the bar; the core tells which sounds in which rhythms make a loop: its recipe (Smith & Goto,
"Nonnegative tensor factorization for source separation of loops in audio", ICASSP 2018; the updates are HALS).

The layout is held. Left free, it drifts to where it makes up for what few sounds and rhythms cannot tell, and from a random
start or an SVD it ends in loops that are mixtures of loops.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.loops.cube import Cube

Floats = NDArray[np.float64]

SOUNDS, RHYTHMS = 32, 24
ITERATIONS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Tucker:
    """The four factors, all >= 0.

    `core` [shape=(columns, sounds, rhythms)], `layout` [shape=(bars, columns)], `sounds` [shape=(rows, sounds)], `rhythms`
    [shape=(times, rhythms)].
    """

    core: Floats
    layout: Floats
    sounds: Floats
    rhythms: Floats

    def recipes(self) -> Floats:
        """Return each recipe as it sounds [shape=(columns, rows, times)].

        The core alone would not tell whether two recipes are the same: what is alike in sounds and rhythms can be told in
        several ways.
        """
        return np.asarray(np.einsum("kij,ri,tj->krt", self.core, self.sounds, self.rhythms, optimize=True))


def decompose(cube: Cube, layout: Floats, rng: np.random.Generator) -> Tucker:
    """Find sounds, rhythms and recipes of a cube [shape=(bars, rows, times)] with a layout [shape=(bars, columns)]."""
    import tensorly
    from tensorly.decomposition import non_negative_tucker_hals

    tensor = cube.astype(np.float64) / max(float(cube.mean()), 1e-300)
    _, rows, times = tensor.shape
    rank = (layout.shape[1], min(SOUNDS, rows), min(RHYTHMS, times))
    factors = [layout.copy(), rng.uniform(0.1, 1.0, (rows, rank[1])), rng.uniform(0.1, 1.0, (times, rank[2]))]
    core = rng.uniform(0.1, 1.0, rank) / (rank[1] * rank[2])
    with tensorly.backend_context("numpy"):
        core, factors = non_negative_tucker_hals(
            tensor, rank, n_iter_max=ITERATIONS, init=(core, factors), fixed_modes=[0], tol=1e-5
        )
    return Tucker(np.asarray(core), layout, np.asarray(factors[1]), np.asarray(factors[2]))

"""The sparse NMF step on the core: loops that follow the same recipes become one (Smith, Kawasaki & Goto, ISMIR 2019).

The core's slices, one recipe per loop, told in sounds and rhythms, are factored into fewer recipes: core ~ mixing x recipes,
the mixing sparse. The layout follows: layout x mixing. A loop that was found twice, loud here and soft there, becomes one at
two levels.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOLERANCE = 0.1
"""Share of any recipe's norm that fewer recipes may miss. The same loop at two levels misses under 0.05, different ones 0.2."""
SPARSITY = 0.02
ITERATIONS = 100


def fewer_recipes(recipes: Floats, at_least: int = 1) -> Floats:
    """Return a mixing matrix [shape=(loops, fewer), >= 0] with which fewer recipes tell the same.

    Parameters
    ----------
    recipes : ndarray [shape=(loops, size), >= 0]
    at_least : int
        How many recipes to keep.

    Returns
    -------
    ndarray
        Diagonal where every recipe is needed; no column of zeros. Its rows carry the recipes' norms, so that
        layout x mixing is in the unit of recipes of norm 1.
    """
    norms = np.linalg.norm(recipes, axis=1)
    plain = recipes / np.maximum(norms, 1e-300)[:, None]
    best = np.eye(len(recipes))
    for count in range(len(recipes) - 1, at_least - 1, -1):
        mixing, missed = _sparse_nmf(plain, count)
        used = mixing[:, mixing.any(axis=0)]
        if missed > TOLERANCE or used.shape[1] < at_least:
            break
        best = used
    return np.asarray(norms[:, None] * best)


def _sparse_nmf(recipes: Floats, count: int) -> tuple[Floats, float]:
    """Return the mixing of `count` recipes of norm 1, and the largest share of a recipe's norm that it misses."""
    import tensorly
    from tensorly.decomposition import non_negative_parafac_hals

    with tensorly.backend_context("numpy"), warnings.catch_warnings():
        # TensorLy warns of every sparsity coefficient, used or not.
        warnings.filterwarnings("ignore", message="Sparsity coefficient is ignored")
        _, (mixing, made) = non_negative_parafac_hals(
            recipes, count, n_iter_max=ITERATIONS, init="svd", tol=1e-7, sparsity_coefficients=[SPARSITY, 0.0]
        )
    mixing, made = np.asarray(mixing), np.asarray(made)
    missed = float(np.linalg.norm(recipes - mixing @ made.T, axis=1).max())
    return mixing * np.linalg.norm(made, axis=0), missed

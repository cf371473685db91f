"""Robust principal components: a matrix as the sum of one of low rank and one that is mostly zero.

Principal component pursuit, min |L|_* + weight |S|_1 with L + S = M, by the inexact augmented Lagrange multiplier method (Lin,
Chen & Ma, "The augmented Lagrange multiplier method for exact recovery of corrupted low-rank matrices", 2010). A spectrogram's
part of low rank is what comes again and again, its sparse part what stands out (Huang, Chen, Smaragdis & Hasegawa-Johnson,
"Singing-voice separation from monaural recordings using robust principal component analysis", ICASSP 2012).
"""

import os

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from threadpoolctl import threadpool_limits

from engine.model.audio import Progress, no_progress

Matrix = NDArray[np.float64]

FIRST, GROWTH, MOST = 1.25, 1.5, 1e7
"""The penalty: at first over the largest singular value, its growth a step, how far it may grow in all (the paper's)."""


# A second thread costs more than it brings where another program wants it.
@threadpool_limits.wrap(limits=max(1, (os.cpu_count() or 1) // 2), user_api="blas")
def low_rank_and_sparse(
    m: Matrix, weight: float | None = None, tolerance: float = 1e-7, most_steps: int = 100, progress: Progress = no_progress
) -> tuple[Matrix, Matrix]:
    """Split a matrix.

    Parameters
    ----------
    m : ndarray [shape=(rows, columns)]
    weight : float, optional
        What an entry of the sparse part costs against a singular value; by default 1 / sqrt(the longer side), which recovers
        both exactly under mild conditions.
    tolerance : float
        Share of the Frobenius norm that may be missing to the sum.
    most_steps : int
    progress : Progress

    Returns
    -------
    low_rank, sparse : ndarray [shape=(rows, columns)]
        Their sum is `m` within the tolerance.
    """
    norm = float(np.linalg.norm(m))
    if norm == 0.0:
        return np.zeros_like(m), np.zeros_like(m)
    cost = 1.0 / np.sqrt(max(m.shape)) if weight is None else weight
    largest = _largest_singular_value(m)
    y = m / max(largest, float(np.abs(m).max()) / cost)
    penalty = FIRST / largest
    limit = penalty * MOST
    low, sparse, done = np.zeros_like(m), np.zeros_like(m), 0.0
    for step in range(most_steps):
        low = shrunk_singular_values(m - sparse + y / penalty, 1.0 / penalty)
        sparse = shrunk(m - low + y / penalty, cost / penalty)
        missing = m - low - sparse
        share = float(np.linalg.norm(missing)) / norm
        if share < tolerance:
            break
        y += penalty * missing
        penalty = min(penalty * GROWTH, limit)
        done = max(done, (step + 1) / most_steps, float(np.log(share) / np.log(tolerance)))
        progress(min(1.0, done))
    progress(1.0)
    return low, sparse


def shrunk(x: Matrix, by: float) -> Matrix:
    """Return every entry brought nearer to zero by so much, and no farther than zero."""
    return np.asarray(np.sign(x) * np.maximum(np.abs(x) - by, 0.0))


def shrunk_singular_values(x: Matrix, by: float) -> Matrix:
    """Return a matrix with every singular value lowered by so much, to zero at the least.

    By the eigenvectors of the smaller Gram matrix, of which only those above the threshold are found: several times faster than
    all singular values, and as good for those that count.
    """
    wide = x.shape[0] <= x.shape[1]
    gram = x @ x.T if wide else x.T @ x
    powers, vectors = linalg.eigh(gram, subset_by_value=(by * by, np.inf), check_finite=False)
    values = np.sqrt(powers)
    kept = (vectors * ((values - by) / values)) @ vectors.T
    return np.asarray(kept @ x if wide else x @ kept)


def _largest_singular_value(x: Matrix) -> float:
    gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    last = len(gram) - 1
    return float(np.sqrt(linalg.eigh(gram, eigvals_only=True, subset_by_index=(last, last), check_finite=False)[0]))

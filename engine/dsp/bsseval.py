"""BSS Eval v4: how much of an estimate's error is distortion, interference, or neither.

An estimate is split by projections: onto what filters of 512 taps make of all channels of its true source, and onto what they
make of all true sources. What the second has and the first has not is interference, what neither has is artefact (Vincent,
Gribonval & Févotte, "Performance measurement in blind audio source separation", IEEE TASLP 14(4), 2006; the filters are one
for the whole song, the ratios are taken in windows of 1 s: Stöter, Liutkus & Ito, "The 2018 signal separation evaluation
campaign", LVA/ICA 2018). Images are scored: SDR, ISR (spatial), SIR, SAR.

Conventions are those of museval: only whole windows count (a shorter signal is one window); a window in which any true source
or any estimate is silent is NaN for all of them, silent being that the channels add up to nothing; no error is infinite.
Scores of a song are medians over its windows. What museval refuses is left out here: a source that is silent throughout is
NaN, and the others are scored without it.

Where the true sources have nothing, as above 16 kHz in what was AAC once, a filter may be as loud as it likes. Cut into windows
the sources have a little there after all, and SIR and SAR tell of that alone (-15 and 0 dB where 9 and 8 are due). A floor,
noise that the filters see instead of nothing, mends this and moves other scores by a few hundredths of a dB.

Correlations are gathered over blocks, so that one short inverse transform a pair is left; the normal equations are factored
once, for any number of estimates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, linalg

from engine.model.audio import Samples

Matrix = NDArray[np.float64]
Solver = Callable[[Matrix], Matrix]

TAPS = 512
MOST_CHANNELS = 16
"""Of all true sources together: eight in stereo take 1 GB and some seconds, twice as many eight times as long."""
BLOCK = 1 << 14
LEAST_LOAD = 1e-14
"""Of a source's energy: added to the diagonal where channels are too alike for a factor to exist."""
FLOOR_DB = -60.0
"""A floor that mends coded material."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowScores:
    """SDR, ISR, SIR and SAR in dB [shape=(sources, windows) each]; NaN where something is silent."""

    sdr: Matrix
    isr: Matrix
    sir: Matrix
    sar: Matrix

    def medians(self) -> Matrix:
        """Return the four [shape=(4, sources), dB]: medians over the windows that are not NaN; NaN where all are."""
        every = np.stack([self.sdr, self.isr, self.sir, self.sar])
        kept = [[row[~np.isnan(row)] for row in one] for one in every]
        return np.array([[float(np.median(row)) if row.size else np.nan for row in one] for one in kept])


class BssEval:
    """Scores estimates of the same true sources, again and again.

    Parameters
    ----------
    truth : ndarray [shape=(sources, channels, frames), float32]
    window : int, frames
        1 s in the campaign.
    taps : int
        Of the distortion filters.
    floor_db : float, optional
        Power density of the noise that filters see, against the mean one of each true source; None is museval's none.
    """

    def __init__(self, truth: Samples, window: int, taps: int = TAPS, floor_db: float | None = None) -> None:
        if truth.ndim != 3 or window < 1:
            raise ValueError(
                f"takes sources [shape=(sources, channels, frames)] and a window of 1 or more, got {truth.shape}, {window}"
            )
        self._shape, self._window, self._taps = truth.shape, window, taps
        self._audible = np.flatnonzero(truth.any(axis=(1, 2)))
        self._truth = truth[self._audible]
        rows = self._truth.reshape(-1, truth.shape[2])
        if len(rows) > MOST_CHANNELS:
            raise ValueError(f"takes {MOST_CHANNELS} channels of true sources at most, got {len(rows)}")
        gram = gram_matrix(correlations(rows, rows, taps)) if len(rows) else np.zeros((0, 0))
        size = truth.shape[1] * taps
        load = 0.0 if floor_db is None else 10.0 ** (floor_db / 10.0)
        self._own = [solver(gram[i : i + size, i : i + size], size, load) for i in range(0, len(gram), size)]
        self._all = solver(gram, size, load)

    def scores(self, estimates: Samples) -> WindowScores:
        """Return the scores in each window.

        Parameters
        ----------
        estimates : ndarray [shape=(sources, channels, frames), float32]
            In the order of the true sources.
        """
        if estimates.shape != self._shape:
            raise ValueError(f"estimates of shape {estimates.shape} cannot be scored against sources of shape {self._shape}")
        given = np.array([i for i, row in enumerate(self._audible) if estimates[row].any()], dtype=np.intp)
        spans = list(windows(self._shape[2], self._window))
        out = np.full((4, self._shape[0], len(spans)), np.nan)
        if given.size:
            rows = self._audible[given]
            out[:, rows] = self._scored(estimates[rows], given, spans)
        return WindowScores(*out)

    def _scored(self, estimates: Samples, given: NDArray[np.intp], spans: list[slice]) -> Matrix:
        """Return the four ratios [shape=(4, estimates, windows)]; `given` [shape=(estimates,)] are their true sources."""
        count, channels = estimates.shape[:2]
        n = min(self._window, self._shape[2]) + self._taps - 1
        size = fft.next_fast_len(n, real=True)
        own, every = (fft.rfft(f, size, axis=-1) for f in self._filters(estimates, given))
        out = np.full((4, count, len(spans)), np.nan)
        for t, span in enumerate(spans):
            truth, heard = self._truth[..., span].astype(np.float64), estimates[..., span].astype(np.float64)
            if _any_silent(truth) or _any_silent(heard):
                continue
            spectra = fft.rfft(truth, size, axis=-1)
            near = fft.irfft(np.einsum("scf,sdcf->sdf", spectra[given], own), size)[..., :n]
            whole = np.einsum("rf,trf->tf", spectra.reshape(-1, spectra.shape[-1]), every)
            far = fft.irfft(whole.reshape(count, channels, -1), size)[..., :n]
            pad = [(0, 0), (0, 0), (0, self._taps - 1)]
            out[:, :, t] = _ratios(np.pad(truth[given], pad), near, far, np.pad(heard, pad))
        return out

    def _filters(self, estimates: Samples, given: NDArray[np.intp]) -> tuple[Matrix, Matrix]:
        """Return the filters from a source's own channels, and from all channels, to each channel of each estimate.

        The shapes are (estimates, channels to, channels from, taps) and (estimates x channels to, channels from, taps).
        """
        count, channels, frames = estimates.shape
        taps = self._taps
        cross = correlations(self._truth.reshape(-1, frames), estimates.reshape(-1, frames), taps)[..., taps - 1 :]
        sides = cross.transpose(0, 2, 1).reshape(-1, count * channels)
        every = self._all(sides).T.reshape(count * channels, -1, taps)
        own = np.empty((count, channels, channels, taps))
        for k, i in enumerate(given):
            mine = sides[i * channels * taps : (i + 1) * channels * taps, k * channels : (k + 1) * channels]
            own[k] = self._own[i](mine).T.reshape(channels, channels, taps)
        return own, every


def windows(frames: int, window: int) -> Iterator[slice]:
    """Yield the whole windows of a signal, or the one that a shorter signal is."""
    for start in range(0, max(frames - window, 0) + 1, window):
        yield slice(start, start + window)


def correlations(x: Samples, y: Samples, taps: int) -> Matrix:
    """Return the sum over n of x(n) y(n + lag) for every lag from -(taps - 1) to taps - 1 [shape=(m, k, 2 * taps - 1)].

    Parameters
    ----------
    x, y : ndarray [shape=(m, frames)], [shape=(k, frames)]
    """
    reach, frames = taps - 1, x.shape[1]
    size = max(BLOCK, fft.next_fast_len(4 * reach, real=True))
    step = size - 2 * reach
    total = np.zeros((len(x), len(y), size // 2 + 1), dtype=np.complex128)
    for start in range(0, frames, step):
        first, stop = max(0, start - reach), start + step + reach
        around = np.pad(y[:, first:stop].astype(np.float64), [(0, 0), (first - start + reach, 0)])
        block = fft.rfft(x[:, start : start + step].astype(np.float64), size)
        total += block.conj()[:, None] * fft.rfft(around, size)[None]
    return np.asarray(fft.irfft(total, size)[..., : 2 * reach + 1])


def gram_matrix(correlation: Matrix) -> Matrix:
    """Return the inner products of all signals delayed by 0 to taps - 1 [shape=(m * taps, m * taps)].

    Parameters
    ----------
    correlation : ndarray [shape=(m, m, 2 * taps - 1)]
        As `correlations` gives it.
    """
    m, taps = correlation.shape[0], (correlation.shape[2] + 1) // 2
    blocks = np.lib.stride_tricks.sliding_window_view(correlation[..., ::-1], taps, axis=-1)[..., ::-1, :]
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(m * taps, m * taps)


def solver(gram: Matrix, size: int, load: float = 0.0) -> Solver:
    """Return the function that solves normal equations; what is alike in several channels is shared out among them.

    Parameters
    ----------
    gram : ndarray [shape=(n, n)]
    size : int
        How many neighbours are of one source.
    load : float
        Of the source's mean energy: added to the diagonal.
    """
    if not len(gram):
        return lambda sides: sides
    energy = np.repeat(np.diag(gram).reshape(-1, size).mean(axis=1), size)
    while load <= 1.0:
        loaded = gram.copy()
        loaded[np.diag_indices(len(gram))] += load * energy
        try:
            factor = linalg.cho_factor(loaded, lower=True, overwrite_a=True, check_finite=False)
        except linalg.LinAlgError:
            load = max(LEAST_LOAD, 10.0 * load)
        else:
            return lambda sides: np.asarray(linalg.cho_solve(factor, sides, check_finite=False))
    raise ValueError("the true sources hold NaN or infinite samples")


def _any_silent(sources: Matrix) -> bool:
    """Tell whether the channels of any source add up to nothing throughout."""
    return bool(np.any(np.all(sources.sum(axis=1) == 0.0, axis=-1)))


def _ratios(truth: Matrix, near: Matrix, far: Matrix, estimate: Matrix) -> Matrix:
    """Return SDR, ISR, SIR and SAR [shape=(4, sources), dB]."""
    pairs = ((truth, estimate - truth), (truth, near - truth), (near, far - near), (far, estimate - far))
    return np.stack([_db(np.square(a).sum(axis=(1, 2)), np.square(b).sum(axis=(1, 2))) for a, b in pairs])


def _db(signal: Matrix, error: Matrix) -> Matrix:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0.0, np.inf, 10.0 * np.log10(signal / error))

"""Crosstalk: how much of a source is other sources, estimated from the sources alone.

In a patch of the spectrogram (half a second, a band) two parts that were told apart are incoherent, however much they overlap;
what one took of another keeps its phase. The magnitude-squared coherence (Carter, "Coherence and time delay estimation", Proc.
IEEE 75(2), 1987) of a source with the sum of the others, less what chance gives so few values, is therefore shared sound. Whose
it is coherence does not say: it is taken to be the others' by their share of the power there.

Measured against true leakage (`docs/measurements.md`), it ranks sources well; parts that always sound together, or a
source that is wholly another's, it cannot see.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.dsp.spectra import window
from engine.model.audio import Samples
from engine.model.remixset import CLEAN_DB

Floats = NDArray[np.float64]

WINDOW_S, PATCH_S = 0.046, 0.5
BANDS = 21
LOWEST_HZ, HIGHEST_HZ = 40.0, 14_000.0
WORST_DB = 20.0
FEWEST = 2
"""Sources: with one there is nothing to compare."""
SILENT = 1e-12
"""Mean power under which a source holds nothing to estimate."""


def estimate_crosstalk(sources: Samples, rate: int) -> Floats:
    """Return how loud others are in each source beside its own sound [shape=(n,), dB]; NaN as `CrosstalkMeter.db` says.

    Parameters
    ----------
    sources : ndarray [shape=(n, channels, frames), float32]
        A song taken apart, without the residual.
    rate : int, Hz
    """
    meter = CrosstalkMeter(len(sources), rate)
    meter.hear(sources)
    return meter.db()


class CrosstalkMeter:
    """Listens to `count` sources block by block, in memory that does not grow with the song."""

    def __init__(self, count: int, rate: int) -> None:
        self._size = int(2 ** round(np.log2(rate * WINDOW_S)))
        self._frames = max(2, round(PATCH_S * rate / self._size))
        self._edges = _band_edges(rate, self._size)
        self._waiting = np.zeros((count, 0), dtype=np.float32)
        self._power, self._others = np.zeros(count), np.zeros(count)
        self._length = 0

    def through(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """Yield blocks [shape=(count, channels, n)] as they come, and listen."""
        for block in blocks:
            self.hear(block)
            yield block

    def hear(self, block: Samples) -> None:
        """Take the next samples [shape=(count, channels, n), float32] in."""
        if len(block) < FEWEST:
            return
        self._length += block.shape[-1]
        self._waiting = np.concatenate([self._waiting, block.mean(axis=1, dtype=np.float32)], axis=1)
        patch = self._frames * self._size
        whole = self._waiting.shape[1] // patch * patch
        for start in range(0, whole, patch):
            self._take(self._waiting[:, start : start + patch])
        self._waiting = self._waiting[:, whole:]

    def db(self) -> Floats:
        """Return the estimate of what was heard [shape=(count,), dB, `CLEAN_DB` or more].

        NaN for a source that is silent, that is the only one, or that is shorter than a patch.
        """
        loud = self._power > SILENT * max(self._length, 1)
        share = np.minimum(self._others / np.where(loud, self._power, 1.0), 1.0 - 1e-9)
        ratio = 10.0 * np.log10(np.maximum(share / (1.0 - share), 1e-9))
        return np.where(loud, np.clip(ratio, CLEAN_DB, WORST_DB), np.nan)

    def _take(self, patch: Samples) -> None:
        """Add up what a patch [shape=(count, frames * size)] tells in every band."""
        low, high = self._edges[0], self._edges[-1]
        spectrum = fft.rfft(patch.reshape(len(patch), -1, self._size) * window(self._size), axis=-1)[..., low:high]
        total = spectrum.sum(axis=0)
        mine = self._in_bands(np.einsum("ift,ift->it", spectrum, spectrum.conj())).real
        with_all = self._in_bands(np.einsum("ift,ft->it", spectrum, total.conj()))
        everything = self._in_bands(np.einsum("ft,ft->t", total, total.conj())).real
        theirs = np.maximum(everything - 2.0 * with_all.real + mine, 0.0)
        chance = 1.0 / (self._frames * np.diff(self._edges))
        coherence = np.square(np.abs(with_all - mine)) / np.maximum(mine * theirs, 1e-30)
        coherence = np.clip((coherence - chance) / (1.0 - chance), 0.0, 1.0)
        self._others += (coherence * mine * theirs / np.maximum(mine + theirs, 1e-30)).sum(axis=1)
        self._power += mine.sum(axis=1)

    def _in_bands(self, bins: NDArray[np.complex64]) -> NDArray[np.complex128]:
        """Add up bins [shape=(..., bins)] by bands [shape=(..., bands)]."""
        return np.add.reduceat(bins.astype(np.complex128), self._edges[:-1] - self._edges[0], axis=-1)


def _band_edges(rate: int, size: int) -> NDArray[np.int64]:
    """Return the bins at which bands of even width in octaves begin, and the end of the last."""
    hz = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate / 2), BANDS + 1)
    return np.unique(np.maximum(np.rint(hz * size / rate), 1.0).astype(np.int64))

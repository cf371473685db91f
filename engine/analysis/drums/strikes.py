"""Pieces of a recording around strikes, lined up to the sample by cross-correlation."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.analysis.drums.bands import Floats
from engine.analysis.drums.kinds import Kind
from engine.model.audio import Audio, Samples

Ints = NDArray[np.int64]
Spectra = NDArray[np.complex64]

REACH_S: Final = 0.012
"""How far a strike may lie from where its frame says."""
BEFORE_S, AFTER_S = 0.015, 0.08
"""What is compared of each."""
RISE_S: Final = 0.003


@dataclass(frozen=True, slots=True, eq=False)
class Strikes:
    """Strikes of one kind, in the range where its waveform is compared.

    `at` [shape=(n,), samples]; `spectra` [shape=(n, channels, bins)], each of energy 1, of the `size` samples about it; the
    first bin is bin `lowest`.
    """

    at: Ints
    spectra: Spectra
    size: int
    lowest: int
    reach: int

    @classmethod
    def of(cls, audio: Audio, at: Ints, kind: Kind) -> Self:
        """Cut the pieces around `at` [shape=(n,), samples], after moving it to where the energy rises."""
        at = at + _rise(audio, at, kind)
        before, reach = round(BEFORE_S * audio.rate), round(REACH_S * audio.rate)
        pieces = cut(audio, at, before, before + round(AFTER_S * audio.rate))
        size = _even(pieces.shape[-1] + 2 * reach)
        low, high = _bins(size, audio.rate, kind)
        spectra = fft.rfft(pieces, size)[..., low:high]
        norms = np.sqrt(np.square(np.abs(spectra)).sum(axis=(1, 2), keepdims=True) * (2.0 / size))
        return cls(at, np.asarray(spectra / np.maximum(norms, 1e-12), dtype=np.complex64), size, low, reach)

    def moved(self, shifts: Ints) -> Self:
        """Return the strikes later by some samples each [shape=(n,)]."""
        bins = np.arange(self.lowest, self.lowest + self.spectra.shape[-1])
        turn = np.exp(2j * np.pi / self.size * np.outer(shifts, bins)).astype(np.complex64)
        return type(self)(self.at + shifts, self.spectra * turn[:, None, :], self.size, self.lowest, self.reach)

    def against(self, sound: Spectra, own: NDArray[np.bool_]) -> tuple[Ints, Floats]:
        """Return by how much each strike is late against a sum of strikes, and how alike it then is [both shape=(n,)].

        Those in the sum themselves, `own` [shape=(n,)], are taken out of it before they are compared.
        """
        shifts, alike = np.zeros(len(self.at), dtype=np.int64), np.zeros(len(self.at))
        for k, one in enumerate(self.spectra):
            others = sound - one if own[k] else sound
            shifts[k], alike[k] = self._likeness(one, others)
        return shifts, alike

    def _likeness(self, one: Spectra, others: Spectra) -> tuple[int, float]:
        norm = np.sqrt(np.square(np.abs(others)).sum() * 2.0 / self.size)
        if norm < 1e-9:
            return 0, 0.0
        crossed = np.zeros(self.size // 2 + 1, dtype=np.complex64)
        crossed[self.lowest : self.lowest + one.shape[-1]] = (one * others.conj()).sum(axis=0)
        course = fft.irfft(crossed, self.size) / norm
        near = np.concatenate([course[-self.reach :], course[: self.reach + 1]])
        best = int(np.argmax(near))
        return best - self.reach, float(near[best])


def cut(audio: Audio, at: Ints, before: int, length: int) -> Samples:
    """Return `length` samples from `before` samples before each place [shape=(n, channels, length)]; silence beyond."""
    out = np.zeros((len(at), audio.channels, length), dtype=np.float32)
    for row, place in zip(out, at, strict=True):
        start = int(place) - before
        low, high = max(0, start), min(audio.frames, start + length)
        if high > low:
            row[:, low - start : high - start] = audio.samples[:, low:high]
    return out


def _rise(audio: Audio, at: Ints, kind: Kind) -> Ints:
    """Return how far from each place the energy in the kind's range rises most."""
    reach, width = round(REACH_S * audio.rate), max(2, round(RISE_S * audio.rate))
    middle = 2 * (reach + width)
    pieces = cut(audio, at, middle, 2 * middle)
    size = _even(2 * middle)
    spectra = fft.rfft(pieces, size)
    low, high = _bins(size, audio.rate, kind)
    spectra[..., :low] = spectra[..., high:] = 0.0
    sound = fft.irfft(spectra, size)
    energy = np.cumsum(np.square(sound, dtype=np.float64).sum(axis=1), axis=1)
    places = np.arange(middle - reach, middle + reach)
    step = energy[:, places + width] - 2.0 * energy[:, places] + energy[:, places - width]
    return np.asarray(np.argmax(step, axis=1) - reach)


def _bins(size: int, rate: int, kind: Kind) -> tuple[int, int]:
    low, high = (round(hz * size / rate) for hz in kind.range_hz)
    low = min(low, size // 2 - 1)
    return low, max(low + 1, min(high, size // 2 + 1))


def _even(length: int) -> int:
    """Return the length of a quick transform of so many samples or more; even, so that its bins tell it."""
    return 2 * int(fft.next_fast_len(-(-length // 2), real=True))

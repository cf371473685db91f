"""Mixtures for training, made of songs that are renewed all the time.

Sources are mixed as in Uhlich et al. ("Improving music source separation based on deep neural networks through data
augmentation and network blending", ICASSP 2017): from different songs, channels swapped, gains 0.25 to 1.25; and as in Demucs'
automix from songs of one tempo and key, which here is the song itself. Added to that: a random gentle equaliser for each
source, sources left out, recordings in mono.

Mixture `i` depends on the seed and its number alone, and so does the batch of a step, so training that was broken off goes on
as if nothing had happened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import scipy.fft

from engine.analysis.stems.builtin import four_stems
from engine.analysis.stems.small_net import HOP, SIZE, SOURCES, pooled
from engine.dsp.levels import HEARD_RMS
from engine.dsp.spectra import Spectrum, window
from engine.model.audio import Audio, Samples, no_progress
from engine.train.sources import RATE

LEAST_GAIN, MOST_GAIN = 0.25, 1.25
LEFT_OUT = (0.12, 0.12, 0.35, 0.1)
"""How often each source is silent."""
SAME_SONG = 0.4
IN_MONO = 0.12
EQUALISED = 0.6
CODED, CODED_ABOVE = 0.3, (12_000.0, 19_000.0)
"""How often, and above which Hz, nothing is left, as codecs leave it."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What the loss needs of mixtures, summed over the bins of each cell, for middle and side.

    What is shared out are `parts` (the mixture, or the built-in separator's stems). `sources` [shape=(..., asked, 2, frames,
    CELLS)] is the power of each source that is asked for, `shared` [shape=(..., asked, parts, 2, frames, CELLS)] the real cross
    power of each of them and each part, `parts` [shape=(..., pairs, 2, frames, CELLS)] that of each two parts (`pairs_of`),
    doubled if they differ. With shares that are one number per cell, the squared error follows from them exactly.
    """

    sources: Samples
    shared: Samples
    parts: Samples


def pairs_of(parts: int) -> list[tuple[int, int]]:
    """Return each two of so many parts once, each with itself first."""
    return [(i, i) for i in range(parts)] + [(i, j) for i in range(parts) for j in range(i + 1, parts)]


class Pool(Generic[Item]):
    """What is at hand at a step: some to begin with, `fresh` more each step, the oldest going when there are `size`."""

    def __init__(self, make: Callable[[int], Item], size: int, fresh: float, first: int) -> None:
        self._make, self._size, self._fresh, self._first = make, size, fresh, first
        self._items: dict[int, Item] = {}

    def at(self, step: int) -> list[Item]:
        """Return the items at a step, in order of age; those not at hand are made."""
        newest = self._first + int(step * self._fresh)
        wanted = range(max(0, newest - self._size), newest)
        self._items = {i: self._items[i] if i in self._items else self._make(i) for i in wanted}
        return [self._items[i] for i in wanted]


def batch(mixtures: list[Batch], seed: int, step: int, size: int, frames: int) -> Batch:
    """Return the batch of a step: `size` crops of `frames` frames."""
    rng = np.random.default_rng((seed, step, 1))
    crops = []
    for _ in range(size):
        chosen = mixtures[int(rng.integers(len(mixtures)))]
        start = int(rng.integers(chosen.sources.shape[-2] - frames + 1))
        crops.append([x[..., start : start + frames, :] for x in (chosen.sources, chosen.shared, chosen.parts)])
    return Batch(*(np.stack(x) for x in zip(*crops, strict=True)))


def mixture(songs: list[Samples], seed: int, index: int, frames: int, *, guided: bool, asked: int = SOURCES) -> Batch:
    """Return one mixture of what is in the songs, of `frames` frames; the first `asked` sources are those to be found."""
    rng = np.random.default_rng((seed, index, 2))
    stems = mixed(songs, rng, (frames - 1) * HOP + SIZE)
    if rng.uniform() < CODED:
        stems = lowpassed(stems, float(rng.uniform(*CODED_ABOVE)))
    parts = four_stems(Audio(stems.sum(axis=0), RATE), no_progress) if guided else stems.sum(axis=0)[None]
    return statistics(spectra(stems[:asked]), spectra(parts))


def beside(shared_out: Batch) -> Batch:
    """Return a mixture that is shared out itself: of its parts only the power is kept, for a network to hear.

    `shared` is then [shape=(..., asked, 1, 2, frames, CELLS)], `parts` the mixture first, then each part.
    """
    own = shared_out.parts[: shared_out.shared.shape[1]] if shared_out.shared.shape[1] > 1 else shared_out.parts[:0]
    whole = np.maximum(shared_out.parts.sum(axis=0, keepdims=True), 0)
    return Batch(shared_out.sources, shared_out.shared.sum(axis=1, keepdims=True), np.concatenate([whole, own]))


def mixed(songs: list[Samples], rng: np.random.Generator, n: int) -> Samples:
    """Return sources in a mixture [shape=(4, 2, n)], the sum at about `HEARD_RMS`."""
    one = int(rng.integers(len(songs)))
    together = rng.uniform() < SAME_SONG
    start = int(rng.integers(songs[0].shape[-1] - n + 1))
    stems = np.zeros((4, 2, n), dtype=np.float32)
    for k in range(4):
        song = songs[one if together else int(rng.integers(len(songs)))]
        first = start if together else int(rng.integers(song.shape[-1] - n + 1))
        if rng.uniform() >= LEFT_OUT[k]:
            stems[k] = augmented(song[k, :, first : first + n], rng)
            if rng.uniform() < EQUALISED:
                stems[k] = equalised(stems[k], rng)
    if rng.uniform() < IN_MONO:
        stems[:] = stems.mean(axis=1, keepdims=True)
    level = float(np.sqrt(np.mean(np.square(stems.sum(axis=0)))))
    return np.asarray(stems * np.float32(HEARD_RMS * np.exp(rng.normal(0, 0.2)) / max(level, 1e-4)), dtype=np.float32)


def augmented(stem: Samples, rng: np.random.Generator) -> Samples:
    """Return a source with its channels perhaps swapped, its sign perhaps turned, its gain within the bounds."""
    gain = rng.uniform(LEAST_GAIN, MOST_GAIN) * rng.choice([-1, 1])
    return np.asarray((stem[::-1] if rng.uniform() < 0.5 else stem) * np.float32(gain), dtype=np.float32)


def equalised(stem: Samples, rng: np.random.Generator) -> Samples:
    """Return a source through a random equaliser."""
    size = scipy.fft.next_fast_len(stem.shape[-1], real=True)
    hz = scipy.fft.rfftfreq(size, 1 / RATE)
    return np.asarray(
        scipy.fft.irfft(scipy.fft.rfft(stem, size) * equaliser(hz, rng), size)[..., : stem.shape[-1]], dtype=np.float32
    )


def equaliser(hz: "np.ndarray[tuple[int], np.dtype[np.float64]]", rng: np.random.Generator) -> Samples:
    """Return gains that wander by a few dB from octave to octave [shape=(bins,)]."""
    octaves = np.log2(np.maximum(hz, 10.0) / 10.0)
    return (10.0 ** (np.interp(octaves, np.arange(12), rng.normal(0, 3, size=12)) / 20)).astype(np.float32)


def lowpassed(stems: Samples, hz: float) -> Samples:
    """Return sources without what lies above a frequency."""
    size = scipy.fft.next_fast_len(stems.shape[-1], real=True)
    kept = scipy.fft.rfft(stems, size) * (scipy.fft.rfftfreq(size, 1 / RATE) < hz)
    return np.asarray(scipy.fft.irfft(kept, size)[..., : stems.shape[-1]], dtype=np.float32)


def spectra(stems: Samples) -> Spectrum:
    """Return the spectra of middle and side of each source [shape=(4, 2, frames, bins)]."""
    middle_side = np.stack([stems[:, 0] + stems[:, 1], stems[:, 0] - stems[:, 1]], axis=1) * np.float32(0.5**0.5)
    frames = np.lib.stride_tricks.sliding_window_view(middle_side, SIZE, axis=-1)[..., ::HOP, :] * window(SIZE)
    found: Spectrum = scipy.fft.rfft(frames, axis=-1, overwrite_x=True)
    return found


def statistics(sources: Spectrum, parts: Spectrum) -> Batch:
    """Return what the loss needs of one mixture."""

    def cross(x: Spectrum, y: Spectrum) -> Samples:
        return pooled(x.real * y.real + x.imag * y.imag)

    power = [cross(parts[i], parts[j]) * np.float32(1 if i == j else 2) for i, j in pairs_of(len(parts))]
    shared = [[cross(source, part) for part in parts] for source in sources]
    return Batch(np.stack([cross(x, x) for x in sources]), np.array(shared), np.stack(power))

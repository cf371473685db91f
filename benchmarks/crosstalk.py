"""How well crosstalk is estimated from the sources alone.

    python -m benchmarks.crosstalk [--built FOLDER]... [--stems FOLDER]...

Songs with known parts (as in `benchmarks.loops`; their first 40 s) are taken apart by the built-in separator, into what lasts
and what strikes, by soft masks that know the truth more or less, and into loops. What is truly in a source is found by least
squares in each third of an octave and 0.75 s, from the parts: every part belongs to the source that holds most of it, and what
a source holds of others' parts, beside its own, is its leak. Per way a row: pairs of song and source, Spearman's correlation of
estimate and truth, and the error in dB, median and 90 % (truth held between the estimate's limits).
"""

import argparse
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import ndimage, stats

from engine.analysis.crosstalk import WORST_DB, estimate_crosstalk
from engine.analysis.grid import find_grid
from engine.analysis.loops import find_loops
from engine.analysis.stems.builtin import BuiltinSeparator
from engine.dsp.hpss import harmonic_share
from engine.dsp.spectra import istft, stft
from engine.model.audio import Audio, Samples
from engine.model.remixset import CLEAN_DB

Floats = NDArray[np.float64]

RATE, SECONDS = 44_100, 40
LEAST_SHARE = 1e-3
"""Of a song's energy, for a part to count, and of a decomposition's, for a source to."""
SIZE = 2048
BANDS = np.unique(np.geomspace(2, SIZE // 2, 27).astype(int))
SEGMENT = 32
"""Hops in which least squares has one gain for each part and band."""
SOFTNESS = ((0, 0, 2.0), (3, 3, 2.0), (10, 10, 2.0), (0, 0, 1.0), (2, 20, 1.0))
"""Blur of the known power in bins and frames, and the exponent of the masks made from it."""


def songs(built: list[Path], stems: list[Path]) -> Iterator[Samples]:
    """Yield the parts of each song [shape=(parts, 2, frames)]; they sum to it, which peaks at 0.9."""
    for folder in (song for root in built for song in sorted(root.glob("*/truth.json"))):
        parts = [read(file) for file in sorted(folder.parent.glob("stem-*.wav"))]
        rest = read(folder.parent / "mix.wav") - np.sum(parts, axis=0)
        yield levelled(np.stack([*parts, rest] if json.loads(folder.read_text())["foreground"] else parts))
    for folder in stems:
        parts = [read(file) for file in sorted(folder.glob("[0-9]*"))]
        shortest = min(part.shape[1] for part in parts)
        yield levelled(np.stack([part[:, :shortest] for part in parts]))


def read(file: Path) -> Samples:
    """Return the beginning of a file as stereo."""
    samples, _ = soundfile.read(file, frames=SECONDS * RATE, dtype="float32", always_2d=True)
    return np.broadcast_to(samples.T, (2, len(samples)))


def levelled(parts: Samples) -> Samples:
    """Return the parts that count, their sum at 0.9."""
    energy = np.square(parts, dtype=np.float64).sum(axis=(1, 2))
    parts = parts[energy > LEAST_SHARE * energy.sum()]
    return np.asarray(parts * np.float32(0.9 / np.abs(parts.sum(axis=0)).max()))


def ways(parts: Samples) -> Iterator[tuple[str, Samples]]:
    """Yield the name of each way and the sources [shape=(sources, 2, frames)] it makes of a song."""
    mix = parts.sum(axis=0)
    audio = Audio(mix, RATE)
    yield "built-in separator", np.concatenate(list(BuiltinSeparator().separate(audio).blocks), axis=-1)
    spectrum = stft(mix, 4096, 1024)
    lasting = istft(spectrum * harmonic_share(np.abs(spectrum).mean(axis=0), 17, 17), 4096, 1024, mix.shape[1])
    yield "what lasts, what strikes", np.stack([lasting, mix - lasting])
    for softness in SOFTNESS:
        yield "soft masks", masked(parts, *softness)
    loops = np.concatenate(list(find_loops(audio, find_grid(audio).grid).blocks), axis=-1)
    if len(loops) > 1:
        yield "loops", loops


def masked(parts: Samples, bins: int, frames: int, exponent: float) -> Samples:
    """Return the sources that soft masks find which know the parts' blurred power."""
    spectra = stft(parts, SIZE, SIZE // 4)
    power = ndimage.gaussian_filter(np.square(np.abs(spectra).mean(axis=1)), (0, bins, frames)) ** (exponent / 2) + 1e-12
    masks = (power / power.sum(axis=0)).astype(np.float32)
    mix = spectra.sum(axis=0)
    return np.stack([istft(mix * mask, SIZE, SIZE // 4, parts.shape[-1]) for mask in masks])


def leak_db(sources: Samples, parts: Samples) -> Floats:
    """Return what each source truly holds of others, beside its own [shape=(sources,), dB]; NaN for next to nothing."""
    held = held_energy(stft(sources.mean(axis=1), SIZE, SIZE // 2), stft(parts.mean(axis=1), SIZE, SIZE // 2))
    owned = held.argmax(axis=0) == np.arange(len(held))[:, None]
    # Who owns nothing is measured by what it holds most of.
    owned |= ~owned.any(axis=1, keepdims=True) & (held == held.max(axis=1, keepdims=True))
    own = np.where(owned, held, 0.0).sum(axis=1)
    level = 10.0 * np.log10(np.maximum(held.sum(axis=1) - own, 1e-12) / np.maximum(own, 1e-12))
    return np.where(held.sum(axis=1) > LEAST_SHARE * held.sum(), level, np.nan)


def held_energy(sources: NDArray[np.complex64], parts: NDArray[np.complex64]) -> Floats:
    """Return the energy of each part in each source [shape=(sources, parts)], by least squares, from their spectra."""
    held = np.zeros((len(sources), len(parts)))
    for low, high in pairwise(BANDS):
        for start in range(0, parts.shape[-1], SEGMENT):
            x, s = (y[:, low:high, start : start + SEGMENT].reshape(len(y), -1) for y in (parts, sources))
            gram = (x.conj() @ x.T).real.astype(np.float64)
            on = np.flatnonzero(np.diag(gram) > max(1e-4 * np.diag(gram).max(), 1e-9))
            energy = np.diag(gram)[on]
            gains = np.linalg.solve(gram[np.ix_(on, on)] + 1e-3 * np.diag(energy), (x[on].conj() @ s.T).real)
            held[:, on] += (np.square(gains) * energy[:, None]).T
    return held


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", type=Path, action="append", default=[])
    parser.add_argument("--stems", type=Path, action="append", default=[])
    options = parser.parse_args()
    found: dict[str, list[Floats]] = {}
    for parts in songs(options.built, options.stems):
        for way, sources in ways(parts):
            pairs = np.stack([estimate_crosstalk(sources, RATE), leak_db(sources, parts)])
            found.setdefault(way, []).append(pairs[:, np.isfinite(pairs).all(axis=0)])
    print("| way | pairs | Spearman | median error, dB | 90 %, dB |\n|---|---|---|---|---|")
    found["all"] = [pairs for rows in found.values() for pairs in rows]
    for way, rows in found.items():
        estimate, truth = np.clip(np.concatenate(rows, axis=1), CLEAN_DB, WORST_DB)
        error = np.quantile(np.abs(estimate - truth), [0.5, 0.9])
        rank = stats.spearmanr(estimate, truth).statistic
        print(f"| {way} | {truth.size} | {rank:.2f} | {error[0]:.1f} | {error[1]:.1f} |")


if __name__ == "__main__":
    main()

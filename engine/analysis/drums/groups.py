"""Strikes of one kind -> the drums they are strikes of, each strike to the sample.

First by spectrum and decay, then by waveform: a strike goes to the drum whose strikes it is most like, drums whose waveforms
are alike are one, and strikes that are like no other of a drum whose strikes are all alike are another drum.
"""

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.drums.bands import Bands, Floats
from engine.analysis.drums.kinds import Kind
from engine.analysis.drums.onsets import APART_S
from engine.analysis.drums.strikes import Ints, Strikes
from engine.model.audio import Audio

SLICES_S: Final = (0.0, 0.02, 0.05, 0.1, 0.2)
"""Edges of what is compared, seconds after the strike."""
UNLIKE: Final = 0.15
"""1 minus the cosine of two shapes from which on they are two drums."""
MOST_GROUPS: Final = 4
FEWEST: Final = 3
"""Strikes that make a drum of their own."""
MOST_COMPARED: Final = 600
"""Strikes whose spectra are compared with each other; the rest go to the nearest drum."""
TURNS: Final = 5
SOMEWHAT, ONE = 0.3, 0.8
"""Correlation under which waveforms have nothing in common, and over which two drums are one."""
EXACT, STRANGE = 0.7, 0.4
"""Correlation of the strikes of a sampled drum, and of one among them that is none of its."""


def grouped(audio: Audio, bands: Bands, frames: Ints, kind: Kind) -> list[tuple[Ints, float]]:
    """Return the drums of a kind: where each is struck [shape=(n,), samples, rising], and how alike its strikes are, 0 to 1."""
    owners = by_shape(bands, frames, kind)
    strikes = Strikes.of(audio, np.array([bands.sample(frame + 1) for frame in frames], dtype=np.int64), kind)
    alike = np.ones(len(frames))
    for turn in range(TURNS):
        owners = _numbered(_merged(strikes, owners) if turn else owners)
        owners, shifts, alike = _reassigned(strikes, owners)
        if turn == 1:
            owners = _split(owners, alike)
        strikes = strikes.moved(np.where(alike > SOMEWHAT, shifts, 0))
    apart = round(APART_S * audio.rate)
    return [
        (once(strikes.at[mine], alike[mine], apart), float(np.median(alike[mine])))
        for mine in (owners == owner for owner in np.unique(owners))
    ]


def once(at: Ints, alike: Floats, apart: int) -> Ints:
    """Return places [shape=(n,), samples] in rising order, of two nearer than `apart` only what is more alike.

    Transients that far apart may still have been moved to one and the same strike.
    """
    order = np.argsort(at, kind="stable")
    at, alike = at[order], alike[order]
    near = np.flatnonzero(np.diff(at) < apart)
    return np.delete(at, near + (alike[near] >= alike[near + 1]))


def _sounds(strikes: Strikes, owners: Ints) -> NDArray[np.complex64]:
    """Return the sum of the strikes of each drum [shape=(drums, channels, bins)]."""
    return np.stack([strikes.spectra[owners == owner].sum(axis=0) for owner in range(int(owners.max()) + 1)])


def _reassigned(strikes: Strikes, owners: Ints) -> tuple[Ints, Ints, Floats]:
    """Return the drum that each strike is most like, by how much it is late against it, and how alike it is."""
    found = [strikes.against(sound, owners == owner) for owner, sound in enumerate(_sounds(strikes, owners))]
    shifts, alike = (np.stack(rows) for rows in zip(*found, strict=True))
    every = np.arange(len(owners))
    best = np.where(alike.max(axis=0) > SOMEWHAT, np.argmax(alike, axis=0), owners)
    alone = np.bincount(owners)[owners] < 2
    best = np.where(alone & (alike.max(axis=0) <= ONE), owners, best)
    return best, shifts[best, every], np.where(alone & (best == owners), 1.0, alike[best, every])


def _merged(strikes: Strikes, owners: Ints) -> Ints:
    """Return the owners with drums put together whose waveforms are alike, the rarer to the more frequent."""
    owners = _numbered(owners)
    sounds = _sounds(strikes, owners)
    norms = np.sqrt(np.square(np.abs(sounds)).sum(axis=(1, 2), keepdims=True) * (2.0 / strikes.size))
    sums = Strikes(np.zeros(len(sounds), dtype=np.int64), sounds / np.maximum(norms, 1e-12), strikes.size, strikes.lowest,
                   strikes.reach)  # fmt: skip
    for other in range(len(sounds)):
        _, alike = sums.against(sounds[other], np.zeros(len(sounds), dtype=np.bool_))
        first = int(np.argmax(alike > ONE))
        if first < other and alike[first] > ONE:
            owners = np.where(owners == other, first, owners)
    return owners


def _split(owners: Ints, alike: Floats) -> Ints:
    """Return the owners with the strangers among a sampled drum's strikes as a drum of their own."""
    out = owners.copy()
    for owner in np.unique(owners):
        mine = owners == owner
        strange = mine & (alike < STRANGE)
        if np.median(alike[mine]) > EXACT and np.count_nonzero(strange) >= FEWEST:
            out[strange] = out.max() + 1
    return out


def _numbered(owners: Ints) -> Ints:
    """Return the owners numbered by how frequent they are, 0 the most."""
    names, places, counts = np.unique(owners, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    return np.asarray(rank[places])


def by_shape(bands: Bands, frames: Ints, kind: Kind) -> Ints:
    """Return which drum of its kind each strike is by spectrum and decay [shape=(n,)], 0 the most frequent."""
    shapes = _shapes(bands, frames, kind)
    some = np.linspace(0, len(frames) - 1, min(len(frames), MOST_COMPARED)).astype(np.int64)
    labels = _clustered(shapes[some])
    numbers, counts = np.unique(labels, return_counts=True)
    order = numbers[np.argsort(-counts, kind="stable")]
    kept = [n for n in order[:MOST_GROUPS] if np.count_nonzero(labels == n) >= FEWEST] or [order[0]]
    centres = np.stack([shapes[some][labels == n].mean(axis=0) for n in kept])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True) + 1e-12
    return np.asarray(np.argmax(shapes @ centres.T, axis=1))


def _clustered(shapes: Floats) -> Ints:
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(shapes) < 2:
        return np.ones(len(shapes), dtype=np.int64)
    return np.asarray(fcluster(linkage(shapes, "average", "cosine"), UNLIKE, "distance"))


def _shapes(bands: Bands, frames: Ints, kind: Kind) -> Floats:
    """Return the amplitudes after each strike, less what was there before, by band and slice [shape=(n, values)], norm 1."""
    levels = bands.levels[kind.rises]
    last = bands.frames - 1
    before = levels[:, np.maximum(frames - 3, 0)]
    edges = [round(s * bands.rate / bands.hop) for s in SLICES_S]
    slices = []
    for low, high in itertools.pairwise(edges):
        at = np.minimum(frames[:, None] + np.arange(low, max(high, low + 1)), last)
        slices.append(np.maximum(levels[:, at].mean(axis=2) - before, 0.0))
    flat = np.concatenate(slices).T + 1e-9
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))

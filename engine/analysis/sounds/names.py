"""What a source would be called in a studio, by simple features of its sounds."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sounds.group import Ints, Portrait, band_edges, portrait
from engine.model.audio import Samples

ORDER = ("Kick", "Snare", "Hats", "Drums", "Bass", "Chord", "Lead", "Effect")
"""Similar sources stand side by side in this order."""
SHORT_S = 0.25
LOW_HZ = 130.0
FEW = 3
"""A sound heard no more often than this is an effect."""


def named(sounds: Portrait, owners: Ints, counts: Ints) -> list[str]:
    """Return the kind of every source, one of `ORDER`; `counts` [shape=(sounds,)] how often each sound is heard."""
    return [_name(sounds, np.flatnonzero(owners == owner), counts) for owner in range(int(owners.max()) + 1)]


def loop_name(waveform: Samples, rate: int) -> str:
    """Return what a whole loop would be called, one of `ORDER`, from one period of it [shape=(channels, frames)]."""
    one = portrait(waveform[None, None], np.ones((1, 1), dtype=np.float32), rate)
    centre, low, _ = _colour(one.bands[0])
    envelope = _envelope(waveform, round(0.01 * rate))
    struck = float(np.sort(envelope)[::-1][: max(1, len(envelope) // 5)].sum() / max(float(envelope.sum()), 1e-30))
    if centre > 4000.0:
        return "Hats"
    if low > 0.7:
        return "Kick" if struck > 0.6 else "Bass"
    if struck > 0.6:
        return "Drums"
    if centre < 260.0:
        return "Bass"
    return "Lead" if struck > 0.4 else "Chord"


def _envelope(waveform: Samples, hop: int) -> NDArray[np.float64]:
    energy = np.square(waveform, dtype=np.float64).sum(axis=0)
    return np.add.reduceat(energy, np.arange(0, len(energy), hop))


def _colour(bands: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the centre of a spectrum in Hz, the share that is low, and over how many bands it spreads."""
    edges = band_edges()
    middle = np.sqrt(np.maximum(edges[:-1], 20.0) * edges[1:])
    centre = float(np.exp(bands @ np.log(middle)))
    spread = float(np.exp(-(bands * np.log(bands + 1e-12)).sum()))
    return centre, float(bands[middle < LOW_HZ].sum()), spread


def numbered(names: list[str]) -> list[str]:
    """Return names no two of which are the same."""
    many, seen, out = Counter(names), Counter[str](), []
    for name in names:
        seen[name] += 1
        out.append(f"{name} {seen[name]}" if many[name] > 1 else name)
    return out


def _name(sounds: Portrait, members: Ints, counts: Ints) -> str:
    weight = sounds.energy[members] / max(float(sounds.energy[members].sum()), 1e-30)
    centre, low, spread = _colour(weight @ sounds.bands[members])
    length = float(weight @ sounds.length_s[members])
    if counts[members].sum() <= FEW:
        return "Effect"
    if centre > 4000.0:
        return "Hats"
    if length < SHORT_S and low > 0.5 and len(members) <= FEW:
        return "Kick"
    if centre < 260.0:
        return "Bass"
    if length < SHORT_S and spread > 10.0:
        return "Snare" if centre > 500.0 else "Drums"
    return "Chord" if length > 0.35 else "Lead"

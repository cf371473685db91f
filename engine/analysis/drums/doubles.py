"""One drum that was seen as two kinds: a kick with a click as kick and snare, a bright snare as snare and hat.

Two drums of different kinds that are always struck together, and neither ever alone, are one: its hit holds both.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.analysis.drums.drum import Drum
from engine.analysis.drums.kinds import HAT
from engine.analysis.drums.strikes import Ints

TOGETHER_S: Final = 0.02
ALWAYS: Final = 0.9
"""Share of the strikes of either that must be the other's too."""


def without_doubles(drums: Sequence[Drum], rate: int) -> list[Drum]:
    """Return the drums without those that are another's double; a hat goes first, then whose strikes are less alike."""
    ranked = sorted(drums, key=lambda drum: (drum.kind is HAT, -drum.alike))
    kept: list[Drum] = []
    for drum in ranked:
        if not any(other.kind is not drum.kind and together(drum, other, rate) for other in kept):
            kept.append(drum)
    return [drum for drum in drums if drum in kept]


def together(one: Drum, other: Drum, rate: int) -> bool:
    """Tell whether two drums are always struck together."""
    apart = nearest(one.at, other.at), nearest(other.at, one.at)
    return all(float(np.mean(distances < TOGETHER_S * rate)) >= ALWAYS for distances in apart)


def nearest(at: Ints, others: Ints) -> Ints:
    """Return how far each place [shape=(n,)] lies from the nearest of others [shape=(m,), rising]."""
    after = np.searchsorted(others, at)
    both = others[np.clip(after, 0, len(others) - 1)], others[np.clip(after - 1, 0, len(others) - 1)]
    return np.asarray(np.minimum(*(np.abs(at - place) for place in both)))

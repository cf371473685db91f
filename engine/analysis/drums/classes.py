"""What is struck at each transient: kick, snare, hat and percussion may be, all at once.

The rises of the bands are a sum of the kinds' attacks, with amounts by non-negative factorisation (Kullback-Leibler). The
attacks begin as `kinds` has them and go half the way to what the song shows (Wu & Lerch, "Drum transcription using partially
fixed non-negative matrix factorization with template adaptation", ISMIR 2015). What looks like percussion may also be a bass or
a chord that a separator left in: it counts where it is as loud as the drums are.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.analysis.drums.bands import Floats
from engine.analysis.drums.kinds import KINDS, PERCUSSION
from engine.analysis.drums.onsets import GROWTH, Transients

ROUNDS, FIXED_ROUNDS = 60, 20
ADAPTS: Final = 0.5
"""How far attacks go to what the song shows."""
SHARE: Final = 0.35
"""Of the rise in its own bands that a kind must explain."""
LEAST: Final = 0.25
"""Of the kind's strong strikes that a strike must reach: -12 dB."""
STRONG_PERCENT: Final = 90.0
PLAIN: Final = 0.5
"""Of the loudest kind's strong strikes that those of percussion must reach to count as drums: -6 dB."""


def struck(found: Transients) -> NDArray[np.bool_]:
    """Tell at which transients each kind is struck [shape=(kinds, n)]."""
    attacks, amounts = factorised(found.rises)
    hits = np.zeros(found.growth.shape, dtype=np.bool_)
    loudest = 0.0
    for row, kind in enumerate(KINDS):
        mine = attacks[kind.owns, row].sum() * amounts[row]
        rises = found.growth[row] > GROWTH
        if rises.any():
            strong = np.percentile(mine[rises], STRONG_PERCENT)
            if kind is PERCUSSION and strong < PLAIN * loudest:
                continue
            loudest = max(loudest, strong)
            share = mine / found.rises[kind.owns].sum(axis=0)
            hits[row] = rises & (share > SHARE) & (mine > LEAST * strong)
    return hits


def factorised(rises: Floats) -> tuple[Floats, Floats]:
    """Return the attacks [shape=(bands, kinds)], each of sum 1, and their amounts [shape=(kinds, n)]."""
    decibels = np.array([kind.attack_db for kind in KINDS]).T
    known = 10.0 ** (decibels / 20.0)
    known /= known.sum(axis=0)
    attacks = known
    amounts = np.tile(rises.sum(axis=0) / known.shape[1], (known.shape[1], 1))
    for turn in range(ROUNDS):
        amounts = amounts * (attacks.T @ (rises / (attacks @ amounts + 1e-12)))
        if turn >= FIXED_ROUNDS:
            seen = attacks * ((rises / (attacks @ amounts + 1e-12)) @ amounts.T)
            seen /= seen.sum(axis=0) + 1e-12
            attacks = (1.0 - ADAPTS) * known + ADAPTS * seen
    return attacks, amounts

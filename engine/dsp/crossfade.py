"""The crossfader: how loud a deck on either side is."""

import math
from typing import Final

from numba import njit

POWER, LINEAR, CUT = range(3)
"""The curves: constant power (-3 dB on both sides in the middle), linear (-6 dB), full until the last of the way."""

CUT_WAY: Final = 0.05
"""The share of the way in which the curve `CUT` goes from full to nothing."""


@njit(cache=True, nogil=True)
def side_gain(crossfader: float, side: float, curve: int) -> float:
    """Return the linear gain of a deck.

    Parameters
    ----------
    crossfader : float in [-1, 1]
        From left to right.
    side : -1, 0 or 1
        Of the deck: left, not on the crossfader (always 1.0), right.
    curve : int
        `POWER`, `LINEAR` or `CUT`.

    Returns
    -------
    gain : float in [0, 1]
        Exactly 1.0 with the crossfader all the way to the deck's side, exactly 0.0 all the way on the other.
    """
    if side == 0.0:
        return 1.0
    way = 0.5 + 0.5 * (crossfader if side > 0.0 else -crossfader)
    if curve == POWER:
        return math.sin(0.5 * math.pi * way)
    return way if curve == LINEAR else min(1.0, way / CUT_WAY)

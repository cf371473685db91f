"""What kinds of drums there are, in physical terms: where they sound, and how their attacks look.

The spectra of attacks are medians over one-shots of Sonic Pi (CC0), rounded: a kick is all below 120 Hz and falls 30 dB by
700 Hz, a snare is even within 10 dB from 170 Hz to 8 kHz, a hat lies above 4 kHz. Percussion is what strikes between 100 and
500 Hz: toms, congas, kicks without depth; and also the attacks of basses and chords that a separator left in.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of drum.

    `attack_db` is its spectrum as it is struck, in dB by band of `bands.EDGES_HZ`; `rises` and `owns` are the bands in which a
    strike is seen, and those that decide whether it is this kind. A strike must outdo all that was in the `after_s` seconds
    before it. `range_hz` is where its waveform is compared, `lowest_hz` below which it has nothing (0: nobody says so).
    """

    name: str
    attack_db: tuple[float, ...]
    rises: slice
    owns: slice
    after_s: float
    range_hz: tuple[float, float]
    lowest_hz: float


KICK: Final = Kind("kick", (0, 0, -4, -8, -17, -24, -28, *[-31] * 9), slice(0, 4), slice(0, 2), 0.06, (30, 400), 0)
SNARE: Final = Kind(
    "snare", (-16, -13, -10, -3, -5, -10, -12, -14, -15, -13, -10, -12, -14, -14, -18, -22),
    slice(4, 12), slice(4, 12), 0.04, (150, 6000), 0,
)  # fmt: skip
HAT: Final = Kind(
    "hat", (*[-35] * 6, -30, -28, -25, -22, -18, -12, -8, -4, -1, 0), slice(13, 16), slice(13, 16), 0.025, (4000, 16000), 1000
)
PERCUSSION: Final = Kind(
    "perc", (-8, -6, -4, -2, 0, -2, -5, -10, -14, -18, -22, -26, -30, -34, -40, -45),
    slice(1, 7), slice(2, 6), 0.06, (60, 2000), 0,
)  # fmt: skip
KINDS: Final = (KICK, SNARE, HAT, PERCUSSION)

"""Bars of a source that are switched on or off, and where in the song its row reads because of that.

A row that follows the song reads at the deck's position plus a shift, which is 0 where nothing is switched. It turns to the
shift of the next bar so early that its fade is over when the bar begins: no downbeat loses its attack.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.mix.bank import Bank

FADE_SECONDS = 0.005
"""How long a change of place fades."""

NOWHERE: Final = 1 << 60
"""A frame beyond every song; as a shift, silence."""

Frames = NDArray[np.int64]


class Cells:
    """The cells of one bank.

    `turns` [shape=(n,)] are the frames at which rows turn; from `turns[k]` on a row reads `shifts[row, k]` frames further on
    [shape=(rows, n)]. Before the first turn rows follow the song, and from the last one, which is its end.
    """

    def __init__(self, bank: Bank) -> None:
        starts = bank.bar_starts()
        turns = list(_all_on(_plays(bank, starts.size - 1), starts, fade_frames(bank.rate)))
        self._bars = np.array([bar for _, bar, _ in turns], dtype=np.int64)
        self._on: Frames = np.array([shift for *_, shift in turns], dtype=np.int64).reshape(-1, len(bank.ids)).T
        self.turns: Frames = np.array([*(frame for frame, *_ in turns), starts[-1]], dtype=np.int64)
        self.shifts: Frames = np.zeros((len(bank.ids), self.turns.size), dtype=np.int64)

    def set(self, row: int, bar: int, *, on: bool) -> None:
        """Switch a row in a bar, counted from 0; there may be no such bar."""
        first, last = np.searchsorted(self._bars, bar), np.searchsorted(self._bars, bar, side="right")
        self.shifts[row, first:last] = self._on[row, first:last] if on else NOWHERE

    def clear(self, row: int) -> None:
        """Let a row be as the song has it."""
        self.shifts[row] = 0


def fade_frames(rate: int) -> int:
    """Return how many frames a change of place fades."""
    return max(1, round(FADE_SECONDS * rate))


def _plays(bank: Bank, bars: int) -> Frames:
    """Return which bar each source plays where it is on [shape=(sources, bars)]; the bar itself where the bank does not say."""
    plays = np.tile(np.arange(bars), (len(bank.ids), 1))
    for row, others in zip(plays, bank.cell_bars, strict=False):
        known = np.array(others[:bars], dtype=np.int64)
        row[: known.size] = np.where((known >= 0) & (known < bars), known, row[: known.size])
    return plays


def _all_on(plays: Frames, starts: Frames, fade: int) -> Iterator[tuple[int, int, Frames]]:
    """Yield the turns of a song with every cell on: the frame, the bar, the shifts of all rows from there on."""
    lengths, shift = np.diff(starts), np.zeros(plays.shape[0], dtype=np.int64)
    for bar, others in enumerate(plays.T):
        wanted = starts[others] - starts[bar]
        # Bars of one length may begin a frame early or late: a loop that goes on goes on without a step.
        goes_on = (others == plays[:, bar - 1] + 1) & (np.abs(wanted - shift) <= 1)
        shift = np.where(goes_on, shift, wanted)
        yield int(starts[bar]) - fade, bar, shift
        short = lengths[others] + fade < lengths[bar]
        if short.any():
            # A bar that is shorter than the one it plays in does not run on into the downbeat behind it.
            yield int(starts[bar] + lengths[others[short]].min()) - fade, bar, np.where(short, NOWHERE, shift)

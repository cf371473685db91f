"""Rows of a stream: how each one gets through the song, frame after frame. Compiled; no allocation, no lock, no GIL.

A row is a line of whole numbers: where it reads, where it fades from and for how long already, what it does (`FOLLOWS` the
song, `CLIP`, `SILENT`) and what it will do from a frame to come on.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.mix.cells import NOWHERE, Frames
from engine.mix.queue import NEVER
from engine.model.audio import Samples

PLACE, OLD, AGE, BROKEN, SHIFT, KIND, FIRST, LAST, LENGTH, CARRY, DUE, NEXT, NEXT_FIRST, NEXT_LENGTH = range(14)
WIDTH: Final = 14
FOLLOWS, CLIP, SILENT = range(3)

FINE: Final = 1 << 16
"""Lengths of clips are kept in parts of a frame, so that no round of a clip is too short for long."""

Rows = NDArray[np.int64]
Rests = NDArray[np.float64]

WRITTEN, BEFORE, LACKS, SLOPE = range(4)


@njit(cache=True, nogil=True)
def _sample(track: Samples, frame: int) -> float:
    return float(track[frame]) if 0 <= frame < track.shape[0] else 0.0


@njit(cache=True, nogil=True)
def _go(row: Rows, place: int, length: int) -> None:
    """Send a row elsewhere, fading from where it was; a fade under way is broken off."""
    if row[PLACE] == place:
        return
    row[BROKEN] = row[AGE] < length
    row[OLD], row[PLACE], row[AGE] = row[PLACE], place, 0


@njit(cache=True, nogil=True)
def _turn(row: Rows, position: int, length: int) -> None:
    """Begin what is due, or come round in a clip."""
    place = row[PLACE]
    if position >= row[DUE]:
        row[KIND], row[FIRST], row[LENGTH] = row[NEXT], row[NEXT_FIRST], row[NEXT_LENGTH]
        late, row[CARRY], row[DUE] = position - row[DUE], 0, NEVER
        row[LAST] = row[FIRST] + (row[LENGTH] + FINE // 2) // FINE
        place = row[FIRST] + late if row[KIND] == CLIP else position + row[SHIFT] if row[KIND] == FOLLOWS else NOWHERE
    while row[KIND] == CLIP and place >= row[LAST]:
        exact = row[LENGTH] + row[CARRY]
        back = max(1, (exact + FINE // 2) // FINE)
        row[CARRY] = exact - back * FINE
        place -= back
    _go(row, place, length)


@njit(cache=True, nogil=True)
def _break_off(rest: Rests, old: float, slope: float, broken: bool) -> None:  # noqa: FBT001 - numba
    """Note what a fade that is broken off lacks to the sample and the slope with which the next one begins."""
    way = rest[WRITTEN] - rest[BEFORE]
    rest[SLOPE] = way - slope if broken else 0.0
    # A fade is taken at the middle of each frame, half a frame after its start.
    rest[LACKS] = rest[WRITTEN] + way - old - 0.5 * rest[SLOPE] if broken else 0.0


@njit(cache=True, nogil=True)
def read_rows(samples: Samples, rows: Rows, rest: Rests, position: int, length: int, out: Samples, at: int, n: int) -> None:
    """Write the next `n` frames of every row to `out` [shape=(rows * channels, frames)] from `at` on; move the rows on.

    `rest` [shape=(4, rows, channels)] remembers what a fade wrote last, and how far one that was broken off was from where
    the next one begins; that dies away with the next one.
    """
    channels = samples.shape[1]
    for k in range(rows.shape[0]):
        row = rows[k]
        for i in range(n):
            if row[DUE] <= position + i or row[KIND] == CLIP:
                _turn(row, position + i, length)
            fading = row[AGE] < length
            u = (row[AGE] + 0.5) / length
            into = u * u * (3.0 - 2.0 * u)
            for c in range(channels):
                value = _sample(samples[k, c], row[PLACE])
                if fading:
                    old = _sample(samples[k, c], row[OLD])
                    if row[AGE] == 0:
                        _break_off(rest[:, k, c], old, old - _sample(samples[k, c], row[OLD] - 1), row[BROKEN] != 0)
                    value = into * value + (1.0 - into) * (old + rest[LACKS, k, c])
                    value += rest[SLOPE, k, c] * length * u * (1.0 - u) ** 2
                    rest[BEFORE, k, c] = rest[WRITTEN, k, c]
                    rest[WRITTEN, k, c] = value
                out[k * channels + c, at + i] = value
            row[PLACE] += 1
            row[OLD] += 1
            row[AGE] += fading


@njit(cache=True, nogil=True)
def seat(rows: Rows, turns: Frames, shifts: Rows, position: int, last: int, length: int, age: int) -> int:
    """Send rows that follow to where the bar at `position` has them; return the frame of the next turn.

    `turns` and `shifts` are those of `engine.mix.cells`. `last` is where the loop that is on ends: a turn towards what comes
    behind it is left out. Fades have `age` frames behind them: 0, or `length` for none at all.
    """
    turn, coming = np.searchsorted(turns, position, side="right") - 1, NEVER
    if turn + 1 < turns.size and turns[turn + 1] + length < last:
        coming = turns[turn + 1]
    while turn >= 0 and turns[turn] + length >= last:
        turn -= 1
    for k in range(rows.shape[0]):
        row = rows[k]
        row[SHIFT] = shifts[k, turn] if turn >= 0 else 0
        if row[KIND] == FOLLOWS:
            _go(row, position + row[SHIFT], length)
            row[AGE] = max(row[AGE], age)
    return coming


@njit(cache=True, nogil=True)
def at_rest(rows: Rows, position: int, length: int) -> bool:
    """Tell whether all rows just follow the position."""
    busy = 0
    for row in rows:
        busy += row[KIND] != FOLLOWS or row[PLACE] != position or row[AGE] < length or row[DUE] < NEVER
    return busy == 0

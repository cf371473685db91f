"""What a deck reads from its record, frame after frame: the song, with loops, jumps and clips in it.

Each row of a bank has a place of its own in the song. Most rows follow the deck's position; a row with a clip goes round in the
clip; a row that shall be silent reads beyond the end. A change of place fades from what came next at the old place, over 5 ms,
so that nothing clicks. All of this is before the stretcher: a loop is as exact at another tempo as it is at its own.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.mix.bank import Bank
from engine.mix.queue import NEVER
from engine.model.audio import Samples

FADE_SECONDS = 0.005

PLACE, OLD, AGE, BROKEN, KIND, FIRST, LAST, LENGTH, CARRY, DUE, NEXT, NEXT_FIRST, NEXT_LENGTH = range(13)
FOLLOWS, CLIP, SILENT = range(3)

FINE: Final = 1 << 16
"""Lengths of clips are kept in parts of a frame, so that no round of a clip is too short for long."""

NOWHERE: Final = 1 << 60
"""A frame beyond every song."""

NO_LOOP: Final = (0, NEVER, 0.0)

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
        place = row[FIRST] + late if row[KIND] == CLIP else position if row[KIND] == FOLLOWS else NOWHERE
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
def _at_rest(rows: Rows, length: int) -> bool:
    busy = 0
    for row in rows:
        busy += row[KIND] != FOLLOWS or row[AGE] < length or row[DUE] < NEVER
    return busy == 0


class Stream:
    """The rows of one bank and where they are.

    `position` is the song's frame that the deck reads next; rows that follow it are there.
    """

    def __init__(self, bank: Bank, position: int) -> None:
        self.bank, self.position = bank, position
        self._length = max(1, round(FADE_SECONDS * bank.rate))
        self.rows = np.zeros((len(bank.ids), 13), dtype=np.int64)
        self._rest = np.zeros((4, len(bank.ids), bank.channels))
        self.rows[:, DUE] = NEVER
        self.rows[:, PLACE] = position
        self.rows[:, AGE] = self._length
        self.round, self.carry = NO_LOOP, 0.0
        """The loop that is on: first and last frame, exact length; and how far its turns so far were off that length."""
        self.shadow = position
        """Where the song would be without loops and jumps."""
        self.leapt, self.since = 0, NEVER
        """How far the last jump went, and how many frames ago that was."""

    def copy_of(self, other: "Stream", ahead: int) -> None:
        """Go on as another stream of the same record would in `ahead` frames (a negative number: did).

        A jump that the other made in these frames stays made, and what it led to comes when it would have.
        """
        self.position, self.shadow = other.position + ahead, other.shadow + ahead
        self.round, self.carry = other.round, other.carry
        if self.looping and other.since < -ahead:
            first, last, _ = self.round
            self.position += max(0, -((self.position - first) // (last - first))) * (last - first)
        self._wrap()
        self.rows[:, PLACE] = self.position
        self.rows[:, AGE] = self._length
        self.rows[:, KIND] = FOLLOWS
        self.leapt, self.since = other.leapt, NEVER

    def take_rows(self, other: "Stream", ahead: int, names: tuple[int, ...], theirs: tuple[int, ...]) -> None:
        """Let the clips of another stream go on here, `ahead` frames on; `names` and `theirs` say what either's rows are."""
        for k, name in enumerate(names):
            row = self.rows[k]
            row[KIND], row[DUE] = FOLLOWS, NEVER
            wrapped = self.position - other.position - ahead
            if name not in theirs:
                continue
            like = other.rows[theirs.index(name)]
            row[KIND:] = like[KIND:]
            if row[DUE] != NEVER:
                row[DUE] += wrapped
            if row[KIND] == CLIP:
                row[PLACE] = row[FIRST] + (like[PLACE] + ahead - row[FIRST]) % max(1, row[LAST] - row[FIRST])
            elif row[KIND] == SILENT:
                row[PLACE] = NOWHERE

    @property
    def simple(self) -> bool:
        """Whether all rows just follow the position."""
        return bool(_at_rest(self.rows, self._length))

    @property
    def looping(self) -> bool:
        """Whether a loop is on."""
        return self.round is not NO_LOOP

    def inside(self, place: int) -> int:
        """Return a frame to come as the loop will have it."""
        first, last, _ = self.round
        if place >= last:
            place = first + (place - last) % (last - first)
        return place

    def until_wrap(self) -> int:
        """Frames until the loop comes round."""
        return self.round[1] - self.position

    def advance(self, n: int) -> None:
        """Go on by `n` frames, at most `until_wrap()`, that were read elsewhere; only while `simple`."""
        self.rows[:, PLACE] += n
        self._moved(n)

    def read(self, out: Samples) -> None:
        """Write the next frames to `out` [shape=(rows * channels, n)]."""
        done = 0
        while done < out.shape[1]:
            n = max(1, min(out.shape[1] - done, self.until_wrap()))
            read_rows(self.bank.samples, self.rows, self._rest, self.position, self._length, out, done, n)
            self._moved(n)
            done += n

    def _moved(self, n: int) -> None:
        self.position += n
        self.shadow += n
        self.since += n
        if self.position >= self.round[1]:
            self._wrap()

    def _wrap(self) -> None:
        """Bring the position back into the loop. The fraction of a frame that a loop has is kept, so that nothing drifts."""
        place, (_, last, frames) = self.position, self.round
        while place >= last:
            back = max(1, round(frames + self.carry))
            self.carry += frames - back
            place -= back
        self._send(place)

    def _send(self, place: int, *, at_once: bool = False) -> None:
        leap = place - self.position
        for row in self.rows:
            if row[KIND] == FOLLOWS:
                _go(row, place, self._length)
                if at_once:
                    row[AGE] = self._length
            if row[DUE] != NEVER:
                row[DUE] += leap
        if leap:
            self.leapt, self.since = leap, 0
        self.position = place

    def go(self, place: int, *, slip: bool, at_once: bool = False, stay: bool = False) -> None:
        """Jump to a frame of the song, without a fade if `at_once`. Without `slip` the shadow goes along.

        A jump beyond the end of the loop that is on ends the loop, or with `stay` comes round in it.
        """
        if place >= self.round[1]:
            if stay:
                place = self.inside(place)
            else:
                self.round = NO_LOOP
        if not slip:
            self.shadow += place - self.position
        self._send(place, at_once=at_once)

    def loop(self, first: int, frames: float) -> None:
        """Repeat `frames` from `first` on; 0 frames end the loop."""
        if frames <= 0.0:
            self.round = NO_LOOP
            return
        frames = max(1.0, frames)
        self.round, self.carry = (first, first + round(frames), frames), 0.0
        self._wrap()

    def clip(self, row: int, at: int, first: int, frames: float) -> None:
        """Send a row round between `first` and `first + frames` when the position comes to `at` (late: as if it had then)."""
        self.rows[row, DUE:] = at, CLIP, first, round(max(1.0, frames) * FINE)

    def follow(self, row: int, at: int, *, heard: bool) -> None:
        """Let a row follow the song again, or be silent, when the position comes to `at`."""
        self.rows[row, DUE:] = at, FOLLOWS if heard else SILENT, 0, FINE

    def clipped(self, row: int) -> bool:
        """Whether a clip runs on this row or is about to."""
        kinds = self.rows[row, KIND if self.rows[row, DUE] == NEVER else NEXT]
        return bool(kinds == CLIP)

    def compile(self) -> None:
        """Have the kernels compiled outside the audio path."""
        rows = self.rows.copy()
        nothing = np.zeros((rows.shape[0] * self.bank.channels, 1), dtype=np.float32)
        read_rows(self.bank.samples, rows, self._rest, 0, self._length, nothing, 0, 0)
        _go(rows[0], 0, 1)
        _at_rest(rows, self._length)

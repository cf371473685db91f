"""What a deck reads from its record, frame after frame: the song, with loops, jumps, clips and cells in it.

Each row of a bank has a place of its own in the song. Most rows follow the deck's position, some bars of it from elsewhere as
their cells say; a row with a clip goes round in the clip; a row that shall be silent reads beyond the end. A change of place
fades from what came next at the old place, over 5 ms, so that nothing clicks. All of this is before the stretcher: a
loop is as exact at another tempo as it is at its own.
"""

from typing import Final

import numpy as np

from engine.mix.bank import Bank
from engine.mix.cells import NOWHERE, Cells, fade_frames
from engine.mix.queue import NEVER
from engine.mix.rows import (
    AGE,
    CLIP,
    DUE,
    FINE,
    FIRST,
    FOLLOWS,
    KIND,
    LAST,
    NEXT,
    PLACE,
    SILENT,
    WIDTH,
    at_rest,
    read_rows,
    seat,
)
from engine.model.audio import Samples

NO_LOOP: Final = (0, NEVER, 0.0)


class Stream:
    """The rows of one bank and where they are.

    `position` is the song's frame that the deck reads next; rows that follow it are there, or where their cell has them.
    """

    def __init__(self, bank: Bank, position: int, cells: Cells | None = None) -> None:
        """`cells` may belong to several streams of the bank; `look` tells one that they changed."""
        self.bank, self.position, self._cells = bank, position, cells or Cells(bank)
        self._length = fade_frames(bank.rate)
        self.rows = np.zeros((len(bank.ids), WIDTH), dtype=np.int64)
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
        self._turn = NEVER
        self.look(at_once=True)

    def copy_of(self, other: "Stream", ahead: int) -> None:
        """Go on as another stream of the same record would in `ahead` frames (a negative number: did).

        A jump that the other made in these frames stays made, and what it led to comes when it would have.
        """
        self.position, self.shadow = other.position + ahead, other.shadow + ahead
        self.round, self.carry = other.round, other.carry
        if self.looping and other.since < -ahead:
            first, last, _ = self.round
            self.position += max(0, -((self.position - first) // (last - first))) * (last - first)
        self.rows[:, KIND] = FOLLOWS
        self._wrap(at_once=True)
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
        return bool(at_rest(self.rows, self.position, self._length))

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

    def until_turn(self) -> int:
        """Frames until the loop comes round, or rows may go elsewhere for the next bar."""
        return min(self.round[1], self._turn) - self.position

    def look(self, *, at_once: bool = False) -> None:
        """See what the cells say of the bar that is read; without a fade if `at_once`."""
        turns, shifts = self._cells.turns, self._cells.shifts
        age = self._length if at_once else 0
        self._turn = seat(self.rows, turns, shifts, self.position, self.round[1], self._length, age)

    def advance(self, n: int) -> None:
        """Go on by `n` frames, at most `until_turn()`, that were read elsewhere; only while `simple`."""
        self.rows[:, PLACE] += n
        self._moved(n)

    def read(self, out: Samples) -> None:
        """Write the next frames to `out` [shape=(rows * channels, n)]."""
        done = 0
        while done < out.shape[1]:
            n = max(1, min(out.shape[1] - done, self.until_turn()))
            read_rows(self.bank.samples, self.rows, self._rest, self.position, self._length, out, done, n)
            self._moved(n)
            done += n

    def _moved(self, n: int) -> None:
        self.position += n
        self.shadow += n
        self.since += n
        if self.position >= self.round[1]:
            self._wrap()
        elif self.position >= self._turn:
            self.look()

    def _wrap(self, *, at_once: bool = False) -> None:
        """Bring the position back into the loop. The fraction of a frame that a loop has is kept, so that nothing drifts."""
        place, (_, last, frames) = self.position, self.round
        while place >= last:
            back = max(1, round(frames + self.carry))
            self.carry += frames - back
            place -= back
        self._send(place, at_once=at_once)

    def _send(self, place: int, *, at_once: bool = False) -> None:
        leap = place - self.position
        for row in self.rows:
            if row[DUE] != NEVER:
                row[DUE] += leap
        if leap:
            self.leapt, self.since = leap, 0
        self.position = place
        self.look(at_once=at_once)

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
            self.look()
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
        seat(rows, self._cells.turns, self._cells.shifts, 0, NEVER, self._length, 0)
        at_rest(rows, 0, self._length)

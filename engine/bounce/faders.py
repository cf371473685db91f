"""Where faders stood, frame by frame: the glides of a mixer that plays, read off block after block."""

import numpy as np

from engine.dsp.fades import AGE, SLOPE, START, TARGET, Glides, glide_level, glide_to, glides
from engine.dsp.levels import gain_of_db
from engine.model.curve import Curve, Switch

EVERY = 8
"""Frames from one reading of a moving glide to the next: 0.2 ms, in which a straight line is within -80 dB of the curve."""

TOLERANCE = 3e-4
"""How far a curve may be off in the end, of full level: -70 dB."""


class GlideReader:
    """Follows one glide of `length` frames; `read` it after every block, and start a block wherever its target may change."""

    def __init__(self, start: int, level: float, length: int) -> None:
        self._frames, self._values, self._length = [start], [level], length
        self._shape, self._age = (level, 0.0, level), float(length)

    def read(self, row: Glides, frame: int, n: int) -> None:
        """Note what a glide did in the `n` frames from `frame` on."""
        shape, age = (float(row[START]), float(row[SLOPE]), float(row[TARGET])), float(row[AGE])
        if shape == self._shape and self._age >= self._length:
            return
        if shape != self._shape:
            self._shape, self._age = shape, 0.0
            if age > self._length:
                self._leap(frame, shape[2])
        self._glide(row, frame, min(age, float(self._length)), n)

    def _leap(self, frame: int, level: float) -> None:
        """Be somewhere else at once."""
        self._add(frame - 1, self._values[-1])
        self._add(frame, level)
        self._age = float(self._length)

    def _glide(self, row: Glides, frame: int, age: float, n: int) -> None:
        went = int(min(age - self._age, n))
        if went <= 0:
            return
        at = row.copy()
        for step in [*range(0, went, EVERY), went]:
            at[AGE] = self._age + step
            self._add(frame + step, glide_level(at, self._length))
        self._age = age

    def _add(self, frame: int, value: float) -> None:
        if frame > self._frames[-1]:
            self._frames.append(frame)
            self._values.append(value)
        elif frame == self._frames[-1]:
            self._values[-1] = value

    def curve(self) -> Curve:
        """Return all of it, in as few points as tell it."""
        found = Curve(np.array(self._frames, dtype=np.int64), np.array(self._values))
        return found.thinned(TOLERANCE)


class SourceReader:
    """Follows the fader and the switches of one source of a deck, from frame `start` on."""

    def __init__(self, start: int, length: int) -> None:
        self._length = length
        self._own = glides(np.ones(1))[0]
        self._gain, self._level = GlideReader(start, 1.0, length), GlideReader(start, 1.0, length)
        self._muted, self._turns = False, list[tuple[int, bool]]()

    def read(self, gain_db: float, row: Glides, frame: int, n: int, *, plays: bool) -> None:
        """Note what the source's fader says now, and what its glide did; `plays`: its decomposition is the one that plays."""
        glide_to(self._own, gain_of_db(gain_db), self._length)
        self._own[AGE] = min(self._own[AGE] + n, self._length)
        self._gain.read(self._own, frame, n)
        if plays:
            self._level.read(row, frame, n)
        # No fader goes down to nothing: only mute, or the solo of others, does.
        if (row[TARGET] == 0.0) != self._muted:
            self._muted = not self._muted
            self._turns.append((frame, self._muted))

    def curves(self) -> tuple[Curve, Switch, Curve]:
        """Return the fader, the switch, and what both did to the sound."""
        return self._gain.curve(), Switch(turns=tuple(self._turns)), self._level.curve()

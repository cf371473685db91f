"""MIDI messages -> movements of controls.

A control is what a hand moves: a number on a channel. Where it now stands comes as a count from 0 to 127, or to 16383 for
14-bit pairs and pitch bend; an endless encoder sends turns instead (`turns`).

14-bit pairs are control changes n and n + 32 (MIDI 1.0): the coarse half is held until the fine one comes, but from a control
that sends no fine half, the coarse half counts at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["cc", "cc14", "note", "pitchbend", "pressure", "program"]
"""What a control sends: control change, a 14-bit pair of them, note on and off, pitch bend, channel pressure, a program."""

KINDS: tuple[Kind, ...] = get_args(Kind)

NUMBERED = ("cc", "cc14", "note", "program")
"""Kinds that have a number besides the channel."""

Encoding = Literal["twos", "offset", "sign"]
"""How an encoder's turn of -1 looks: 127 (two's complement), 63 (offset from 64), 65 (bit 6 is the sign)."""

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

FINE = 32
"""From the number of a coarse half to its fine half."""


@dataclass(frozen=True, slots=True, order=True)
class Control:
    """One control: `channel` from 1 to 16, `number` from 0 to 127 (to 31 for a pair; 0 for kinds that have none)."""

    kind: Kind
    channel: int
    number: int = 0

    @property
    def top(self) -> int:
        """The highest count it sends."""
        return 16383 if self.kind in {"cc14", "pitchbend"} else 127

    @property
    def parts(self) -> tuple["Control", ...]:
        """The controls whose messages it is made of: itself, or the halves of a pair."""
        if self.kind != "cc14":
            return (self,)
        return Control("cc", self.channel, self.number), Control("cc", self.channel, self.number + FINE)

    def __str__(self) -> str:
        """For people: `cc 7 on channel 1`."""
        number = f" {self.number}" if self.kind in NUMBERED else ""
        return f"{self.kind}{number} on channel {self.channel}"


@dataclass(frozen=True, slots=True)
class Move:
    """A control now stands at `count`."""

    control: Control
    count: int

    @property
    def share(self) -> float:
        """How far it stands on its way, in [0, 1]; the middle of a 7-bit or 14-bit way (64, 8192) is 0.5 exactly."""
        top = self.control.top
        middle = (top + 1) // 2
        return self.count / (2 * middle) if self.count <= middle else 0.5 + 0.5 * (self.count - middle) / (top - middle)

    @property
    def pressed(self) -> bool:
        """Whether it, taken as a button, is down."""
        return self.count > 0 if self.control.kind == "note" else self.control.kind == "program" or self.share >= 0.5


def turns(count: int, encoding: Encoding) -> int:
    """Return by how many steps an encoder was turned, to the right being positive, from the count (0 to 127) it sent."""
    if encoding == "twos":
        return count - 128 if count >= 64 else count
    if encoding == "offset":
        return count - 64
    return -(count & 63) if count & 64 else count


def move_of(message: Any) -> Move | None:  # noqa: ANN401 (mido has no types)
    """Return what a mido message says of one control; None if it is of another kind, such as a clock's."""
    kind = message.type
    if kind == "control_change":
        return Move(Control("cc", message.channel + 1, message.control), message.value)
    if kind in {"note_on", "note_off"}:
        return Move(Control("note", message.channel + 1, message.note), message.velocity if kind == "note_on" else 0)
    if kind == "pitchwheel":
        return Move(Control("pitchbend", message.channel + 1), message.pitch + 8192)
    if kind == "aftertouch":
        return Move(Control("pressure", message.channel + 1), message.value)
    if kind == "program_change":
        return Move(Control("program", message.channel + 1, message.program), 127)
    return None


class Reader:
    """Makes moves of the messages of one port, for the controls that matter to somebody."""

    def __init__(self, controls: Iterable[Control]) -> None:
        self._controls = frozenset(controls)
        self._held: dict[Control, int] = {}
        self._last: dict[Control, int] = {}
        self._fine: set[Control] = set()

    def read(self, message: Any) -> list[Move]:  # noqa: ANN401 (mido has no types)
        """Return the moves that a mido message means; [] for what no control is known for."""
        move = move_of(message)
        if move is None:
            return []
        if move.control.kind == "cc":
            return self._control_change(move)
        return [move] if move.control in self._controls else []

    def _control_change(self, move: Move) -> list[Move]:
        channel, number, value = move.control.channel, move.control.number, move.count
        moves = [move] if move.control in self._controls else []
        coarse = Control("cc14", channel, number)
        if coarse in self._controls:
            moves += self._coarse(coarse, value)
        fine = Control("cc14", channel, number - FINE)
        if fine in self._controls:
            moves += self._fine_half(fine, value)
        return moves

    def _coarse(self, pair: Control, value: int) -> list[Move]:
        """Hold it if its fine half is expected."""
        unanswered = pair in self._held
        self._held[pair] = self._last[pair] = value
        if unanswered:
            # It stopped sending fine halves; waiting any longer would leave it a step behind.
            self._fine.discard(pair)
        if pair in self._fine:
            return []
        del self._held[pair]
        return [Move(pair, value << 7 | value)]

    def _fine_half(self, pair: Control, value: int) -> list[Move]:
        self._held.pop(pair, None)
        self._fine.add(pair)
        coarse = self._last.get(pair)
        return [] if coarse is None else [Move(pair, coarse << 7 | value)]

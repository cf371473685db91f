"""One controller at work: its movements -> values of the desk."""

from collections import defaultdict
from typing import Any

from bridge.midi.binding import DIFFERENCES, TICK, Binding, Way
from bridge.midi.control import Control, Move, Reader, turns
from bridge.midi.desk import Desk, resolve, settle
from bridge.midi.preset import Preset
from bridge.midi.takeover import Grip


class Mapping:
    """A preset on a desk. `hands` are the touch controls that a hand is on.

    It is fed from one thread at a time.
    """

    def __init__(self, preset: Preset, desk: Desk) -> None:
        self.preset = preset
        self.hands: set[Control] = set()
        self._desk = desk
        self._bound: dict[Control, list[_Bound]] = defaultdict(list)
        for binding in preset.bindings:
            self._bound[binding.control].append(_Bound(binding, desk))
        self._touches = {b.touch for b in preset.bindings if b.touch is not None}
        self._reader = Reader([*self._bound, *self._touches])

    def take(self, message: Any) -> bool:  # noqa: ANN401 (mido has no types)
        """Do what a mido message means; return whether it belongs to a binding.

        Raises
        ------
        RemixtureError or LookupError
            From the desk, if a bound parameter is not there now.
        """
        moves = self._reader.read(message)
        for move in moves:
            if move.control in self._touches:
                (self.hands.add if move.pressed else self.hands.discard)(move.control)
            for bound in self._bound.get(move.control, ()):
                bound.take(move)
        return bool(moves)


class _Bound:
    """A binding and what it remembers: where its control was, and its grip on the value."""

    def __init__(self, binding: Binding, desk: Desk) -> None:
        self._binding = binding
        self._desk = desk
        self._grip = Grip(binding.takeover)
        self._count: int | None = None

    def take(self, move: Move) -> None:
        before, self._count = self._count, move.count
        path = resolve(self._binding.path, self._desk)
        if path is None:
            return
        way = self._binding.way(self._desk.param(path))
        value = self._value(move, before, path, way)
        if value is None:
            return
        value = settle(way.param, value)
        self._grip.left_at(way.unmap(value))
        self._desk.set(path, value)

    def _value(self, move: Move, before: int | None, path: str, way: Way) -> float | None:
        """Return the value that a move asks for, None for none."""
        mode = self._binding.mode
        if mode == "absolute":
            return self._absolute(move, path, way)
        if mode == "relative":
            return self._relative(move, path, way)
        if mode == "momentary":
            return way.on if move.pressed else way.off
        if not _press(move, before):
            return None
        if mode == "trigger":
            return self._binding.value
        return way.off if way.unmap(self._desk.value(path)) >= 0.5 else way.on

    def _absolute(self, move: Move, path: str, way: Way) -> float | None:
        if move.control.kind == "note":
            return way.map(move.share) if move.pressed else None
        if way.param.curve == "switch":
            return way.map(move.share)
        share = self._grip.move(move.share, way.unmap(self._desk.value(path)))
        return None if share is None else way.map(share)

    def _relative(self, move: Move, path: str, way: Way) -> float | None:
        ticks = turns(move.count, self._binding.encoding or "twos")
        step = self._binding.step
        if ticks == 0:
            return None
        if path.rpartition(".")[2] in DIFFERENCES:
            return ticks * (step or 1.0)
        value = self._desk.value(path)
        if step is None and way.param.curve in {"steps", "switch"}:
            step = 1.0
        if step is None:
            return way.map(way.unmap(value) + ticks * TICK)
        low, high = sorted((way.off, way.on))
        return min(max(value + ticks * step, low), high)


def _press(move: Move, before: int | None) -> bool:
    """Whether a button goes down with this move.

    A knob that stands in for a button passes many counts above the middle, each once; a button that tells no release sends
    the same count again.
    """
    if not move.pressed:
        return False
    if move.control.kind in {"note", "program"}:
        return True
    return before is None or before == move.count or not Move(move.control, before).pressed

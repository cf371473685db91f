"""Touch a parameter, move the hardware, done: a stream of messages -> the binding that was meant.

What moved most is meant. A note is a button, or sets by its velocity where velocities differ. A control change that knows only
0 and 127 is a button; one that repeats small steps is an encoder, and which way -1 looks tells its encoding, so it is to be
turned both ways; two that come together 32 apart are a 14-bit pair; anything else is a knob.
"""

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from bridge.midi.binding import Binding, Feedback, Mode
from bridge.midi.control import ENCODINGS, FINE, Control, Encoding, move_of, turns
from engine.model.params import Param

ENOUGH = 12
"""Messages of one control after which a knob is known."""

FEW = 4
"""Messages of one control under which only a button is believed."""

QUIET = 0.7
"""Seconds without a message after which what came must do."""

FASTEST = 20
"""An encoder adds no more than this many steps in a message."""


class Learner:
    """Finds out what was moved. `hint` tells a person what is still wanted, "" if nothing.

    `param` is that of the path; None for an effect's knob, whose range is known only where it is loaded.
    """

    def __init__(self, path: str, param: Param | None = None) -> None:
        self.hint = ""
        self._path = path
        self._param = param
        self._counts: dict[Control, list[int]] = defaultdict(list)
        self._order: list[Control] = []
        self._last: float | None = None

    def take(self, message: Any, seconds: float) -> Binding | None:  # noqa: ANN401 (mido has no types)
        """Take a mido message that came at a time in seconds; return the binding once it is known."""
        move = move_of(message)
        if move is None:
            return None
        self._last = seconds
        self._counts[move.control].append(move.count)
        self._order.append(move.control)
        return self._known(final=False)

    def wait(self, seconds: float) -> Binding | None:
        """Say that it is now so late; return the binding if nothing has come for a while and what came will do."""
        if self._last is None or seconds - self._last < QUIET:
            return None
        self._last = seconds
        return self._known(final=True)

    def _known(self, *, final: bool) -> Binding | None:
        control = Counter(self._order).most_common(1)[0][0]
        counts = self._counts[control]
        if control.kind == "note":
            return self._note(control, counts) if final or 0 in counts else None
        if control.kind == "program":
            return self._button(control)
        if control.kind == "cc":
            return self._control_change(control, counts, final=final)
        return self._knob(control) if final or len(counts) >= ENOUGH else None

    def _control_change(self, control: Control, counts: list[int], *, final: bool) -> Binding | None:
        if set(counts) == {0, 127}:
            return self._button(control)
        if not final and len(counts) < ENOUGH:
            return None
        pair = self._pair(control)
        if pair is not None:
            return self._knob(pair)
        if len(counts) < FEW:
            self.hint = "move it further"
            return self._button(control) if set(counts) == {127} else None
        return self._knob_or_encoder(control, counts)

    def _knob_or_encoder(self, control: Control, counts: list[int]) -> Binding | None:
        fitting = [encoding for encoding in ENCODINGS if _fits(counts, encoding)]
        if not fitting or not _repeats(counts):
            return self._knob(control)
        if len(fitting) == 1:
            return self._encoder(control, fitting[0])
        self.hint = "turn it the other way too"
        return None

    def _pair(self, control: Control) -> Control | None:
        """Return the 14-bit pair that a control change is half of: its coarse halves are all followed by a fine one."""
        for number in (control.number, control.number - FINE):
            if not 0 <= number < FINE:
                continue
            coarse, fine = (Control("cc", control.channel, n) for n in (number, number + FINE))
            both = [half for half in self._order if half in {coarse, fine}]
            after = [b for a, b in pairwise(both) if a == coarse]
            if len(after) > 1 and all(half == fine for half in after):
                return Control("cc14", control.channel, number)
        return None

    def _note(self, control: Control, counts: list[int]) -> Binding:
        velocities = {count for count in counts if count}
        if self._param is None or self._param.curve == "switch" or velocities <= {127}:
            return self._button(control)
        return Binding(control, self._path, takeover="jump", what=str(control))

    def _button(self, control: Control) -> Binding:
        shown = Feedback(control) if control.kind in {"note", "cc"} else None
        if self._param is None:
            return Binding(control, self._path, "toggle", feedback=shown, what=str(control))
        if self._param.curve == "switch":
            mode: Mode = "trigger" if self._path.endswith(".cue") else "toggle"
            value = 1.0 if mode == "trigger" else None
            return Binding(control, self._path, mode, value=value, feedback=shown, what=str(control))
        ends = self._param.low, self._param.default
        if ends[0] == ends[1]:
            ends = self._param.default, self._param.high
        return Binding(control, self._path, "toggle", ends=ends, feedback=shown, what=str(control))

    def _knob(self, control: Control) -> Binding:
        return Binding(control, self._path, what=str(control))

    def _encoder(self, control: Control, encoding: Encoding) -> Binding:
        return Binding(control, self._path, "relative", encoding=encoding, what=str(control))


def _repeats(counts: list[int]) -> bool:
    """Whether it sends the same count again and again: a knob tells a place once, an encoder each step."""
    return sum(a == b for a, b in pairwise(counts)) >= max(1, (len(counts) - 1) // 4)


def _fits(counts: list[int], encoding: Encoding) -> bool:
    """Whether all counts are small turns in an encoding."""
    return all(0 < abs(turns(count, encoding)) <= FASTEST for count in counts)

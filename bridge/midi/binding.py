"""What one control does: a parameter path, a mode, a take-over, and what is sent back."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from bridge.midi.control import NUMBERED, Control, Encoding
from bridge.midi.takeover import Takeover
from engine.model.params import Param

Mode = Literal["absolute", "relative", "toggle", "momentary", "trigger"]
"""absolute: the value stands where the control stands. relative: it goes on by the turns of an encoder. toggle: each press
flips it between its ends. momentary: one end while pressed, the other otherwise. trigger: each press sets a fixed value."""

MODES: tuple[Mode, ...] = get_args(Mode)

TICK = 1 / 128
"""Share of the way that one tick of an encoder goes, where a binding has no step of its own."""

DIFFERENCES = ("jump",)
"""Last words of paths whose value is itself a difference: an encoder sets them to its step, again and again."""

_STATUS = {"note": 0x90, "cc": 0xB0, "cc14": 0xB0, "program": 0xC0, "pressure": 0xD0, "pitchbend": 0xE0}


@dataclass(frozen=True, slots=True)
class Feedback:
    """The message that shows a value on the controller: a light, a ring of lights, a motor.

    `low` and `high` are the counts at both ends of the binding's way (off and on of a button).
    """

    control: Control
    low: int = 0
    high: int = 127

    def data(self, share: float) -> bytes:
        """Return the message for a share of the way in [0, 1]."""
        count = round(self.low + min(max(share, 0.0), 1.0) * (self.high - self.low))
        head = _STATUS[self.control.kind] | (self.control.channel - 1)
        if self.control.kind == "pitchbend":
            return bytes((head, count & 127, count >> 7))
        if self.control.kind not in NUMBERED:
            return bytes((head, count))
        return bytes((head, self.control.number, count))


@dataclass(frozen=True, slots=True)
class Binding:
    """What one control does.

    Attributes
    ----------
    path
        A parameter's path; `#n` in place of a source is the n-th of the song on that deck.
    encoding
        How turns are told, for relative.
    step
        What one tick of an encoder adds, in the parameter's unit; None: 1/128 of the way (1 for whole numbers).
    value
        What a press sets, for trigger.
    ends
        Values at the start, maybe the middle, and the end of the control's way; None: the parameter's range.
    touch
        The note that says that a hand is on a motor fader; the motor stands still meanwhile.
    what
        The control's name for people.
    """

    control: Control
    path: str
    mode: Mode = "absolute"
    takeover: Takeover = "pickup"
    encoding: Encoding | None = None
    step: float | None = None
    value: float | None = None
    ends: tuple[float, ...] | None = None
    feedback: Feedback | None = None
    touch: Control | None = None
    what: str = ""

    def way(self, param: Param) -> "Way":
        """Return how the control's way lies on that of its parameter."""
        if self.ends is None:
            return Way(param, (0.0, 1.0))
        return Way(param, tuple(param.unmap(end) for end in self.ends))


@dataclass(frozen=True, slots=True)
class Way:
    """A control's way on a parameter: `stops`, the parameter's shares at evenly spaced places of the control."""

    param: Param
    stops: tuple[float, ...]

    def map(self, share: float) -> float:
        """Return the value where the control stands at a share of its way."""
        place = min(max(share, 0.0), 1.0) * (len(self.stops) - 1)
        i = min(int(place), len(self.stops) - 2)
        return self.param.map(self.stops[i] + (place - i) * (self.stops[i + 1] - self.stops[i]))

    def unmap(self, value: float) -> float:
        """Return the share at which the control stands for a value; the nearest end for one outside its way."""
        share = self.param.unmap(value)
        low, high = sorted((self.stops[0], self.stops[-1]))
        share = min(max(share, low), high)
        for i, (start, end) in enumerate(pairwise(self.stops)):
            if min(start, end) <= share <= max(start, end) and start != end:
                return (i + (share - start) / (end - start)) / (len(self.stops) - 1)
        return 0.0

    @property
    def off(self) -> float:
        """The value at the start: of a button that is up."""
        return self.map(0.0)

    @property
    def on(self) -> float:
        """The value at the end: of a button that is down."""
        return self.map(1.0)

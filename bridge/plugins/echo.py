"""The Delay, whose time may change while it rings.

pedalboard's Delay jumps to a new time with a click, which its feedback then repeats. Here two of them take turns: what was
echoing goes on at the old time, what comes in from now on echoes at the new one.
"""

from typing import Final

from bridge.plugins.builtin import BUILTINS
from bridge.plugins.effect import Move, planned_params
from bridge.plugins.glide import Ramp
from bridge.plugins.preset import Planned
from engine.mix.insert import QUANTUM
from engine.model.audio import Samples

SWAP_S: Final = 0.010
"""Seconds of each fade when the two change places."""
_SECONDS, _FEEDBACK = 0, 1


class Echo:
    """Two Delays of `builtin.BUILTINS`; one listens, the other one rings out."""

    latency = 0
    mono = False
    # Always a whole quantum, since its fades are that long.
    piece = QUANTUM
    glide_s = 0.100
    moves: tuple[Move, ...] = ("now", "glide")

    def __init__(self, planned: Planned, rate: int) -> None:
        import pedalboard

        self.params = planned_params(planned)
        self._delays = [pedalboard.Delay(**BUILTINS["Delay"].fixed) for _ in range(2)]
        frames = round(SWAP_S * rate)
        self._in = [Ramp(1.0, frames), Ramp(0.0, frames)]
        self._out = [Ramp(1.0, frames), Ramp(0.0, frames)]
        self._listening = 0
        self._wanted: float | None = None
        self._delays[0].delay_seconds = self.params[_SECONDS].default
        self.put(_FEEDBACK, self.params[_FEEDBACK].default)

    def process(self, block: Samples, rate: int) -> Samples:
        """See `Effect.process`; `block` is a quantum."""
        if self._wanted is not None:
            self._swap(self._wanted)
        first, second = (self._one(i, block, rate) for i in range(2))
        first += second
        return first

    def put(self, knob: int, value: float) -> None:
        """See `Effect.put`."""
        if knob == _SECONDS:
            self._wanted = value
            return
        for delay in self._delays:
            delay.feedback = value

    def reset(self) -> None:
        """See `Effect.reset`."""
        for delay in self._delays:
            delay.reset()

    def state(self) -> bytes | None:
        """Return None: its parameters are all there is."""
        return None

    def _one(self, i: int, block: Samples, rate: int) -> Samples:
        wet: Samples = self._delays[i].process(self._in[i].apply(block.copy()), rate, reset=False)
        return self._out[i].apply(wet)

    def _swap(self, seconds: float) -> None:
        """Change places, as soon as the last change is over and what still rings from before it is faded out."""
        other = 1 - self._listening
        if self._in[other].value > 0.0:
            return
        self._out[other].goal = 0.0
        if self._out[other].value > 0.0:
            return
        self._delays[other].reset()
        self._delays[other].delay_seconds = seconds
        # Nothing is in it yet: it may be heard at once.
        self._out[other].value = self._out[other].goal = 1.0
        self._in[other].goal, self._in[self._listening].goal = 1.0, 0.0
        self._listening, self._wanted = other, None

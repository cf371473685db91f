"""One effect behind one small protocol, and the pedalboard effects that need no plug-in."""

from dataclasses import replace
from typing import Any, Literal, Protocol

from bridge.plugins.builtin import BUILTINS, Builtin
from bridge.plugins.preset import Planned
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import Param

Move = Literal["glide", "dip", "now"]
"""In small steps; at once, while the wet sound is faded out for it; at once, because the effect sees to it itself."""


class Effect(Protocol):
    """What a slot plays through. It holds no dry sound: what comes out is all wet."""

    latency: int
    """Frames by which it is late; constant."""
    mono: bool
    """Whether it is opened once for each side."""
    params: tuple[Param, ...]
    """Its own parameters; `pattern` is the bare name, `default` the value it was opened with."""
    moves: tuple[Move, ...]
    """How each of them gets to a new value."""
    piece: int
    """Frames between two steps of one that glides; blocks are as long as that while it does. Divides QUANTUM."""
    glide_s: float
    """Seconds that one that glides takes through its whole range."""

    def process(self, block: Samples, rate: int) -> Samples:
        """Return the wet sound of a block [shape=(2, frames)], a new array of the same shape; may raise anything."""

    def put(self, knob: int, value: float) -> None:
        """Set its own parameter number `knob`."""

    def reset(self) -> None:
        """Forget what was heard."""

    def state(self) -> bytes | None:
        """Return all that a plug-in can save of itself; None for what has no such thing."""


class BuiltinEffect:
    """An effect of `builtin.BUILTINS`."""

    latency = 0
    mono = False
    # Its results do not depend on blocks, and a call costs few microseconds.
    piece = 8
    glide_s = 0.100

    def __init__(self, planned: Planned) -> None:
        """Raise RemixtureError if pedalboard refuses the file."""
        import pedalboard

        spec = BUILTINS[planned.use]
        self.params = planned_params(planned)
        self.moves = tuple("dip" if p.pattern in spec.jumps else move_of(p) for p in spec.params)
        self._modes = list(pedalboard.LadderFilter.Mode.__members__.values())
        self._effect = _open(getattr(pedalboard, planned.use), planned, spec)
        for i, param in enumerate(self.params):
            self.put(i, param.default)

    def process(self, block: Samples, rate: int) -> Samples:
        """See `Effect.process`."""
        wet: Samples = self._effect.process(block, rate, reset=False)
        return wet

    def put(self, knob: int, value: float) -> None:
        """See `Effect.put`."""
        name = self.params[knob].pattern
        setattr(self._effect, name, self._modes[int(value)] if name == "mode" else value)

    def reset(self) -> None:
        """See `Effect.reset`."""
        self._effect.reset()

    def state(self) -> bytes | None:
        """Return None: its parameters are all there is."""
        return None


def planned_params(planned: Planned) -> tuple[Param, ...]:
    """Return the own parameters of a built-in effect, at the values that its chain asks for."""
    return tuple(with_default(p, planned.values.get(p.pattern, p.default)) for p in BUILTINS[planned.use].params)


def move_of(param: Param) -> Move:
    """Return how a parameter moves that nothing else is known of."""
    return "dip" if param.curve in ("switch", "steps") else "glide"


def with_default(param: Param, value: float) -> Param:
    """Return a parameter with another value to start from."""
    return replace(param, default=value)


def _open(kind: Any, planned: Planned, spec: Builtin) -> Any:  # noqa: ANN401 (pedalboard's classes)
    if planned.file is None:
        return kind(**spec.fixed)
    try:
        return kind(str(planned.file), **spec.fixed)
    except (RuntimeError, ValueError) as error:
        raise RemixtureError(f"{planned.file.name}: {planned.use} cannot use this file: {error}") from error

"""A plug-in behind the protocol of effects: a VST3, or an AU on macOS.

pedalboard tells of a parameter what text stands for which raw value in [0, 1]; from that comes the range in the plug-in's
own unit, and the way back. A plug-in with one channel is opened twice, for left and right.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.plugins.builtin import COMMON
from bridge.plugins.effect import Move, move_of, with_default
from bridge.plugins.folders import find_plugin
from bridge.plugins.opener import open_there
from bridge.plugins.preset import Planned
from engine.mix.insert import QUANTUM
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import Curve, Param

MOST_CHOICES = 32
"""More choices than these are no list to show to people."""
MOST_KNOBS = 60
"""Parameters that can be played; the mixer has room for 64 with `mix` and `on`."""


@dataclass(frozen=True, slots=True, eq=False)
class Knob:
    """A plug-in's parameter: pedalboard's name, ours, and values in order [shape=(n,)] with their raw ones [shape=(n,)]."""

    name: str
    param: Param
    values: NDArray[np.float64]
    raws: NDArray[np.float64]

    def raw(self, value: float) -> float:
        """Return what the plug-in calls a value."""
        return float(np.interp(value, self.values, self.raws))

    def value(self, raw: float) -> float:
        """Return the value that the plug-in calls `raw`."""
        order = np.argsort(self.raws)
        return float(np.interp(raw, self.raws[order], self.values[order]))


class HostedEffect:
    """A plug-in. `mono` says that it is opened twice."""

    # Some click when blocks change their length (ZamHeadX2 does).
    piece = QUANTUM
    # Slower, because the steps are larger: what a plug-in smooths by itself is not known.
    glide_s = 0.250

    def __init__(self, planned: Planned, rate: int) -> None:
        """Open it, from any thread. Takes 0.1 to 0.5 s, and may hang or crash.

        Raises
        ------
        RemixtureError
            If it is not there, cannot be opened, has other channels, or a value is outside its range.
        """
        path, state = str(find_plugin(planned.plugin)), planned.state.read_bytes() if planned.state else None
        self._plugins = open_there(lambda: _open_sides(path, planned, state, rate))
        self.mono = len(self._plugins) == 2
        # pedalboard builds this table anew whenever it is asked, in half a millisecond.
        self._settable = [plugin.parameters for plugin in self._plugins]
        self._knobs = _knobs(self._settable[0], planned)
        self.params = tuple(knob.param for knob in self._knobs[:MOST_KNOBS])
        self.moves: tuple[Move, ...] = tuple(move_of(param) for param in self.params)
        for i, knob in enumerate(self._knobs):
            if knob.param.pattern in planned.values:
                self.put(i, knob.param.default)
        self.latency = int(self._plugins[0].reported_latency_samples)

    def process(self, block: Samples, rate: int) -> Samples:
        """See `Effect.process`."""
        if self.mono:
            pair = zip(self._plugins, (block[:1], block[1:]), strict=True)
            return np.concatenate([plugin.process(side, rate, reset=False) for plugin, side in pair])
        wet: Samples = self._plugins[0].process(block, rate, reset=False)
        return wet

    def put(self, knob: int, value: float) -> None:
        """See `Effect.put`."""
        spec = self._knobs[knob]
        for settable in self._settable:
            settable[spec.name].raw_value = spec.raw(value)

    def reset(self) -> None:
        """See `Effect.reset`."""
        open_there(lambda: [plugin.reset() for plugin in self._plugins])

    def state(self) -> bytes | None:
        """Return what the plug-in can save of itself; a pair saves its left one."""
        return bytes(self._plugins[0].raw_state)


def _open_sides(path: str, planned: Planned, state: bytes | None, rate: int) -> tuple[Any, ...]:
    """Return a plug-in that takes stereo, or two of one that does not; each has played at `rate`, which sets its latency."""
    sides = [_open(path, planned, state)]
    if not _takes(sides[0], 2, rate):
        sides.append(_open(path, planned, state))
        if not all(_takes(side, 1, rate) for side in sides):
            raise RemixtureError(f"{planned.title} takes neither stereo nor mono; it cannot be used in a chain")
    return tuple(sides)


def _open(path: str, planned: Planned, state: bytes | None) -> Any:  # noqa: ANN401 (pedalboard's plug-ins)
    import pedalboard

    try:
        plugin: Any = pedalboard.load_plugin(path, plugin_name=planned.part or None)  # type: ignore[attr-defined]
        if state is not None:
            plugin.raw_state = state
    except (ImportError, RuntimeError, ValueError) as error:
        raise RemixtureError(f"{planned.title} cannot be opened: {' '.join(str(error).split())}") from error
    if not plugin.is_effect:
        raise RemixtureError(f"{planned.title} is an instrument; a chain takes effects only")
    return plugin


def _takes(plugin: Any, channels: int, rate: int) -> bool:  # noqa: ANN401
    try:
        plugin.process(np.zeros((channels, QUANTUM), dtype=np.float32), rate, reset=False)
    except ValueError:
        return False
    return True


def _knobs(parameters: dict[str, Any], planned: Planned) -> tuple[Knob, ...]:
    """Return what can be set while playing, at the values that the chain asks for."""
    taken = {param.pattern for param in COMMON}
    knobs: list[Knob] = []
    for name, parameter in parameters.items():
        # Meters and host settings are no knobs, though VST3 lists them.
        # A program moves the other knobs behind our back; a state file says the same, and before anybody plays.
        if not parameter.is_automatable or len(parameter.ranges) < 2 or name == "current_program":
            continue
        ours = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        while not ours or ours in taken:
            ours = f"own_{ours}"
        taken.add(ours)
        knobs.append(_knob(name, ours, parameter, planned))
    for name in planned.values:
        if name not in taken:
            raise RemixtureError(
                f"{planned.title} has no parameter {name!r}; there are {', '.join(k.param.pattern for k in knobs)}"
            )
    # What the chain asks for can always be played, however many there are.
    return tuple(sorted(knobs, key=lambda knob: knob.param.pattern not in planned.values) if len(knobs) > MOST_KNOBS else knobs)


def _knob(name: str, ours: str, parameter: Any, planned: Planned) -> Knob:  # noqa: ANN401
    unit, curve, values, raws = _scale(parameter)
    order = np.argsort(values)
    param = Param(ours, float(values.min()), float(values.max()), float(values.min()), unit, curve, parameter.name)
    knob = Knob(name, param, values[order], raws[order])
    value = planned.values.get(ours)
    if value is None:
        # Raw values are float32: 25 ms come back as 25.0000003.
        digits = 0 if curve in ("steps", "switch") else 5 - math.floor(math.log10(param.high - param.low))
        value = param.clamp(round(knob.value(float(parameter.raw_value)), digits))
    return replace(knob, param=with_default(param, param.check(value, f"{planned.title}: {ours}")))


def _scale(parameter: Any) -> tuple[str, Curve, NDArray[np.float64], NDArray[np.float64]]:  # noqa: ANN401
    """Return unit, curve, the values a plug-in's parameter takes, and their raw ones; rising or falling together."""
    raws = np.array([start for start, _ in parameter.ranges], dtype=np.float64)
    raws[-1] = 1.0
    if parameter.type is str and raws.size <= MOST_CHOICES:
        texts = ", ".join(f"{i} {text}" for i, text in enumerate(parameter.ranges.values()))
        return texts, "steps", np.arange(raws.size, dtype=np.float64), raws
    if parameter.type is not str:
        values = np.array([float(value) for value in parameter.ranges.values()])
        if np.all(np.diff(values) > 0) or np.all(np.diff(values) < 0):
            curve = _curve(values, raws)
            unit = "on/off" if curve == "switch" else (parameter.units or "").strip()
            return unit or "plug-in's own", curve, values, raws
    # What has no order in its own unit is set by the way of its knob.
    return "of its way", "linear", raws, raws


def _curve(values: NDArray[np.float64], raws: NDArray[np.float64]) -> Curve:
    """Return how a control should move through the plug-in's values."""
    if values.size == 2 and set(values) == {0.0, 1.0}:
        return "switch"
    if values.size <= MOST_CHOICES and np.all(values == np.round(values)) and np.all(np.abs(np.diff(values)) == 1.0):
        return "steps"
    # Frequencies and times that span a lot are heard by ratio, whatever the plug-in does; so are those it spreads so itself.
    low, high, middle = float(values.min()), float(values.max()), float(np.interp(0.5, raws, values))
    return "log" if low > 0.0 and (high >= 100.0 * low or middle < 1.5 * np.sqrt(low * high)) and high > 4.0 * low else "linear"

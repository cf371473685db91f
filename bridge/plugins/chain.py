"""Effects in a row, loaded and warm: what the mixer is given as an `engine.mix.insert.Insert`."""

from collections.abc import Callable
from typing import Final

import numpy as np

from bridge.plugins.echo import Echo
from bridge.plugins.effect import BuiltinEffect, Effect
from bridge.plugins.facts import Facts
from bridge.plugins.hosted import HostedEffect
from bridge.plugins.preset import Planned, Preset
from bridge.plugins.slot import Slot
from engine.mix.insert import QUANTUM
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.params import Param

WARM_UP: Final = 16
"""Quanta of silence that a chain has played before anybody hears it: first calls allocate."""


class Chain:
    """Slots in a row; each works on what the one before it made."""

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        self._slots = slots
        self.latency = sum(slot.latency for slot in slots)

    @property
    def params(self) -> tuple[tuple[Param, ...], ...]:
        """The parameters of each slot: `fx.N.mix`, `fx.N.on`, then the effect's own; `default` is where it starts."""
        return tuple(slot.params for slot in self._slots)

    @property
    def failed(self) -> str | None:
        """The first effect that stopped working and why, in one line; None while all work."""
        return next((slot.failed for slot in self._slots if slot.failed), None)

    def process(self, block: Samples) -> None:
        """Change a block [shape=(2, QUANTUM), float32] in place; never raises. What fails lets its block through."""
        for slot in self._slots:
            slot.process(block)

    def set(self, slot: int, knob: int, value: float) -> None:
        """Set parameter `knob` of slot `slot`, both from 0; `value` is within its range."""
        self._slots[slot].set(knob, value)

    def reset(self) -> None:
        """Forget what was heard; not while it plays."""
        for slot in self._slots:
            slot.reset()

    @property
    def mono(self) -> tuple[bool, ...]:
        """Whether each slot's plug-in is opened once for each side."""
        return tuple(slot.mono for slot in self._slots)

    def states(self) -> tuple[bytes | None, ...]:
        """Return what each slot's plug-in can save of itself, for the `state` file of a preset."""
        return tuple(slot.state() for slot in self._slots)


def open_chain(preset: Preset, rate: int, tell: Callable[[str], None] = lambda _: None) -> Chain:
    """Open a chain that nothing is known about; may hang or crash: only in a process that may.

    `tell` hears what is about to be done.
    """
    slots = []
    for number, planned in enumerate(preset.effects, 1):
        tell(f"loading {planned.title}")
        effect = _open(planned, rate)
        mix, on = (planned.values.get(name, 1.0) for name in ("mix", "on"))
        slots.append(Slot(effect, planned.title, number, mix, on, rate))
    chain = Chain(tuple(slots))
    tell(f"playing silence through {preset.name}")
    block = np.zeros((2, QUANTUM), dtype=np.float32)
    for _ in range(WARM_UP):
        block[:] = 0.0
        chain.process(block)
    return chain


def load_chain(preset: Preset, facts: Facts, rate: int) -> Chain:
    """Open a chain that was tried, ready to be handed to the mixer, from any thread but the one that renders.

    Raises
    ------
    RemixtureError
        If it is not what was tried: another file, other parameters, another latency.
    """
    chain = open_chain(preset, rate)
    if chain.failed:
        raise RemixtureError(f"{preset.name}: {chain.failed}")
    if (chain.params, chain.latency, chain.mono) != (facts.params, facts.latency, facts.mono):
        raise RemixtureError(f"{preset.name}: a plug-in has changed since it was tried; try the chain again")
    return chain


def _open(planned: Planned, rate: int) -> Effect:
    if planned.plugin:
        return HostedEffect(planned, rate)
    return Echo(planned, rate) if planned.use == "Delay" else BuiltinEffect(planned)

"""An effect in its place in a chain: dry and wet, on and off, late by as much as it says, whatever happens."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from bridge.plugins.builtin import COMMON
from bridge.plugins.effect import Effect, with_default
from bridge.plugins.glide import Late, Ramp
from engine.mix.insert import QUANTUM
from engine.model.audio import Samples
from engine.model.params import Param

FADE_S: Final = 0.010
"""Seconds that `mix` and `on` take from one end to the other, and the wet sound to make room for a jump."""
_MIX, _ON = 0, 1
_FALL: Final = np.linspace(1.0, 0.0, QUANTUM, dtype=np.float32)


class Slot:
    """One effect of a chain. One that is off goes on listening, so that it comes back in the middle of the music.

    `failed` is why it lets everything through, in one line; None while it works.
    """

    def __init__(self, effect: Effect, title: str, number: int, mix: float, on: float, rate: int) -> None:
        """Give the slot its `number`, from 1; `mix` and `on` are where it starts."""
        self._effect, self._title, self._rate = effect, title, rate
        self.latency, self.mono = effect.latency, effect.mono
        self.failed: str | None = None
        self.params = placed(number, mix, on, effect.params)
        self._mix, self._on = mix, on
        frames = round(FADE_S * rate)
        self._weight, self._room = Ramp(mix * on, frames), Ramp(1.0, frames)
        self._late = Late(effect.latency)
        self._dry = np.zeros((2, QUANTUM), dtype=np.float32)
        self._last = np.zeros((2, 1), dtype=np.float32)
        self._step = effect.piece / (effect.glide_s * rate)
        self._ways = [param.unmap(param.default) for param in effect.params]
        self._gliding: dict[int, float] = {}
        self._jumping: dict[int, float] = {}
        self._due: dict[int, float] = {}

    def set(self, knob: int, value: float) -> None:
        """Set a parameter of `params`; the sound gets there without a click."""
        if knob in (_MIX, _ON):
            self._mix, self._on = (value, self._on) if knob == _MIX else (self._mix, value)
            self._weight.goal = self._mix * self._on
        else:
            own = knob - len(COMMON)
            param = self._effect.params[own]
            move = self._effect.moves[own]
            if move == "glide":
                self._gliding[own] = param.unmap(value)
            else:
                {"dip": self._jumping, "now": self._due}[move][own] = value

    def process(self, block: Samples) -> None:
        """Change a block [shape=(2, QUANTUM)] in place; never raises."""
        self._late.process(block, self._dry)
        wet = None if self.failed else self._wet(block)
        if wet is None:
            block[:] = self._dry
            return
        wet = self._room.apply(wet)
        if self._weight.advance():
            self._blend(block, wet, self._weight.gains)
        elif self._weight.value == 1.0:
            block[:] = wet
        elif self._weight.value == 0.0:
            block[:] = self._dry
        else:
            self._blend(block, wet, np.float32(self._weight.value))
        self._last[:] = block[:, -1:]

    def reset(self) -> None:
        """Forget what was heard."""
        self._late.reset()
        self._last[:] = 0.0
        if self.failed:
            return
        try:
            self._effect.reset()
        except Exception as error:  # noqa: BLE001 (a plug-in may raise anything, and the music goes on)
            self._fail(f"cannot be reset: {error}")

    def state(self) -> bytes | None:
        """Return what its plug-in can save of itself."""
        return self._effect.state()

    def _blend(self, block: Samples, wet: Samples, weight: Samples | np.float32) -> None:
        wet -= self._dry
        wet *= weight
        np.add(self._dry, wet, out=block)

    def _wet(self, block: Samples) -> Samples | None:
        """Return what the effect makes of a block; None, and `failed` set, if it makes nothing that can be heard."""
        try:
            if self._due:
                self._obey(self._due)
            if self._jumping or self._room.goal != 1.0:
                self._jump()
            wet = self._glide(block) if self._gliding else self._effect.process(block, self._rate)
            if wet.shape == block.shape and math.isfinite(float(np.abs(wet).max())):
                return wet
            reason = "gave something else than sound"
        except Exception as error:  # noqa: BLE001 (a plug-in may raise anything, and the music goes on)
            reason = f"failed: {error}"
        self._fail(reason)
        # From the last frame that was heard to the dry sound, without a click.
        self._dry += (self._last - self._dry[:, :1]) * _FALL
        return None

    def _fail(self, reason: str) -> None:
        self.failed = f"effect {self._title} {' '.join(reason.split())}; it is bypassed"

    def _glide(self, block: Samples) -> Samples:
        """Return the wet sound of a block in whose course parameters move."""
        pieces = []
        for start in range(0, QUANTUM, self._effect.piece):
            for knob in list(self._gliding):
                self._move(knob, self._gliding[knob])
            pieces.append(self._effect.process(np.ascontiguousarray(block[:, start : start + self._effect.piece]), self._rate))
        return np.concatenate(pieces, axis=1)

    def _move(self, knob: int, goal: float) -> None:
        way = self._ways[knob]
        way = goal if abs(goal - way) <= self._step else way + math.copysign(self._step, goal - way)
        self._ways[knob] = way
        self._effect.put(knob, self._effect.params[knob].map(way))
        if way == goal:
            del self._gliding[knob]

    def _jump(self) -> None:
        """Change what would click while the wet sound is away."""
        if self._room.value > 0.0 and self._jumping:
            self._room.goal = 0.0
            return
        self._obey(self._jumping)
        self._room.goal = 1.0

    def _obey(self, values: dict[int, float]) -> None:
        for knob, value in values.items():
            self._effect.put(knob, value)
        values.clear()


def placed(number: int, mix: float, on: float, params: Sequence[Param]) -> tuple[Param, ...]:
    """Return all parameters of slot `number`, by the path that follows a place: `fx.1.mix`."""
    common = (with_default(param, value) for param, value in zip(COMMON, (mix, on), strict=True))
    return tuple(replace(param, pattern=f"fx.{number}.{param.pattern}") for param in (*common, *params))

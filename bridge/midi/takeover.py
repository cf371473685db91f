"""What happens when a fader that stands elsewhere is moved: it waits, jumps, or closes the distance.

Everything here is in shares of the way, [0, 1].
"""

from typing import Literal, get_args

Takeover = Literal["pickup", "jump", "scale"]
"""pickup: nothing until the control meets the value, near or crossed. jump: the value comes to the control. scale: the value
moves along, so much that both reach the end together."""

TAKEOVERS: tuple[Takeover, ...] = get_args(Takeover)

NEAR = 2.5 / 127
"""So close counts as met: two steps of a 7-bit control and a bit."""

SAME = 1e-3
"""Two values that differ by less were not moved by anybody else: rounding on the way through the engine."""


class Grip:
    """The hold that one control has on one value."""

    def __init__(self, takeover: Takeover) -> None:
        self.takeover = takeover
        self._control: float | None = None
        self._left: float | None = None

    def move(self, control: float, value: float) -> float | None:
        """Take a movement of the control.

        Parameters
        ----------
        control
            Where the control stands now.
        value
            Where the value stood until now.

        Returns
        -------
        value : float or None
            Where the value goes; None if it stays.
        """
        before, self._control = self._control, control
        held = self._left is not None and abs(value - self._left) < SAME
        if self.takeover == "jump" or (held and self.takeover == "pickup"):
            return control
        if self.takeover == "scale":
            return None if before is None else _scaled(before, control, value)
        near = abs(control - value) <= NEAR
        crossed = before is not None and (before - value) * (control - value) <= 0
        return control if near or crossed else None

    def left_at(self, value: float) -> None:
        """Remember where the value went, so that it is known when somebody else moves it."""
        self._left = value


def _scaled(before: float, control: float, value: float) -> float:
    """Return the value moved by the share of its remaining way that the control went of its own."""
    left, whole = (1.0 - value, 1.0 - before) if control > before else (value, before)
    return min(max(value + (control - before) * left / whole, 0.0), 1.0) if control != before else value

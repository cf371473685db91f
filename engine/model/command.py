"""One change of one parameter at one frame: the only way to change anything that plays, and what a take is made of."""

from dataclasses import dataclass

NEXT_BEAT, NEXT_BAR = -1, -2
"""Instead of a frame: when the clock comes to its next beat or bar."""


@dataclass(frozen=True, slots=True)
class Command:
    """Set the parameter at `path` to `value` at frame `at` of the mixer's clock.

    What is late takes effect with the next block; a take holds the frame at which it did. `path` and `value` are checked by
    the mixer that is sent it.
    """

    at: int
    path: str
    value: float

"""One change of one parameter at one frame: the only way to change anything that plays, and what a take is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Set the parameter at `path` to `value` at frame `at` of the mixer's clock.

    What is late takes effect with the next block. `path` and `value` are checked by the mixer that is sent it.
    """

    at: int
    path: str
    value: float

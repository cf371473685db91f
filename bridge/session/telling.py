"""What a process beside the music tells of its jobs: how far each is, what came of it, what went wrong."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.session.forecast import Forecast
from engine.model.audio import Progress

SELDOM_SECONDS = 0.1
"""The done share is told no more often than that."""


@dataclass(frozen=True, slots=True)
class News:
    """Of the job with that number.

    `share` of the whole job in [0, 1] never falls; `left_seconds` None: nobody can know yet. `made` is the folder or file that
    came of it so far, `parts` the decompositions in it that can be played. The last news of a job has `done` or an `error`.
    """

    number: int
    step: str = ""
    share: float = 0.0
    left_seconds: float | None = None
    note: str = ""
    made: Path | None = None
    parts: tuple[str, ...] = ()
    done: bool = False
    error: str = ""

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        return self.done or bool(self.error)


class Telling:
    """A report that becomes news."""

    def __init__(self, number: int, tell: Callable[[News], None]) -> None:
        self._number, self._tell = number, tell
        self.forecast = Forecast({})
        self._step, self._told = "", 0.0

    def plan(self, steps: Mapping[str, float]) -> None:
        """Take in how many seconds each step is expected to take; before the first one begins."""
        self.forecast = Forecast(steps)

    def step(self, name: str) -> Progress:
        """Tell that a step began."""
        self._step = name
        self.forecast.begin(name, time.monotonic())
        self._say()
        return self._go_on

    def note(self, text: str) -> None:
        """Tell a sentence."""
        self._say(note=text)

    def playable(self, folder: Path, parts: tuple[str, ...]) -> None:
        """Tell what can be played by now."""
        self._say(made=folder, parts=parts)

    def _go_on(self, share: float) -> None:
        self.forecast.go_on(share)
        if time.monotonic() - self._told >= SELDOM_SECONDS:
            self._say()

    def _say(self, *, note: str = "", made: Path | None = None, parts: tuple[str, ...] = ()) -> None:
        self._told = time.monotonic()
        share, left = self.forecast.look(self._told)
        self._tell(News(self._number, self._step, share, left, note, made, parts))

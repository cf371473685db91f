"""What people see while they wait: progress with the time left on a terminal, plain lines elsewhere. All on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from engine.model.audio import Progress


PACE_SECONDS = 300.0
"""The time left is told from the pace of so many last seconds: a model may need a minute for one segment."""


class Screen:
    """Shows steps as they go; remembers how long each took. Use as a context manager."""

    def __init__(self, title: str = "") -> None:
        self.seconds: dict[str, float] = {}
        self._title = title
        self._step = ""
        self._since = 0.0
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start; the bar only where somebody can see it."""
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                Progress,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            self._bars = Progress(
                TextColumn(f"{self._title}  {{task.description:11}}"), BarColumn(), TaskProgressColumn(),
                TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
                speed_estimate_period=PACE_SECONDS,
            )  # fmt: skip
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the last step; leave the terminal as it was."""
        self._end_step(finished=kind is None)
        if self._bars is not None:
            self._bars.stop()

    def step(self, name: str) -> Progress:
        """Begin a step."""
        self._end_step(finished=True)
        self._step, self._since = name, time.perf_counter()
        if self._bars is None:
            return _nothing
        bars, task = self._bars, self._bars.add_task(name, total=1.0)
        self._task = task

        def show(share: float) -> None:
            bars.update(task, completed=share)

        return show

    def note(self, text: str) -> None:
        """Say a sentence, above the bar if there is one."""
        if self._bars is not None:
            self._bars.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)
        else:
            print(f"note: {text}", file=sys.stderr)

    def _end_step(self, *, finished: bool) -> None:
        if not self._step:
            return
        took = time.perf_counter() - self._since
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + took
        if self._bars is not None and self._task is not None and finished:
            self._bars.update(self._task, completed=1.0)
        elif self._bars is None and finished:
            print(f"{self._title}  {self._step:11} {took:6.1f} s", file=sys.stderr)
        self._step = ""


def _nothing(_share: float) -> None:
    pass


def table(rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()) -> str:
    """Return rows as aligned columns; those named in `right` lean to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)

"""How long work tells people where it is."""

from typing import Protocol

from engine.model.audio import Progress, no_progress


class Report(Protocol):
    """Told what happens. A bar on a terminal, lines in a log, a picture on a page."""

    def step(self, name: str) -> Progress:
        """Begin a step, which ends the one before; return what to tell its done share to."""
        ...

    def note(self, text: str) -> None:
        """Say one sentence that a person should see."""
        ...


class Quiet:
    """Says nothing."""

    def step(self, name: str) -> Progress:  # noqa: ARG002 - the protocol's
        """Give a progress that goes nowhere."""
        return no_progress

    def note(self, text: str) -> None:
        """Say nothing."""

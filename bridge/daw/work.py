"""What a hand-off is made from: a set, or a take and its sets; and what people chose."""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.daw.fromset import project_of_set
from bridge.daw.fromtake import TakeSource
from bridge.daw.project import Project
from engine.model.errors import RemixtureError
from engine.model.report import Report
from engine.store.encode import BitDepth

Codec = Literal["alac", "aac"]


@dataclass(frozen=True, slots=True)
class Options:
    """What people chose; None: as is usual."""

    parts: str | None = None
    looped: bool = False
    depth: BitDepth = BitDepth.PCM_24
    codec: Codec = "alac"
    recording: int | None = None
    """Only that recording of a take, counted from 1."""
    folders: tuple[Path, ...] = ()
    """Where a take's sets are looked for first."""


@dataclass(frozen=True, eq=False)
class Work:
    """One hand-off: `source` is a set's folder or a `take.jsonl`."""

    source: Path
    options: Options
    report: Report
    said: list[str] = field(default_factory=list)
    """What people are told when it is done, one line each: the factor, what could not come along."""

    @functools.cached_property
    def take(self) -> TakeSource | None:
        """The take, checked, with its sets found; None where a set is exported."""
        if self.source.is_dir():
            if self.options.recording is not None:
                raise RemixtureError(f"--recording {self.options.recording} is a part of a take, and {self.source} is a set")
            return None
        return TakeSource.opened(self.source, self.options.folders, self.options.recording, self.report)

    @functools.cached_property
    def sets(self) -> tuple[Path, ...]:
        """The set, or those that the take plays."""
        return (self.source,) if self.take is None else self.take.sets

    @functools.cached_property
    def project(self) -> Project:
        """All of it, with the fader moves as curves."""
        if self.take is None:
            return project_of_set(self.source, self.options.parts, looped=self.options.looped)
        return self.take.project(self.report)

    @functools.cached_property
    def baked(self) -> Project:
        """All of it, with the fader moves in the sound: for formats that hold no moves. A set has none."""
        return self.project if self.take is None else self.take.baked(self.report)

    def say_factor(self, factor: float) -> None:
        """Tell people where everything had to be made quieter."""
        if factor < 1.0:
            from engine.dsp.levels import db_of_gain

            self.said.append(
                f"peaks over full scale: all files are {-db_of_gain(factor):.2f} dB quieter (x {factor:.6f}), none is clipped"
            )

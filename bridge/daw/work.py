"""What a hand-off is made from: a set, or a take and its sets; and what people chose."""

import functools
from collections.abc import Callable
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
        """The set, or those that the take plays: at least one."""
        if self.take is None:
            return (self.source,)
        if not self.take.sets:
            raise RemixtureError(f"no song was put on in {self.source}: there is nothing to export")
        return self.take.sets

    @functools.cached_property
    def project(self) -> Project:
        """All of it, with the fader moves as curves."""
        if self.take is None:
            return project_of_set(self.source, self.options.parts, looped=self.options.looped)
        return self._played(self.take.project)

    @functools.cached_property
    def baked(self) -> Project:
        """All of it, with the fader moves in the sound: for formats that hold no moves. A set has none."""
        return self.project if self.take is None else self._played(self.take.baked)

    def _played(self, build: Callable[[Report], Project]) -> Project:
        """Build the project of a take; RemixtureError where a choice is a set's, or nothing sounds."""
        if self.options.parts is not None:
            raise RemixtureError(f"--parts is for sets: a take has what it played, and {self.source} is a take")
        if self.options.looped:
            raise RemixtureError(f"--looped is for sets: loops of a take are as they were played, and {self.source} is a take")
        project = build(self.report)
        if not any(track.clips for track, _ in project.leaves()):
            which = "" if self.options.recording is None else f"recording {self.options.recording} of "
            raise RemixtureError(f"nothing sounds in {which}{self.source}: there is nothing to export")
        return project

    def say_mutes(self) -> None:
        """Tell people what a format with mutes of their own lacks, where any moves."""
        if any(track.mute.moves for track in self.project.all_tracks()):
            self.said.append("mutes are moves of their own, which switch at once: the take's ramps of 10 ms are not in them")

    def say_factor(self, factor: float) -> None:
        """Tell people where everything had to be made quieter."""
        if factor < 1.0:
            from engine.dsp.levels import db_of_gain

            self.said.append(
                f"peaks over full scale: all files are {-db_of_gain(factor):.2f} dB quieter (x {factor:.6f}), none is clipped"
            )

"""A song taken apart, as it lies on disk: what `set.json` says, in frozen values.

Field names are the manifest's keys (DESIGN: the remix set on disk). Files are named relative to the set's folder.
"""

from dataclasses import dataclass, field

import numpy as np

from engine.model.grid import Beatgrid, GridCandidate, GridReport
from engine.model.separation import Provenance, SettingValue

SCHEMA = "remixture/set/1"
RESIDUAL = "residual"
EXACT_DB = 40.0
"""A loop this far above what does not repeat in it counts as exact."""
CLEAN_DB = -24.0
"""As low as crosstalk can be estimated: chance alone gives about as much."""


@dataclass(frozen=True, slots=True)
class Song:
    """Facts about one recording. `sha256` is of its file and is its identity; `path` is where it was last seen."""

    title: str
    sha256: str
    path: str
    frames: int
    rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate


@dataclass(frozen=True, slots=True)
class GridFacts:
    """The song's grid, who found it and how sure it was. `settings` are the version and the person's own values."""

    beats: tuple[float, ...]
    downbeats: tuple[int, ...]
    beats_per_bar: int
    bpm: float
    steady: bool
    method: str
    confidence: float
    why: str
    candidates: tuple[GridCandidate, ...] = ()
    settings: dict[str, SettingValue] = field(default_factory=dict)

    @classmethod
    def of(cls, report: GridReport, settings: dict[str, SettingValue]) -> "GridFacts":
        """Return a report as the manifest holds it; beats to the nanosecond."""
        grid = report.grid
        beats = tuple(round(t, 9) for t in grid.times.tolist())
        return cls(
            beats, tuple(grid.downbeats.tolist()), grid.beats_per_bar, round(grid.bpm, 6), grid.steady,
            report.method, round(report.confidence, 4), report.why, report.candidates, settings,
        )  # fmt: skip

    def grid(self) -> Beatgrid:
        """Return the grid to compute with."""
        first = self.downbeats[0] if self.downbeats else 0
        return Beatgrid(np.array(self.beats), first, self.beats_per_bar)


@dataclass(frozen=True, slots=True)
class Source:
    """One source on disk: samples of `file` times `scale` (a power of two) are its samples."""

    id: str
    name: str
    kind: str
    file: str
    sha256: str
    bytes: int
    scale: float
    color: str
    once: str | None = None
    """One period as a WAV, for samplers."""
    best_bar: int | None = None
    """The bar it is cut from, 0 is the first."""
    period: int | None = None
    """Bars after which it repeats."""
    confidence_db: float | None = None
    """How far what does not repeat lies below it, where it plays; None where that does not apply or was not measured yet."""
    crosstalk_db: float | None = None
    """An estimate of how loud other sources are in it beside its own sound, `CLEAN_DB` or more; None where nothing tells."""

    @property
    def confidence_text(self) -> str:
        """How exactly it repeats, for people: exact, or so many dB; nothing where it is not known."""
        if self.confidence_db is None:
            return ""
        whole = round(self.confidence_db)
        return "exact" if whole >= EXACT_DB else f"{whole} dB"

    @property
    def crosstalk_text(self) -> str:
        """How much of it is other sources, for people; nothing where it is not known."""
        if self.crosstalk_db is None:
            return ""
        return f"{round(self.crosstalk_db)} dB" if self.crosstalk_db > CLEAN_DB else f"under {round(CLEAN_DB)} dB"


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a song that holds the same parts. It goes on to the next one; `bar` 0 is the first of the grid."""

    bar: int
    label: str
    """A, B, C ...: the same letter, the same parts."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A set of sources whose sum is the song. The last source is the residual."""

    algorithm: str
    version: int
    params: dict[str, SettingValue]
    model: str | None
    note: str
    sources: tuple[Source, ...]
    layout: tuple[tuple[float, ...], ...] | None = None
    """Bars x loops: how loud each loop is in each bar, 1 is its own level."""

    @property
    def provenance(self) -> Provenance:
        """Where it comes from."""
        return Provenance(self.algorithm, self.version, self.params, self.model, self.note)


@dataclass(frozen=True, slots=True)
class RemixSet:
    """Everything known about one song. A decomposition that is not finished is not there."""

    schema: str
    song: Song
    grid: GridFacts | None = None
    key: str | None = None
    camelot: str | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    decompositions: dict[str, Decomposition] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()

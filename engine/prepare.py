"""Song -> remix set: decode, grid, key, loops, sections, map, loudness, stems. The only place where analysis meets store.

What a person can look at comes first. Every step is written down when it is done, under a key of song hash, algorithm,
version and settings. A second run does only what is missing or asked for differently; a run that was killed goes on where it
stopped.
"""

import dataclasses
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.analysis.stems import StemChoice
from engine.analysis.stems.computing import FASTEST, Computing
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.model.remixset import GridFacts, RemixSet, Song
from engine.model.report import Quiet, Report
from engine.model.score import Score
from engine.model.separation import Provenance, Separation, SettingValue
from engine.store.assemble import replace_decomposition
from engine.store.decode import AudioFacts, decode, probe
from engine.store.files import printable, require_space, sha256_of
from engine.store.manifest import NAME, read_manifest, write_manifest
from engine.store.room import Room
from engine.store.setdir import LOCK, locked, open_set, resume_set, set_folder, whole
from engine.store.stemfile import holds_stems, read_stems, stems_provenance

MOST_SOURCES = 19
"""Loops, stems, the rest of drums and two residuals, at the most."""
BYTES_A_SAMPLE = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person asked for. None: find it out."""

    loops: int | None = None
    stems: StemChoice = StemChoice.AUTO
    stem_model: str | None = None
    computing: Computing = FASTEST
    bpm: float | None = None
    downbeat: float | None = None
    """Seconds of any downbeat."""
    beats_per_bar: int | None = None
    seed: int = 0
    score: Score | None = None
    """The song's notes, for NMF."""
    clean_drums: bool = False
    """Whether the drums among the stems are played again, each with its cleanest hit, and the rest of them is behind them."""

    def __post_init__(self) -> None:
        """Check at the door, once."""
        if self.clean_drums and self.stems is StemChoice.NONE:
            raise RemixtureError("clean drums need stems, and with stems none there are none: leave one of the two out")


def prepare(
    path: Path,
    output: Path | None = None,
    settings: Settings = Settings(),
    report: Report = Quiet(),  # noqa: B008 - both are values
) -> tuple[Path, RemixSet]:
    """Make or complete the remix set of a recording.

    Parameters
    ----------
    path : Path
        An audio file.
    output : Path, optional
        `NAME.remix` names the set, any other path is the folder it goes into; by default the current one.
    settings : Settings
    report : Report

    Returns
    -------
    folder : Path
    remixset : RemixSet

    Raises
    ------
    RemixtureError
        For everything a person can mend; nothing is left half-written.
    """
    settings.computing.check()
    facts = probe(path)
    folder = set_folder(path, output)
    if printable(str(folder)) != str(folder):
        raise RemixtureError(f"a set cannot lie at {printable(str(folder))}, a name that is not UTF-8: name another with -o")
    require_space(folder, facts.frames * facts.channels * BYTES_A_SAMPLE * MOST_SOURCES, f"preparing {path.name}")
    fresh = not folder.exists()
    with locked(folder):
        try:
            run = _Run(path, folder, facts, settings, report)
            run.grid()
            run.loops()
            run.sections()
            run.map()
            run.loudness()
            run.stems()
        except BaseException:
            if fresh:
                _remove_if_nothing_was_found(folder)
            raise
    return folder, open_set(folder)


class _Run:
    """One preparation: the set as it grows, the samples once they are needed."""

    def __init__(self, path: Path, folder: Path, facts: AudioFacts, settings: Settings, report: Report) -> None:
        self.path, self.folder, self.settings, self.report = path, folder, settings, report
        self._audio: Audio | None = None
        song = Song(path.name, sha256_of(path), printable(str(path.resolve())), facts.frames, facts.rate, facts.channels)
        self.set = resume_set(folder, dataclasses.replace(song, title=_title(path)))
        if self.set.grid is None:
            # A header may be off by a codec's padding: what was decoded is what counts.
            self._keep(song=dataclasses.replace(self.set.song, frames=self.audio.frames))
        elif read_manifest(folder).song != self.set.song:
            # Nothing may be left to find, and still the recording has another place or name than before.
            self._keep()

    @property
    def audio(self) -> Audio:
        """The song's samples, decoded when they are first asked for."""
        if self._audio is None:
            self._audio = decode(self.path, self.report.step("decode"), self.folder)
        return self._audio

    def _keep(self, **changes: object) -> None:
        self.set = dataclasses.replace(self.set, **changes)  # type: ignore[arg-type]
        write_manifest(self.folder, self.set)

    def grid(self) -> None:
        """Find beats, downbeats and the key."""
        from engine.analysis.grid import ALGORITHM_VERSION, find_grid
        from engine.analysis.key import find_key

        own: dict[str, SettingValue] = {
            "version": ALGORITHM_VERSION, "bpm": self.settings.bpm, "downbeat": self.settings.downbeat,
            "beats_per_bar": self.settings.beats_per_bar,
        }  # fmt: skip
        if self.set.grid is not None and self.set.grid.settings == own:
            return
        audio = self.audio
        found = find_grid(
            audio, bpm=self.settings.bpm, downbeat=self.settings.downbeat, beats_per_bar=self.settings.beats_per_bar,
            progress=self.report.step("grid"),
        )  # fmt: skip
        key = find_key(audio)
        self._keep(grid=GridFacts.of(found, own), key=key and key.name, camelot=key and key.camelot)

    def loudness(self) -> None:
        """Measure integrated loudness and true peak."""
        if self.set.true_peak_dbtp is not None:
            return
        from engine.dsp.loudness import integrated_lufs
        from engine.dsp.truepeak import true_peak_dbtp

        audio = self.audio
        self.report.step("loudness")
        lufs, peak = integrated_lufs(audio.samples, audio.rate), true_peak_dbtp(audio.samples)
        self._keep(loudness_lufs=None if lufs is None else round(lufs, 3), true_peak_dbtp=round(peak, 3))

    def loops(self) -> None:
        """Find the loops, unless the same were found before on the same grid."""
        from engine.analysis.loops import find_loops, loops_provenance

        grid = self._grid_facts().grid()
        wanted = _on_grid(loops_provenance(self.settings.loops, self.settings.seed), self._grid_facts())
        if self._has("loops", wanted):
            return
        audio = self.audio
        progress = self.report.step("loops")
        found = find_loops(audio, grid, loops=self.settings.loops, seed=self.settings.seed, progress=progress)
        if found.provenance.note:
            self.report.note(found.provenance.note)
        self._replace("loops", dataclasses.replace(found, provenance=_on_grid(found.provenance, self._grid_facts())))

    def sections(self) -> None:
        """Find the sections in the loops' layout: quickly done, so always done again. A map of others goes."""
        from engine.analysis.sections import find_sections
        from engine.store.picture import NAME as PICTURE

        layout = self.set.decompositions["loops"].layout
        found = find_sections(np.array(layout)) if layout else ()
        if found != self.set.sections:
            self._keep(sections=found)
            (self.folder / PICTURE).unlink(missing_ok=True)

    def stems(self) -> None:
        """Separate the stems, or take those the file brought."""
        if self.settings.stems is StemChoice.NONE:
            return
        if self.settings.stems is StemChoice.AUTO and holds_stems(self.path):
            self._own_stems()
            return
        from engine.analysis.stems import separator_for

        self.report.step("stem model")
        separator = separator_for(
            self.settings.stems, model=self.settings.stem_model, computing=self.settings.computing, score=self.settings.score
        )
        if separator.provenance.note:
            self.report.note(separator.provenance.note)
        if not self._has("stems", self._wanted(separator.provenance)):
            audio = self.audio
            self._replace("stems", self._with_drums(separator.separate(audio, self.report.step("stems"))))

    def _own_stems(self) -> None:
        if not self._has("stems", self._wanted(stems_provenance(self.path))):
            frames = self.audio.frames
            self.report.step("stems")
            self._replace("stems", self._with_drums(read_stems(self.path, frames)))

    def _wanted(self, made: Provenance) -> Provenance:
        """Return the key of the stems that a separator's become."""
        if not self.settings.clean_drums:
            return made
        from engine.analysis.drums import cleaned

        return cleaned(made)

    def _with_drums(self, separation: Separation) -> Separation:
        """Return a separation, with clean drums where they were asked for."""
        if not self.settings.clean_drums:
            return separation
        from engine.analysis.drums import with_clean_drums

        return with_clean_drums(separation, self.audio, self._kept, lambda: self.report.step("clean drums"))

    def _kept(self, blocks: Iterator[Samples]) -> Samples:
        """Return blocks as one, in memory or, of a long song, in a file [shape=(parts, channels, frames)]."""
        first = next(blocks)
        parts, channels = first.shape[:2]
        room = Room(parts * channels, self.audio.frames, self.folder)
        for block in itertools.chain([first], blocks):
            room.put(block.reshape(parts * channels, -1))
        return room.samples().reshape(parts, channels, -1)

    def map(self) -> None:
        """Draw the layout, if it is not there or the loops are newer."""
        from engine.store.picture import NAME as PICTURE
        from engine.store.picture import draw_map

        target, loops = self.folder / PICTURE, self.folder / "loops"
        if self.set.decompositions["loops"].layout is None:
            target.unlink(missing_ok=True)
        elif not target.exists() or target.stat().st_mtime < loops.stat().st_mtime:
            self.report.step("map")
            draw_map(self.set, target)

    def _has(self, name: str, wanted: Provenance) -> bool:
        known = self.set.decompositions.get(name)
        return known is not None and known.provenance.same_as(wanted) and whole(self.folder, known)

    def _replace(self, name: str, separation: Separation) -> None:
        from engine.analysis.crosstalk import CrosstalkMeter

        grid = self._grid_facts().grid()
        meter = CrosstalkMeter(len(separation.parts), self.audio.rate)
        heard = dataclasses.replace(separation, blocks=meter.through(separation.blocks))
        self.set = replace_decomposition(self.folder, self.set, name, heard, self.audio.samples, grid, meter.db)

    def _grid_facts(self) -> GridFacts:
        if self.set.grid is None:
            raise ValueError("the grid comes first")
        return self.set.grid


def _title(path: Path) -> str:
    return printable(path.name.removesuffix(path.suffix).removesuffix(".stem"))


def _on_grid(provenance: Provenance, grid: GridFacts) -> Provenance:
    """Loops are cut on the grid: another grid, other loops."""
    digest = hashlib.sha256(repr((grid.beats, grid.downbeats, grid.beats_per_bar)).encode()).hexdigest()[:16]
    return dataclasses.replace(provenance, params={**provenance.params, "grid": digest})


def _remove_if_nothing_was_found(folder: Path) -> None:
    """Leave no set behind that says no more than the song's name."""
    manifest = folder / NAME
    if manifest.exists() and read_manifest(folder).grid is not None:
        return
    manifest.unlink(missing_ok=True)
    (folder / LOCK).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()

"""A set -> samples: a WAV for each loop and each slice, a folder per song, in a folder or a zip.

Each file tells its tempo, its meter, its bars and its place (`engine.store.wavchunks`). The place, `TimeReference` in `bext`,
is counted in frames from the song's bar 1: what DAWs call "spot to original time stamp" puts a slice where it was in a project
that begins at the song's bar 1. What comes before bar 1 has no place to be spotted to: it has no `bext`.
"""

import datetime as dt
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

from bridge.daw.cuts import LEAD_IN, Cut, cuts_of, tempo_text
from bridge.daw.media import LOUDEST, distinct, peak_of, text, write_wav
from bridge.daw.work import Work
from engine.model.audio import Progress, Samples
from engine.model.errors import RemixtureError
from engine.model.remixset import RemixSet
from engine.store.encode import BitDepth
from engine.store.files import TEMPORARY, require_space
from engine.store.setdir import open_set
from engine.store.sources import read_source
from engine.store.wavchunks import Broadcast, add_loop_chunks

SILENT = 2.0**-15
"""What is no louder than one step of 16 bits gets no file."""
CHUNKS = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A set, its folder's name in the export, and what is cut from it."""

    root: Path
    set: RemixSet
    name: str
    cuts: tuple[Cut, ...]

    @property
    def beats_per_bar(self) -> int:
        """The song's meter, over 4."""
        return 4 if self.set.grid is None else self.set.grid.beats_per_bar

    @property
    def lead_in(self) -> int:
        """Where bar 1 is in the recording, in frames."""
        return 0 if self.set.grid is None else max(0, round(self.set.grid.grid().bar_seconds(0) * self.set.song.rate))

    def path(self, cut: Cut) -> str:
        """Return a file's name in the export."""
        return f"{self.name}/{cut.name}"

    def pieces(self) -> Iterator[tuple[Cut, Samples]]:
        """Yield each cut with its samples; one source is in memory at a time."""
        for source, cuts in groupby(self.cuts, lambda cut: cut.source):
            samples = read_source(source, self.root, self.set.song)
            for cut in cuts:
                yield cut, cut.span.of(samples)


class Place(Protocol):
    """Where files go: a folder, or a zip."""

    def file(self, name: str) -> AbstractContextManager[Path]:
        """Give a path to write `folder/name.wav` to; it is in its place when the block ends."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Files go to where they stay."""

    root: Path

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """Give the path itself."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path


@dataclass(frozen=True, slots=True)
class Zip:
    """Files are written beside the archive one at a time and stored in it."""

    archive: zipfile.ZipFile
    room: Path

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """Give a path that is gone when the archive has what was written to it."""
        path = self.room / "sample.wav"
        try:
            yield path
            self.archive.write(path, name)
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def placed(target: Path) -> Iterator[Place]:
    """Open a folder or, for a name that ends so, a zip."""
    if target.suffix.lower() != ".zip":
        target.mkdir()
        yield Folder(target)
        return
    with (
        tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=target.parent) as room,
        zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive,
    ):
        yield Zip(archive, Path(room))


def write(work: Work, target: Path) -> None:
    """Write the loops and slices of all sets of a hand-off."""
    packs = _packs(work)
    require_space(target.parent, _bytes_of(packs), "the export")
    heard, factor = _measured(packs, work.options.depth, work.report.step("measure"))
    if not heard:
        raise RemixtureError(f"every loop and slice of {work.source} is silent")
    progress, done, made = work.report.step("write"), 0, dt.datetime.now().astimezone()
    with placed(target) as place:
        for pack in packs:
            for cut, samples in pack.pieces():
                if (name := pack.path(cut)) in heard:
                    with place.file(name) as path:
                        write_wav(path, samples, pack.set.song.rate, work.options.depth, factor)
                        _add_chunks(path, pack, cut, made)
                    done += 1
                    progress(done / len(heard))
    _say(work, packs, heard, factor)


def _packs(work: Work) -> tuple[Pack, ...]:
    sets = [open_set(folder) for folder in work.sets]
    names = distinct(one.song.title for one in sets)
    return tuple(
        Pack(folder, one, name, cuts_of(folder, one, work.options.parts))
        for folder, one, name in zip(work.sets, sets, names, strict=True)
    )


def _bytes_of(packs: tuple[Pack, ...]) -> int:
    cuts = [(cut.span.stop - cut.span.start, pack.set.song.channels) for pack in packs for cut in pack.cuts]
    return sum(frames * channels * 4 + CHUNKS for frames, channels in cuts)


def _measured(packs: tuple[Pack, ...], depth: BitDepth, progress: Progress) -> tuple[frozenset[str], float]:
    """Return the files that are not silent, and what all of them are multiplied by so that the loudest fits."""
    peaks: dict[str, float] = {}
    wanted = sum(len(pack.cuts) for pack in packs)
    for pack in packs:
        for cut, samples in pack.pieces():
            peaks[pack.path(cut)] = peak_of(samples)
            progress(len(peaks) / wanted)
    loudest = max(peaks.values())
    fits = depth is BitDepth.FLOAT or loudest <= LOUDEST
    return frozenset(name for name, peak in peaks.items() if peak > SILENT), 1.0 if fits else LOUDEST / loudest


def _add_chunks(path: Path, pack: Pack, cut: Cut, made: dt.datetime) -> None:
    span, meter = cut.span, pack.beats_per_bar
    told = f"{cut.source.name or cut.source.id} {span.label}".strip()
    title = f"{told} of {pack.set.song.title}, {tempo_text(span.bpm)}"
    place = None if span.label == LEAD_IN else Broadcast(title, span.start - pack.lead_in, made)
    add_loop_chunks(
        path, rate=pack.set.song.rate, frames=span.stop - span.start, bpm=span.bpm, beats=len(span.bars) * meter,
        beats_per_bar=meter, bars=span.bars, first_bar=span.first_bar, root=cut.root, broadcast=place,
    )  # fmt: skip


def _say(work: Work, packs: tuple[Pack, ...], heard: frozenset[str], factor: float) -> None:
    """Tell people what they would not expect."""
    if silent := sum(len(pack.cuts) for pack in packs) - len(heard):
        work.said.append(f"{silent} silent {'slice is' if silent == 1 else 'slices are'} left out")
    for pack in packs:
        if any(cut.span.label == LEAD_IN and pack.path(cut) in heard for cut in pack.cuts):
            seconds = pack.lead_in / pack.set.song.rate
            work.said.append(
                f"{text(pack.set.song.title, 60)} begins {seconds:.3f} s ({pack.lead_in} frames) before its bar 1: "
                f"that lead-in is in files of its own, which end at bar 1"
            )
    if work.take is not None:
        work.said.append("loops and slices are as the sets have them, without what the take did")
    work.say_factor(factor)

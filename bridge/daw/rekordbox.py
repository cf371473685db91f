"""Sets -> rekordbox' exchange file: the recordings themselves, with beat grids, cues and loops, in a playlist.

`DJ_PLAYLISTS` XML as AlphaTheta documents it ("rekordbox xml format list") and as rekordbox writes it: places in seconds with
three decimals, tempos in bpm with two. A grid is therefore written as those tempos that keep every beat within
`BEAT_TOLERANCE` of its place: one for a steady song whose tempo has two decimals, and more where it has not or drifts.
"""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np
from numpy.typing import NDArray

from bridge.daw.media import text
from bridge.daw.work import Work
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.remixset import RemixSet, Song
from engine.store.files import sha256_of
from engine.store.setdir import open_set

BEAT_TOLERANCE = 0.0005
"""Seconds; as much again is lost when the place of a tempo is rounded."""
READABLE = frozenset({".mp3", ".m4a", ".mp4", ".aac", ".wav", ".aif", ".aiff", ".flac"})
"""What rekordbox plays."""
CUE, LOOP = 0, 4
MEMORY = -1
"""The `Num` of a mark that lies on no pad; hot cues have 0 to 7, which are the pads A to H."""
PADS = 8
MEMORIES = 10
"""So many memory cues and loops a player shows of one song."""
COLORS = ((48, 90, 255), (40, 226, 20), (224, 100, 27), (230, 40, 40), (165, 225, 22), (80, 180, 255), (255, 140, 0))
"""Pads' colours that rekordbox has itself; sections with the same letter share one."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """From `seconds` on, which is beat `beat` of its bar (1 is the downbeat), the tempo is `bpm`."""

    seconds: float
    bpm: float
    beat: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A cue, or a loop where there is an `end`, in seconds; `pad` is `MEMORY` or a hot cue's number."""

    name: str
    start: float
    end: float | None = None
    pad: int = MEMORY
    color: tuple[int, int, int] | None = None


def write(work: Work, target: Path) -> None:
    """Write the file `target`."""
    songs = [*_songs(work)]
    root = Element("DJ_PLAYLISTS", {"Version": "1.0.0"})
    SubElement(root, "PRODUCT", {"Name": "Remixture", "Version": "1", "Company": ""})
    collection = SubElement(root, "COLLECTION", {"Entries": str(len(songs))})
    for number, (path, remixset) in enumerate(songs, 1):
        collection.append(_track(number, path, remixset))
        work.said.extend(_hints(path, remixset))
    _playlist(SubElement(root, "PLAYLISTS"), text(f"Remixture {work.source.resolve().stem}"), len(songs))
    indent(root)
    ElementTree(root).write(target, encoding="UTF-8", xml_declaration=True)


def _songs(work: Work) -> Iterator[tuple[Path, RemixSet]]:
    """Yield every recording once, checked; of two sets of one song the first."""
    seen: set[str] = set()
    for folder in work.sets:
        remixset = open_set(folder)
        if remixset.song.sha256 not in seen:
            seen.add(remixset.song.sha256)
            yield recording(folder, remixset.song), remixset


def recording(folder: Path, song: Song) -> Path:
    """Return where a set's recording lies.

    Raises
    ------
    RemixtureError
        If it is not there any more, or is another one.
    """
    path = Path(song.path)
    again = f"put it back, or say where it is with remixture prepare SONG -o {folder}"
    if not path.is_file():
        raise RemixtureError(f"{path}, the recording of {folder.name}, is not there any more: {again}")
    if sha256_of(path) != song.sha256:
        raise RemixtureError(f"{path} is another recording now than the one in {folder.name}: {again}")
    return path


def location(path: Path) -> str:
    """Return a file as rekordbox names it."""
    return "file://localhost/" + quote(os.fsencode(path.absolute().as_posix().removeprefix("/")), safe="/:")


def tempos(grid: Beatgrid) -> Iterator[Tempo]:
    """Yield the fewest tempos that a greedy walk finds so that beats stay where they are, from the first downbeat on.

    The first downbeat is the first one that is not before the recording begins.
    """
    first = next((int(beat) for beat in grid.downbeats if grid.times[beat] >= 0.0), grid.first_downbeat)
    count = max(grid.times.size - first, 2)
    steady, beat = grid.steady, 60.0 / grid.bpm
    start = grid.seconds(first)
    places = [start + number * beat if steady else grid.seconds(first + number) for number in range(count)]
    times = np.array(places, dtype=np.float64)
    at = 0
    while at < count - 1:
        reach, bpm = _held(times[at:])
        yield Tempo(round(float(times[at]), 3), bpm, at % grid.beats_per_bar + 1)
        at += reach


def _held(times: NDArray[np.float64]) -> tuple[int, float]:
    """Return for how many beats from the first one a tempo of two decimals can be held, at least one, and that tempo."""
    beats = np.arange(1, times.size)
    gone = times[1:] - round(float(times[0]), 3)
    shortest = np.maximum.accumulate((gone - BEAT_TOLERANCE) / beats)
    longest = np.minimum.accumulate((gone + BEAT_TOLERANCE) / beats)
    slowest, fastest = np.ceil(6000.0 / longest), np.floor(6000.0 / np.maximum(shortest, 1e-9))
    reach = max(int(np.logical_and.accumulate(slowest <= fastest).sum()), 1)
    bpm = round(6000.0 * reach / float(times[reach] - times[0]))
    return reach, min(max(bpm, float(slowest[reach - 1])), float(fastest[reach - 1])) / 100.0


def marks(remixset: RemixSet) -> tuple[Mark, ...]:
    """Return sections as memory cues, the first of them as hot cues too, and loops, each kind in the order of time."""
    if remixset.grid is None:
        return ()
    grid = remixset.grid.grid()
    cues = [*_cues(remixset, grid)]
    pads = [dataclasses.replace(cue, pad=pad) for pad, cue in enumerate(cues[:PADS])]
    memories = [dataclasses.replace(cue, color=None) for cue in cues]
    return (*memories, *pads, *sorted(_loops(remixset, grid), key=lambda loop: loop.start))


def _cues(remixset: RemixSet, grid: Beatgrid) -> Iterator[Mark]:
    """Yield a cue for each section, or for bar 1 alone."""
    labels: dict[str, int] = {}
    for section in remixset.sections:
        start = grid.bar_seconds(section.bar)
        if 0.0 <= start < remixset.song.seconds:
            color = COLORS[labels.setdefault(section.label, len(labels)) % len(COLORS)]
            yield Mark(text(section.label), start, color=color)
    if not remixset.sections:
        yield Mark("Bar 1", max(grid.bar_seconds(0), 0.0), color=COLORS[0])


def _loops(remixset: RemixSet, grid: Beatgrid) -> Iterator[Mark]:
    """Yield where each loop is cut from; one that is cut from the last bars may be shorter than its period."""
    found = remixset.decompositions.get("loops")
    for source in found.sources if found else ():
        if source.best_bar is None or not source.period:
            continue
        start = grid.bar_seconds(source.best_bar)
        end = min(grid.bar_seconds(source.best_bar + source.period), remixset.song.seconds)
        if 0.0 <= start < end:
            yield Mark(text(source.name or source.id), start, end)


def _track(number: int, path: Path, remixset: RemixSet) -> Element:
    song, grid = remixset.song, remixset.grid.grid() if remixset.grid else None
    found = Element("TRACK", {
        "TrackID": str(number), "Name": text(song.title), "Kind": f"{path.suffix[1:].upper()} File",
        "Size": str(path.stat().st_size), "TotalTime": str(round(song.seconds)),
        "AverageBpm": f"{grid.bpm if grid else 0.0:.2f}", "SampleRate": str(song.rate), "Location": location(path),
    })  # fmt: skip
    if remixset.key:
        found.set("Tonality", remixset.key.replace(" minor", "m").replace(" major", ""))
    if grid is not None:
        _grid(found, tempos(grid), grid.beats_per_bar)
    _marks(found, marks(remixset))
    return found


def _grid(track: Element, found: Iterator[Tempo], beats_per_bar: int) -> None:
    for tempo in found:
        SubElement(track, "TEMPO", {
            "Inizio": f"{tempo.seconds:.3f}", "Bpm": f"{tempo.bpm:.2f}",
            "Metro": f"{beats_per_bar}/4", "Battito": str(tempo.beat),
        })  # fmt: skip


def _marks(track: Element, found: Sequence[Mark]) -> None:
    for mark in found:
        kind = CUE if mark.end is None else LOOP
        element = SubElement(track, "POSITION_MARK", {"Name": mark.name, "Type": str(kind), "Start": f"{mark.start:.3f}"})
        if mark.end is not None:
            element.set("End", f"{mark.end:.3f}")
        element.set("Num", str(mark.pad))
        for name, value in zip(("Red", "Green", "Blue"), mark.color or (), strict=False):
            element.set(name, str(value))


def _playlist(parent: Element, name: str, entries: int) -> None:
    root = SubElement(parent, "NODE", {"Type": "0", "Name": "ROOT", "Count": "1"})
    node = SubElement(root, "NODE", {"Name": name, "Type": "1", "KeyType": "0", "Entries": str(entries)})
    for number in range(1, entries + 1):
        SubElement(node, "TRACK", {"Key": str(number)})


def _hints(path: Path, remixset: RemixSet) -> Iterator[str]:
    """Yield what people should know about one song."""
    if path.suffix.lower() not in READABLE:
        yield f"{path.name}: rekordbox does not play {path.suffix or 'files without a suffix'}; convert it and prepare that"
    if remixset.grid is None:
        yield f"{path.name}: it has no grid yet, so it comes without beats, cues and loops; run remixture prepare again"
    memories = sum(mark.pad == MEMORY for mark in marks(remixset))
    if memories > MEMORIES:
        yield f"{path.name}: {memories} memory cues and loops, of which players show {MEMORIES}; sections are hot cues too"

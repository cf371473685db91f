"""A project -> aligned files for every DAW: all begin at bar 1 of the song and end together, with the tempo map beside them.

What comes before bar 1 lies in `lead-in/`: files that begin whole bars before it and end at it.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.daw.media import bytes_of, common_factor, distinct, write_wav
from bridge.daw.project import Clip, Media, Project, Track
from bridge.daw.tempomidi import write_tempo_map
from bridge.daw.work import Work
from engine.model.audio import Samples
from engine.store.files import require_space, safe_name

LEAD_IN = "lead-in"


@dataclass(frozen=True, slots=True, eq=False)
class Stem:
    """A track as it sounds from the timeline's beginning to its end. `name` is that of its file, without suffix."""

    name: str
    whole: Media


def write(work: Work, target: Path) -> None:
    """Write a file for each track, their lead-ins, and the tempo map."""
    project, depth = work.baked, work.options.depth
    stems = stems_of(project)
    media = [stem.whole for stem in stems]
    require_space(target.parent, bytes_of(media), "the export")
    factor = common_factor(media, depth, work.report.step("measure"))
    progress = work.report.step("write")
    target.mkdir()
    if project.origin:
        (target / LEAD_IN).mkdir()
    for done, stem in enumerate(stems, 1):
        samples = stem.whole.samples()
        write_wav(target / f"{stem.name}.wav", samples[:, project.origin :], project.rate, depth, factor)
        if project.origin:
            path = target / LEAD_IN / f"{stem.name} {LEAD_IN}.wav"
            write_wav(path, samples[:, : project.origin], project.rate, depth, factor)
        progress(done / len(stems))
    write_tempo_map(project, target / f"{safe_name(project.title)}.mid")
    _say(work, project, factor)


def stems_of(project: Project) -> tuple[Stem, ...]:
    """Return the tracks of a project, each with a file name of its own; all are of one length and number of channels."""
    leaves = list(project.leaves())
    names = distinct(" ".join([*(safe_name(group.name, 32) for group in groups), track.name]) for track, groups in leaves)
    channels = max((one.channels for one in project.media), default=2)
    return tuple(
        Stem(name, Media(f"{name}.wav", project.frames, channels, functools.partial(_laid, project, track, channels)))
        for name, (track, _) in zip(names, leaves, strict=True)
    )


def _laid(project: Project, track: Track, channels: int) -> Samples:
    """Return a track's clips on the timeline [shape=(channels, frames)]."""
    line = np.zeros((channels, project.frames), dtype=np.float32)
    for name in dict.fromkeys(clip.media for clip in track.clips):
        samples = project.medium(name).samples()
        for clip in track.clips:
            if clip.media == name:
                _lay(line, clip, samples)
    return line


def _lay(line: Samples, clip: Clip, samples: Samples) -> None:
    for start, piece in _pieces(clip, samples):
        stop = min(start + piece.shape[1], line.shape[1])
        line[:, start:stop] += piece[:, : stop - start]


def _pieces(clip: Clip, samples: Samples) -> Iterator[tuple[int, Samples]]:
    """Yield where on the timeline which samples of a clip lie: one piece, or one for each time it goes round."""
    end, offset = clip.loop or clip.offset + clip.frames, clip.offset
    start = clip.start
    while start < clip.end:
        piece = samples[:, offset : min(end, offset + clip.end - start)]
        yield start, piece
        start, offset = start + min(end - offset, clip.end - start), 0


def _say(work: Work, project: Project, factor: float) -> None:
    work.said.extend(project.notes)
    if project.origin:
        bars = project.lead_in_bars
        work.said.append(
            f"the files in {LEAD_IN}/ are {project.origin} frames long, {bars} {'bar' if bars == 1 else 'bars'}: "
            "they end where bar 1 and all other files begin"
        )
    work.say_factor(factor)

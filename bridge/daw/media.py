"""Media files of a project -> WAVs, all at one factor so that none is clipped; names that are safe and distinct."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bridge.daw.project import Media, Project
from engine.model.audio import Progress, Samples, no_progress
from engine.model.report import Report
from engine.store.encode import STEPS, BitDepth, audio_writer
from engine.store.files import printable, safe_name

PIECE = 1 << 18
LOUDEST = 1.0 - 1.0 / STEPS
"""The highest sample of a 24-bit file."""
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ufffe\uffff]+")


def text(name: str, longest: int = 200) -> str:
    """Return a name for people that XML 1.0, JSON and quotes-and-lines formats can hold: one line, no control characters."""
    return _UNWRITABLE.sub(" ", printable(name)).strip()[:longest] or "untitled"


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as safe file names without suffix, no two the same on any system: `drums`, `drums 2`."""
    taken: set[str] = set()
    found = []
    for name in map(safe_name, names):
        number, free = 1, name
        while free.casefold() in taken:
            number += 1
            free = f"{name} {number}"
        taken.add(free.casefold())
        found.append(free)
    return tuple(found)


def peak_of(samples: Samples) -> float:
    """Return the highest absolute sample, piece by piece."""
    pieces = (samples[:, at : at + PIECE] for at in range(0, samples.shape[1], PIECE))
    return max((float(np.abs(piece).max(initial=0.0)) for piece in pieces), default=0.0)


def common_factor(media: Sequence[Media], depth: BitDepth, progress: Progress = no_progress) -> float:
    """Return what every file is multiplied by so that the loudest fits; 1.0 where all fit, and for floats."""
    if depth is BitDepth.FLOAT:
        return 1.0
    loudest = 0.0
    for done, one in enumerate(media, 1):
        loudest = max(loudest, peak_of(one.samples()))
        progress(done / len(media))
    return 1.0 if loudest <= LOUDEST else LOUDEST / loudest


def write_wav(path: Path, samples: Samples, rate: int, depth: BitDepth, factor: float = 1.0) -> None:
    """Write samples [shape=(channels, frames)] as a WAV."""
    channels, frames = samples.shape
    with audio_writer(path, rate, channels, frames, depth) as write:
        for at in range(0, frames, PIECE):
            piece = samples[:, at : at + PIECE]
            write(piece if factor == 1.0 else piece * np.float32(factor))


def write_media(project: Project, folder: Path, depth: BitDepth, report: Report) -> float:
    """Write all files of a project into a folder that is there; return the factor that all of them were multiplied by."""
    measure = report.step("measure")
    factor = common_factor(project.media, depth, measure)
    progress = report.step("write")
    for done, one in enumerate(project.media, 1):
        write_wav(folder / one.name, one.samples(), project.rate, depth, factor)
        progress(done / len(project.media))
    return factor


def bytes_of(media: Iterable[Media]) -> int:
    """Return how much room files take at most, in bytes."""
    return sum(one.frames * one.channels * 4 + 4096 for one in media)

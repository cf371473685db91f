"""A project -> four stems and their mix: drums, bass, other and vocals, as Native Instruments' stem files have them.

Clips are added up where they lie, with the levels of their tracks. Stems are rounded to 24 bits first and the mix is their
exact sum, so that four faders at 0 dB are the mix to the last bit; where anything exceeds full scale, one factor scales all.
Before, they are 32-bit floats, which hold sums of a set's 24-bit sources exactly up to 2.0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.daw.media import text
from bridge.daw.project import Clip, Project, Track
from engine.bounce.load import room
from engine.model.audio import Samples
from engine.model.colors import colors_of
from engine.model.curve import Curve
from engine.model.errors import RemixtureError
from engine.model.report import Report
from engine.store.stemfile import USUAL_ORDER, kind_of_name

FULL_SCALE = 2**23
ROUNDED = 4
"""Steps that a mix may rise when its four stems are rounded before and after they are scaled."""
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Named:
    """What a stem is called and what colour it has, #rrggbb."""

    name: str
    color: str


@dataclass(frozen=True, slots=True, eq=False)
class FourStems:
    """The stems in `USUAL_ORDER`.

    `samples` [shape=(4, channels, frames), float32] are as loud as they are in the project; `factor` is what they are
    multiplied by so that mix and stems fit into 24 bits; `silent` tells of each stem whether nothing is in it.
    """

    samples: Samples
    named: tuple[Named, ...]
    factor: float
    silent: tuple[bool, ...]

    @property
    def frames(self) -> int:
        """Length in frames."""
        return int(self.samples.shape[-1])

    def blocks(self) -> Iterator[NDArray[np.int32]]:
        """Yield mix, drums, bass, other and vocals, piece by piece [shape=(5, 2, n), 24-bit steps]."""
        for steps in _steps(self.samples, self.factor):
            mixed = np.concatenate([steps.sum(axis=0, keepdims=True), steps]).astype(np.int32)
            yield np.broadcast_to(mixed, (5, 2, mixed.shape[-1]))


def four_stems(project: Project, first: int, report: Report) -> FourStems:
    """Return the four stems of a project from frame `first` of its timeline on.

    Raises
    ------
    RemixtureError
        If nothing plays in it.
    """
    if not any(track.clips for track, _ in project.leaves()):
        raise RemixtureError(f"nothing plays in {project.title}: there is nothing to export")
    samples = _summed(project, first, report)
    factor, silent = _measured(samples)
    return FourStems(samples, tuple(_named(project, stem) for stem in USUAL_ORDER), factor, silent)


def stem_of(track: Track) -> str:
    """Return the stem that a track goes to: by its kind, or a loop's by its name."""
    if track.kind in USUAL_ORDER:
        return track.kind
    return "other" if track.kind == "residual" else kind_of_name(track.name)


def _named(project: Project, stem: str) -> Named:
    """Call a stem as the one track in it is called, if that tells readers the same kind, else as is usual."""
    tracks = [track for track, _ in project.leaves() if stem_of(track) == stem and track.kind != "residual"]
    own = text(tracks[0].name) if len(tracks) == 1 else ""
    name = own if own and kind_of_name(own) == stem else stem.capitalize()
    return Named(name, tracks[0].color if tracks else colors_of([stem])[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A clip that goes to a row of the stems, `at` frames from their start, through `levels` one after the other."""

    clip: Clip
    row: int
    levels: tuple[Curve, ...]
    at: int


def _summed(project: Project, first: int, report: Report) -> Samples:
    """Add up all clips, one media file in memory at a time."""
    placed: dict[str, list[_Placed]] = {}
    for track, groups in project.leaves():
        faders = (track.level, *(group.level for group in groups), project.master)
        levels = tuple(level for level in faders if level.moves or level.values[0] != 1.0)
        for clip in track.clips:
            row = USUAL_ORDER.index(stem_of(track))
            placed.setdefault(clip.media, []).append(_Placed(clip, row, levels, clip.start - first))
    media = [one for one in project.media if one.name in placed]
    stems = room((len(USUAL_ORDER), max(one.channels for one in media), project.frames - first))
    progress = report.step("sum")
    for done, one in enumerate(media, 1):
        samples = one.samples()
        for piece in placed[one.name]:
            _add(stems[piece.row], samples, piece)
        progress(done / len(media))
    return stems


def _add(stem: Samples, samples: Samples, placed: _Placed) -> None:
    clip, at = placed.clip, placed.at
    for start in range(0, min(clip.frames, stem.shape[-1] - at), BLOCK):
        n = min(BLOCK, clip.frames - start, stem.shape[-1] - at - start)
        piece = _cut(samples, clip, start, n)
        if placed.levels:
            frames = np.arange(clip.start + start, clip.start + start + n)
            gains = np.prod([level.at(frames) for level in placed.levels], axis=0)
            piece = (piece * gains).astype(np.float32)
        stem[:, at + start : at + start + n] += piece


def _cut(samples: Samples, clip: Clip, start: int, n: int) -> Samples:
    """Return `n` frames of a clip, from its frame `start` on."""
    first = clip.offset + start
    if clip.loop is None:
        return samples[:, first : first + n]
    return samples[:, np.arange(first, first + n) % clip.loop]


def _steps(samples: Samples, factor: float) -> Iterator[NDArray[np.int64]]:
    """Yield the stems in whole steps of 24 bits, piece by piece; what is over full scale is not cut off."""
    for start in range(0, samples.shape[-1], BLOCK):
        yield np.rint(samples[..., start : start + BLOCK].astype(np.float64) * (factor * FULL_SCALE)).astype(np.int64)


def _measured(samples: Samples) -> tuple[float, tuple[bool, ...]]:
    """Return the factor with which mix and stems fit, and which stems are silent."""
    low, high, heard = 0, 0, np.zeros(len(samples), dtype=bool)
    for steps in _steps(samples, 1.0):
        mix = steps.sum(axis=0)
        low, high = min(low, int(steps.min()), int(mix.min())), max(high, int(steps.max()), int(mix.max()))
        heard |= steps.any(axis=(1, 2))
    fits = low >= -FULL_SCALE and high < FULL_SCALE
    return 1.0 if fits else (FULL_SCALE - 1 - ROUNDED) / max(-low, high), tuple(np.logical_not(heard).tolist())

"""A DAW project, before it is written in anybody's format.

Everything is in frames of the project's timeline. Frame 0 is a bar line. Where the music begins before its bar 1, whole bars
stand in front so that nothing is lost: `origin` is the frame of the song's bar 1, 0 where there is no lead-in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.model.audio import Samples
from engine.model.curve import Curve, Switch
from engine.model.grid import Beatgrid


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """One audio file of a project.

    `name` is safe and distinct, without a folder and with its suffix: `drums.wav`. `samples` reads it
    [shape=(channels, frames), float32], which may take memory: ask for one file at a time, and let go of it.
    """

    name: str
    frames: int
    channels: int
    samples: Callable[[], Samples]


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of a media file on a track: `frames` long from `start` on the timeline, from frame `offset` of the file.

    With `loop` the file's frames [0, loop) go round from `offset` on for as long as the clip is.
    """

    media: str
    name: str
    start: int
    frames: int
    offset: int = 0
    loop: int | None = None

    @property
    def end(self) -> int:
        """The first frame of the timeline after it."""
        return self.start + self.frames

    def turns(self) -> Iterator["Clip"]:
        """Yield clips without a loop that sound the same: itself, or one for each turn."""
        if self.loop is None:
            yield self
            return
        at, offset = self.start, self.offset % self.loop
        while at < self.end:
            frames = min(self.loop - offset, self.end - at)
            yield Clip(self.media, self.name, at, frames, offset)
            at, offset = at + frames, 0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A track with clips, or a group with `tracks` in it, which has no clips.

    `id` is stable and plain (`drums`, `a.loop-1`), `name` is for people, `kind` drums, bass, vocals, other, loop, residual or
    group, `color` #rrggbb. `gain` and `mute` are the fader and the switch as they were moved; `level` is what both together
    did to the sound, with the ramps that keep it from clicking: for who can draw one curve only, and for exact renders.
    """

    id: str
    name: str
    kind: str
    color: str
    clips: tuple[Clip, ...] = ()
    gain: Curve = field(default_factory=Curve.level)
    mute: Switch = field(default_factory=Switch)
    level: Curve = field(default_factory=Curve.level)
    tracks: tuple["Track", ...] = ()


@dataclass(frozen=True, slots=True)
class Marker:
    """A place with a name."""

    frame: int
    name: str


@dataclass(frozen=True, slots=True)
class SceneSlots:
    """What is launched together: for each track, by its id, a clip whose `start` is 0."""

    name: str
    clips: tuple[tuple[str, Clip], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """All of it. `grid` is the timeline's: its first beat is at 0.0 s and a downbeat; steady, or one tempo for each beat."""

    title: str
    rate: int
    frames: int
    grid: Beatgrid
    tracks: tuple[Track, ...]
    media: tuple[Media, ...]
    origin: int = 0
    markers: tuple[Marker, ...] = ()
    scenes: tuple[SceneSlots, ...] = ()
    master: Curve = field(default_factory=Curve.level)
    key: str | None = None
    notes: tuple[str, ...] = ()
    """What people should know: a lead-in, effects that could not come along."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    @property
    def lead_in_bars(self) -> int:
        """How many whole bars stand before the song's bar 1."""
        return round(self.beat(self.origin) / self.grid.beats_per_bar)

    def beat(self, frame: float) -> float:
        """Return the beat of the timeline at a frame; 0 is its beginning."""
        return self.grid.beat(frame / self.rate)

    def leaves(self) -> Iterator[tuple[Track, tuple[Track, ...]]]:
        """Yield each track that has clips, with the groups that it is in, the outermost first."""
        yield from _leaves(self.tracks, ())

    def all_tracks(self) -> Iterator[Track]:
        """Yield every track and group, a group before what is in it."""
        yield from _all(self.tracks)

    def medium(self, name: str) -> Media:
        """Return the media file of that name."""
        return next(one for one in self.media if one.name == name)


def _leaves(tracks: Sequence[Track], groups: tuple[Track, ...]) -> Iterator[tuple[Track, tuple[Track, ...]]]:
    for track in tracks:
        if track.tracks:
            yield from _leaves(track.tracks, (*groups, track))
        else:
            yield track, groups


def _all(tracks: Sequence[Track]) -> Iterator[Track]:
    for track in tracks:
        yield track
        yield from _all(track.tracks)


@dataclass(frozen=True, slots=True)
class Tempo:
    """From `frame` and `beat` of the timeline on the tempo is `bpm`."""

    frame: int
    beat: float
    bpm: float


def tempo_map(project: Project) -> tuple[Tempo, ...]:
    """Return the tempos of a project: one where it is steady, else one for each beat that differs from the one before."""
    times, rate = project.grid.times, project.rate
    if project.grid.steady:
        return (Tempo(0, 0.0, project.grid.bpm),)
    bpms = 60.0 / np.diff(times)
    found = [Tempo(0, 0.0, float(bpms[0]))]
    for beat in range(1, bpms.size):
        if abs(bpms[beat] - found[-1].bpm) > 1e-9:
            found.append(Tempo(round(float(times[beat]) * rate), float(beat), float(bpms[beat])))
    return tuple(found)


def timeline_grid(grid: Beatgrid, origin: int, lead_in_bars: int, rate: int, first: int) -> Beatgrid:
    """Return a song's grid as a timeline's.

    Parameters
    ----------
    grid : Beatgrid
        The song's.
    origin : int, frames
        Where the song's bar 1 is on the timeline.
    lead_in_bars : int
        How many whole bars stand before it; they fill [0, origin).
    rate : int, Hz
    first : int, frames
        Where the song's bar 1 is in its own file.
    """
    before, beats = lead_in_bars * grid.beats_per_bar, grid.times.size - grid.first_downbeat
    if grid.steady:
        # An exact tempo, and bar lines where DAWs will draw them.
        return Beatgrid(np.arange(before + max(beats, 2), dtype=np.float64) * (60.0 / grid.bpm), 0, grid.beats_per_bar)
    song = grid.times[grid.first_downbeat :] + (origin - first) / rate
    lead_in = np.linspace(0.0, origin / rate, before, endpoint=False)
    song[0] = origin / rate
    return Beatgrid(np.concatenate([lead_in, song]), 0, grid.beats_per_bar)


def lead_in_bars(grid: Beatgrid, frames: int, rate: int) -> int:
    """Return how many whole bars, as long as the first, hold so many frames before bar 1."""
    return int(np.ceil(frames / (_first_bar_seconds(grid) * rate) - 1e-6)) if frames > 0 else 0


def lead_in_frames(grid: Beatgrid, bars: int, rate: int) -> int:
    """Return how long so many bars before bar 1 are."""
    return round(bars * _first_bar_seconds(grid) * rate)


def _first_bar_seconds(grid: Beatgrid) -> float:
    return grid.beats_per_bar * 60.0 / grid.bpm if grid.steady else grid.bar_seconds(1) - grid.bar_seconds(0)

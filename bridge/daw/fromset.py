"""A remix set -> a project: a track for each source, its clips on the grid, sections as markers and scenes.

Clips leave out bars in which a source is silent to the last bit, and nothing else: together they are the song.
"""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.daw.media import distinct, text
from bridge.daw.project import Clip, Marker, Media, Project, SceneSlots, Track, lead_in_bars, lead_in_frames, timeline_grid
from engine.bounce.load import Chosen, choose
from engine.bounce.wanted import SetChoice
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.remixset import Source
from engine.model.scene import Scene, expand
from engine.store.scene import read_scene, scene_files
from engine.store.sources import read_source


def project_of_set(folder: Path, parts: str | None = None, *, looped: bool = False) -> Project:
    """Return a set as a project.

    Parameters
    ----------
    folder : Path
    parts : str, optional
        Which decomposition, stems or loops; by default stems where there are, else loops.
    looped : bool
        Loops as one period that goes round, instead of as they sound in the song. What a bar has of its own, and what rings
        into a silent bar, is missing then.

    Raises
    ------
    RemixtureError
        If it is no set, is damaged, or lacks what is wanted.
    """
    return _Builder(choose(SetChoice(folder, parts)), looped=looped).project()


class _Builder:
    """One set on its way to a project. Files begin at bar 1; what comes before it is in a file of its own."""

    def __init__(self, chosen: Chosen, *, looped: bool) -> None:
        self.chosen, self.looped = chosen, looped
        self.song, self.grid, self.read = chosen.set.song, chosen.grid, _Reader(chosen)
        rate = self.song.rate
        self.lead_in = min(max(0, round(self.grid.bar_seconds(0) * rate)), self.song.frames)
        self.bars_before = lead_in_bars(self.grid, self.lead_in, rate)
        self.origin = lead_in_frames(self.grid, self.bars_before, rate)
        self.line = timeline_grid(self.grid, self.origin, self.bars_before, rate, self.lead_in)
        self.edges = self._edges()
        self.names = distinct(source.name or source.id for source in chosen.decomposition.sources)
        more = distinct([*self.names, *(f"{name} lead-in" for name in self.names), *(f"{name} loop" for name in self.names)])
        files = [f"{name}.wav" for name in more[len(self.names) :]]
        self.lead_in_files = dict(zip(self.names, files, strict=False))
        self.loop_files = dict(zip(self.names, files[len(self.names) :], strict=True))
        self.media: list[Media] = []

    def _edges(self) -> NDArray[np.int64]:
        """Return the frames of the file at which bars start, and its end."""
        rate, frames = self.song.rate, self.song.frames
        bars = self.grid.full_bars(frames / rate)
        starts = [edge for bar in range(bars + 1) if (edge := round(self.grid.bar_seconds(bar) * rate)) < frames]
        return np.array([*(starts or [self.lead_in]), frames], dtype=np.int64)

    def project(self) -> Project:
        """Build it."""
        sources = self.chosen.decomposition.sources
        tracks = tuple(self._track(source, name) for source, name in zip(sources, self.names, strict=True))
        frames = self.origin + self.song.frames - self.lead_in
        return Project(
            text(self.song.title), self.song.rate, frames, self.line, tracks, tuple(self.media), self.origin,
            self._markers(), tuple(self._scenes(tracks)), key=self.chosen.set.key, notes=self._notes(),
        )  # fmt: skip

    def _notes(self) -> tuple[str, ...]:
        if not self.lead_in:
            return ()
        seconds = self.lead_in / self.song.rate
        bars = f"{self.bars_before} {'bar' if self.bars_before == 1 else 'bars'}"
        begins = f"the song begins {seconds:.3f} s ({self.lead_in} frames) before its bar 1"
        return (f"{begins}: that lead-in has files of its own, and {bars} in front for it",)

    def _track(self, source: Source, name: str) -> Track:
        samples = functools.partial(self.read, source)
        whole = samples()
        clips = []
        if self.lead_in:
            if np.any(whole[:, : self.lead_in]):
                clips.append(Clip(self.lead_in_files[name], f"{name} lead-in", self.origin - self.lead_in, self.lead_in))
            self._add(self.lead_in_files[name], 0, self.lead_in, samples)
        self._add(f"{name}.wav", self.lead_in, self.song.frames, samples)
        if self.looped and source.once is not None and source.period and source.best_bar is not None:
            clips += self._looped(source, name)
        else:
            clips += [self._clip(name, first, last) for first, last in _runs(self._sounding(whole))]
        return Track(source.id, text(source.name or source.id), source.kind, source.color, tuple(clips))

    def _add(self, name: str, first: int, last: int, samples: functools.partial[Samples]) -> None:
        self.media.append(Media(name, last - first, self.song.channels, lambda: samples()[:, first:last]))

    def _sounding(self, whole: Samples) -> NDArray[np.bool_]:
        """Return in which bars a source is not silent to the last bit."""
        pairs = zip(self.edges[:-1], self.edges[1:], strict=True)
        return np.array([bool(np.any(whole[:, first:last])) for first, last in pairs])

    def _clip(self, name: str, first: int, last: int) -> Clip:
        """Return the clip of bars `first` up to `last`."""
        start, end = int(self.edges[first]), int(self.edges[last])
        label = name if last - first >= len(self.edges) - 1 else f"{name} {_bars(first, last)}"
        return Clip(f"{name}.wav", label, self.origin + start - self.lead_in, end - start, start - self.lead_in)

    def _looped(self, source: Source, name: str) -> Iterator[Clip]:
        """Yield a clip for each stretch of bars in which the layout has the loop."""
        file, period, best = self._once(source, name)
        row = self.chosen.decomposition.sources.index(source)
        heard = np.array([levels[row] > 0.0 for levels in self.chosen.decomposition.layout or ()], dtype=bool)
        for first, last in _runs(heard[: len(self.edges) - 1]):
            start, end = int(self.edges[first]), int(self.edges[last])
            into = (first - best) % period
            offset = int(self.edges[best + into] - self.edges[best])
            loop = int(self.edges[best + period] - self.edges[best])
            yield Clip(file, f"{name} {_bars(first, last)}", self.origin + start - self.lead_in, end - start, offset, loop)

    def _once(self, source: Source, name: str) -> tuple[str, int, int]:
        """Return the file of one period of a loop, the period in bars, and the bar that it is cut from."""
        period, best = source.period or 1, source.best_bar or 0
        # A loop cut from the last bars may be shorter than its period.
        period = min(period, len(self.edges) - 1 - best)
        first, last = int(self.edges[best]), int(self.edges[best + period])
        file = self.loop_files[name]
        if all(one.name != file for one in self.media):
            self._add(file, first, last, functools.partial(self.read, source))
        return file, period, best

    def _markers(self) -> tuple[Marker, ...]:
        """Return a marker for each section, or for bar 1 alone."""
        sections = self.chosen.set.sections
        bars = len(self.edges) - 1
        found = [Marker(self._bar_frame(section.bar), section.label) for section in sections if 0 <= section.bar < bars]
        return tuple(found) or (Marker(self.origin, "Bar 1"),)

    def _bar_frame(self, bar: int) -> int:
        return self.origin + int(self.edges[bar]) - self.lead_in

    def _scenes(self, tracks: Sequence[Track]) -> Iterator[SceneSlots]:
        """Yield a scene for each kind of section, then those that people stored, if they concern a source of the set."""
        yield from self._section_scenes(tracks)
        ids = tuple(track.id for track in tracks)
        for path in scene_files().values():
            try:
                scene = read_scene(path)
            except RemixtureError:
                # Somebody's broken scene is no reason not to export a song.
                continue
            heard = _heard_in(scene, ids)
            if heard is not None:
                yield SceneSlots(
                    text(scene.name),
                    tuple((track.id, _launched(track, self.origin)) for track in tracks if track.id in heard and track.clips),
                )

    def _section_scenes(self, tracks: Sequence[Track]) -> Iterator[SceneSlots]:
        sections = [section for section in self.chosen.set.sections if 0 <= section.bar < len(self.edges) - 1]
        if not sections:
            return
        ends = [*(section.bar for section in sections[1:]), len(self.edges) - 1]
        seen: set[str] = set()
        for section, end in zip(sections, ends, strict=True):
            if section.label in seen or end <= section.bar:
                continue
            seen.add(section.label)
            first, last = (
                self._bar_frame(section.bar),
                self._bar_frame(section.bar) + int(self.edges[end] - self.edges[section.bar]),
            )
            playing = [track for track in tracks if any(clip.start < last and clip.end > first for clip in track.clips)]
            offset = int(self.edges[section.bar]) - self.lead_in
            clips = [
                (track.id, Clip(self._file(track), f"{track.name} {section.label}", 0, last - first, offset))
                for track in playing
            ]
            yield SceneSlots(f"Section {section.label}", tuple(clips))

    def _file(self, track: Track) -> str:
        return f"{self.names[[source.id for source in self.chosen.decomposition.sources].index(track.id)]}.wav"


class _Reader:
    """Reads whole sources, and keeps the last one: files of the same source are asked for one after the other."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._last: tuple[str, Samples] | None = None

    def __call__(self, source: Source) -> Samples:
        if self._last is None or self._last[0] != source.id:
            # Not two of them at a time.
            self._last = None
            self._last = source.id, read_source(source, self._chosen.folder, self._chosen.set.song)
        return self._last[1]


def _launched(track: Track, origin: int) -> Clip:
    """Return the whole track from the song's bar 1 on as one clip of a scene."""
    first, last = track.clips[0], track.clips[-1]
    main = next((clip for clip in track.clips if clip.start >= origin), first)
    return Clip(main.media, track.name, 0, last.end - main.start, main.offset, main.loop)


def _heard_in(scene: Scene, ids: Sequence[str]) -> set[str] | None:
    """Return which sources a scene lets sound on a deck of its own; None where it concerns none of them."""
    values = dict(expand(scene, {"a": ids}).values)
    if not any(path.count(".") == 3 for path in values):
        return None
    soloed = {id_ for id_ in ids if values.get(f"deck.a.{id_}.solo")}
    muted = {id_ for id_ in ids if values.get(f"deck.a.{id_}.mute")}
    return (soloed or set(ids)) - muted


def _runs(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches (first, behind the last) in which something is on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _bars(first: int, last: int) -> str:
    return f"bar {first + 1}" if last - first == 1 else f"bars {first + 1}-{last}"

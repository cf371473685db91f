"""A take -> a project: a track for each source that sounded, in a group for each deck, with the fader moves on them.

The timeline begins at the bar line at or before what was played first. Files hold what each source played, with loops, jumps
and tempo in it, from there on: sample 0 of each is the project's beginning.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.daw.media import distinct, text
from bridge.daw.project import Clip, Marker, Media, Project, Track, timeline_grid
from engine.bounce.dry import Dry, DrySource, DryTake
from engine.model.audio import Samples
from engine.model.colors import GREY
from engine.model.curve import Curve, Switch
from engine.model.remixset import Source
from engine.model.report import Report


@dataclass(frozen=True, eq=False)
class TakeSource:
    """A take that was read and checked, with its sets found."""

    opened_take: DryTake

    @classmethod
    def opened(cls, path: Path, folders: tuple[Path, ...], recording: int | None, report: Report) -> "TakeSource":
        """Read a take and find its sets, in `folders` first.

        Raises
        ------
        RemixtureError
            For everything a person can mend.
        """
        take = DryTake.opened(path, folders, recording)
        if take.take.torn:
            report.note(f"the last line of {path} was cut off and is left out")
        return cls(take)

    @property
    def sets(self) -> tuple[Path, ...]:
        """The sets that it is played from, each once."""
        return tuple(dict.fromkeys(self.opened_take.song(number).folder for number in self.opened_take.found))

    def project(self, report: Report) -> Project:
        """Return it with the fader moves as curves."""
        return _Builder(self.opened_take, self.opened_take.play(report, bare=True)).project()

    def baked(self, report: Report) -> Project:
        """Return it with the fader moves in the sound."""
        return _Builder(self.opened_take, self.opened_take.play(report, bare=False)).baked()


class _Builder:
    """A take that was played, on its way to a project."""

    def __init__(self, take: DryTake, dry: Dry) -> None:
        self.take, self.dry = take, dry
        self.start = round(float(dry.grid.times[0]) * dry.rate)
        self.frames = max(1, dry.last - self.start)
        self.bars = self._bars()
        names = distinct(self._name(source) for source in dry.sources)
        self.names = {id(source): name for source, name in zip(dry.sources, names, strict=True)}

    def _bars(self) -> list[int]:
        """Return the frames of the timeline at which bars begin, and its end."""
        times = self.dry.grid.times[:: self.dry.grid.beats_per_bar]
        edges = (round(float(time) * self.dry.rate) - self.start for time in times)
        return [*(edge for edge in edges if 0 <= edge < self.frames), self.frames]

    def project(self) -> Project:
        """Build it, moves as curves."""
        decks = [self._deck(deck, list(sources)) for deck, sources in itertools.groupby(self.dry.sources, lambda one: one.deck)]
        master = self._moved(self.dry.master)
        return self._project(tuple(decks), self._media(self._samples), master, self._notes())

    def baked(self) -> Project:
        """Build it, moves in the sound; the master's too."""
        master = self.dry.master
        media = self._media(lambda source: _at_level(self._samples(source), self._moved(master)))
        tracks = tuple(self._track(source, Curve.level(), Switch(), Curve.level()) for source in self.dry.sources)
        return self._project(tracks, media, Curve.level(), self._notes())

    def _project(self, tracks: tuple[Track, ...], media: tuple[Media, ...], master: Curve, notes: tuple[str, ...]) -> Project:
        grid = timeline_grid(self.dry.grid, 0, 0, self.dry.rate, self.start)
        songs = [self.take.song(number).set for number in self.take.found]
        key = songs[0].key if len(songs) == 1 else None
        title = " + ".join(text(song.song.title, 60) for song in songs)
        return Project(title, self.dry.rate, self.frames, grid, tracks, media, 0, (Marker(0, "Bar 1"),), (), master, key, notes)

    def _notes(self) -> tuple[str, ...]:
        left_out = self.dry.left_out
        if not left_out:
            return ()
        return (f"not carried over, since no other program has them as they are here: {', '.join(left_out)}",)

    def _deck(self, deck: str, sources: Sequence[DrySource]) -> Track:
        tracks = tuple(
            self._track(one, self._moved(one.gain), self._switched(one.mute), self._moved(one.level)) for one in sources
        )
        fader = self._moved(self.dry.decks.get(deck, Curve.level()))
        titles = dict.fromkeys(text(self.take.song(one.song).set.song.title, 60) for one in sources)
        name = f"Deck {deck.upper()}: {', '.join(titles)}"
        return Track(f"deck.{deck}", name, "group", GREY, gain=fader, level=fader, tracks=tracks)

    def _track(self, source: DrySource, gain: Curve, mute: Switch, level: Curve) -> Track:
        known, file = self._known(source), self.names[id(source)]
        kind, color = (known.kind, known.color) if known is not None else ("other", GREY)
        id_ = f"{source.deck}.{source.song}.{source.source}"
        return Track(id_, text(self._name(source)), kind, color, tuple(self._clips(source, file)), gain, mute, level)

    def _known(self, source: DrySource) -> Source | None:
        """Return what the set says of a source."""
        there = (one for chosen in self.take.found[source.song].values() for one in chosen.decomposition.sources)
        return next((one for one in there if one.id == source.source), None)

    def _name(self, source: DrySource) -> str:
        known = self._known(source)
        name = known.name if known is not None and known.name else source.source
        decks = {one.deck for one in self.dry.sources}
        return f"{source.deck.upper()} {name}" if len(decks) > 1 else name

    def _moved(self, curve: Curve) -> Curve:
        return curve.within(self.start, self.dry.last).shifted(-self.start)

    def _switched(self, switch: Switch) -> Switch:
        return switch.within(self.start, self.dry.last).shifted(-self.start)

    def _samples(self, source: DrySource) -> Samples:
        """Return a source on the timeline; what lies before the take is silence."""
        first = max(0, self.dry.first)
        out = np.zeros((2, self.frames), dtype=np.float32)
        out[:, first - self.start :] = source.samples[:, first : self.dry.last]
        return out

    def _media(self, samples: Callable[[DrySource], Samples]) -> tuple[Media, ...]:
        return tuple(
            Media(f"{self.names[id(one)]}.wav", self.frames, 2, functools.partial(samples, one)) for one in self.dry.sources
        )

    def _clips(self, source: DrySource, file: str) -> Iterator[Clip]:
        """Yield a clip for each stretch of bars in which a source sounds."""
        samples = self._samples(source)
        sounds = [bool(samples[:, a:b].any()) for a, b in itertools.pairwise(self.bars)]
        for on, run in itertools.groupby(range(len(sounds)), sounds.__getitem__):
            bars = list(run)
            if on:
                first, last = self.bars[bars[0]], self.bars[bars[-1] + 1]
                yield Clip(f"{file}.wav", file, first, last - first, first)


def _at_level(samples: Samples, level: Curve) -> Samples:
    """Multiply samples by a curve, in place."""
    if not level.moves and level.values[0] == 1.0:
        return samples
    step = 1 << 18
    for at in range(0, samples.shape[1], step):
        piece = samples[:, at : at + step]
        piece *= level.at(np.arange(at, at + piece.shape[1]))
    return samples

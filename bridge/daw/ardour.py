"""A project -> an Ardour session: a folder with the session file and its audio files, written without Ardour.

Each track has a strip, and each group of tracks (a deck) a bus that its tracks run into. A level that stands still is a
fader's. Levels that move, those of the groups and the master too, are the gain of the regions, which Ardour plays to the
frame: moves of a fader it smooths (25 Hz) and plays later than the sound by what the sound card needs, so that the 10 ms
ramps of a mute would come out as something else. The faders are free for the mix. Looped clips are repeated regions. Mono
files play on both sides at their full level.
"""

import functools
import operator
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from bridge.daw import ardourxml
from bridge.daw.ardourxml import MASTER, Ids, Piece, Strip
from bridge.daw.media import distinct, text, write_media
from bridge.daw.project import Clip, Project, Track
from bridge.daw.work import Work
from engine.model.curve import Curve
from engine.store.encode import BitDepth
from engine.store.files import safe_name

OWN_NAMES = (MASTER, "Monitor", "Click", "Auditioner")
"""Strips that Ardour has or may make itself."""
FOLDERS = ("analysis", "dead", "export", "externals", "peaks", "plugins")
MASTER_COLOR = "#808080"
DATA_FORMATS = {BitDepth.PCM_24: "FormatInt24", BitDepth.FLOAT: "FormatFloat"}


def write(work: Work, target: Path) -> None:
    """Write the session as the folder `target`. Ardour finds the audio whatever the folder is called later."""
    project = work.project
    name = safe_name(project.title)
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True)
    sounds = target / "interchange" / name / "audiofiles"
    sounds.mkdir(parents=True)
    work.say_factor(write_media(project, sounds, work.options.depth, work.report))
    session = session_of(project, name, work.options.depth)
    indent(session)
    ElementTree(session).write(target / f"{name}.ardour", encoding="UTF-8", xml_declaration=True)
    if any(one.level.moves for one in project.all_tracks()) or project.master.moves:
        work.said.append("fader moves are the gain of the regions, where Ardour plays them to the frame; its faders are free")
    work.said.extend(project.notes)


def session_of(project: Project, name: str, depth: BitDepth = BitDepth.PCM_24) -> Element:
    """Return the whole session file; its audio files are known by their names alone."""
    return _Builder(project).session(name, depth)


class _Builder:
    """A project on its way to a session."""

    def __init__(self, project: Project) -> None:
        self.project, self.ids = project, Ids()
        everything = [*project.all_tracks()]
        names = distinct([*OWN_NAMES, *(track.name for track in everything)])[len(OWN_NAMES) :]
        self.names = {track.id: name for track, name in zip(everything, names, strict=True)}
        self.sources = {medium.name: tuple(self.ids.take() for _ in range(medium.channels)) for medium in project.media}

    def session(self, name: str, depth: BitDepth) -> Element:
        strips = [*self._strips()]
        rate = self.project.rate
        found = Element(
            "Session",
            {"version": ardourxml.FORMAT_VERSION, "name": name, "sample-rate": str(rate), "session-range-is-free": "1"},
        )
        config = SubElement(found, "Config")
        SubElement(config, "Option", {"name": "native-file-data-format", "value": DATA_FORMATS[depth]})
        SubElement(SubElement(found, "Metadata"), "title").text = text(self.project.title)
        self._add_sources(SubElement(found, "Sources"))
        found.append(ardourxml.locations(self.project.frames, self.project.markers, rate, self.ids))
        routes = SubElement(found, "Routes")
        routes.extend(ardourxml.route(strip, order, self.ids) for order, strip in enumerate(strips))
        self._add_playlists(SubElement(found, "Playlists"), strips)
        # Ardour opens no session that lacks one of these, though nothing need be in them.
        for section in ("Regions", "Bundles", "RouteGroups"):
            SubElement(found, section)
        found.append(ardourxml.click(self.ids))
        found.append(ardourxml.tempos(self.project))
        found.set("id-counter", str(self.ids.next))
        return found

    def _add_sources(self, parent: Element) -> None:
        for name, numbers in self.sources.items():
            parent.extend(ardourxml.source(name, channel, number) for channel, number in enumerate(numbers))

    def _strips(self) -> Iterator[Strip]:
        """Yield the master, then tracks and buses as they stand in the project."""
        feeds = tuple(self.names[track.id] for track in self.project.tracks)
        trim, fader = _still(self.project.master)
        yield Strip(MASTER, "MasterOut", MASTER_COLOR, fader, trim, "", feeds, id=self.ids.take())
        for track in self.project.tracks:
            yield from self._strips_of(track, MASTER)

    def _strips_of(self, track: Track, into: str) -> Iterator[Strip]:
        name = self.names[track.id]
        trim, fader = _still(track.level)
        if not track.tracks:
            yield Strip(name, "AudioTrack", track.color, fader, trim, into, playlist=self.ids.take(), id=self.ids.take())
            return
        feeds = tuple(self.names[inner.id] for inner in track.tracks)
        yield Strip(name, "AudioBus", track.color, fader, trim, into, feeds, id=self.ids.take())
        for inner in track.tracks:
            yield from self._strips_of(inner, name)

    def _add_playlists(self, parent: Element, strips: list[Strip]) -> None:
        found = {strip.name: strip for strip in strips}
        for track, groups in self.project.leaves():
            level = self._moving(track, groups)
            regions = [piece for clip in track.clips for piece in self._pieces(clip, level)]
            parent.append(ardourxml.playlist(found[self.names[track.id]], regions, self.project.rate, self.ids))

    def _moving(self, track: Track, groups: tuple[Track, ...]) -> Curve:
        """Return the product of all levels on a track's way that move."""
        levels = [self.project.master, *(one.level for one in (*groups, track))]
        return functools.reduce(operator.mul, [level for level in levels if level.moves], Curve.level())

    def _pieces(self, clip: Clip, level: Curve) -> Iterator[Piece]:
        numbers = self.sources[clip.media]
        both = numbers if len(numbers) > 1 else numbers * 2
        for turn in clip.turns():
            yield Piece(text(turn.name), turn.start, turn.frames, turn.offset, both, level)


def _still(level: Curve) -> tuple[float, float]:
    """Return trim and fader for a level that stands still; where it moves, both are 1."""
    gain = 1.0 if level.moves else float(level.values[0])
    trim = ardourxml.reach(gain)
    return trim, gain / trim

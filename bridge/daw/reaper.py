"""A project -> a REAPER project: a folder with `TITLE.rpp` and its audio files in `audio/`, written without REAPER.

The format is REAPER's own text (`rpp`), as its users have documented it: positions in seconds, levels as linear gains. A
track's faders go where a person looks for them: what stays is set at the track's own controls, what moves is an envelope
for the volume (straight lines in gain, `VOLTYPE 0`) and one for the mute. In REAPER's automation mode trim/read the control
multiplies the envelope. Groups are folder tracks. Everything keeps its place in time when a tempo is changed (timebase
"time"), and no item has a fade, so that what plays is the song's own samples.
"""

import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bridge.daw.media import text, write_media
from bridge.daw.project import Clip, Project, Track, tempo_map
from bridge.daw.rpp import Block, Line, written
from bridge.daw.work import Work
from engine.model.curve import Curve, Switch
from engine.store.files import safe_name

AUDIO = "audio"
VERSION = "7.0"
ENVELOPE_TOP = 2.0
"""Volume envelopes end at +6 dB unless a preference says otherwise; the track's own fader takes what is louder."""
TOLERANCE = 1e-5
"""How far a thinned move may be from the true one, as a linear gain: -100 dB."""
STRAIGHT, SQUARE = 0, 1
"""Shapes of an envelope from a point to the next."""
COLORED = 0x1000000
NO_FADE: Line = (1, 0, 0, 1, 0, 0, 0)


def write(work: Work, target: Path) -> None:
    """Write the project as the folder `target`. REAPER finds the audio whatever the folder is called later."""
    project = work.project
    audio = target / AUDIO
    audio.mkdir(parents=True)
    work.say_factor(write_media(project, audio, work.options.depth, work.report))
    file = target / f"{safe_name(project.title)}.rpp"
    file.write_text(written(project_block(project)), encoding="utf-8", newline="\n")
    work.said.extend(project.notes)
    work.say_mutes()


def project_block(project: Project) -> Block:
    """Return the whole project file."""
    builder = _Builder(project)
    return Block("REAPER_PROJECT", (0.1, VERSION, 0), [*builder.head(), *builder.markers(), *builder.tracks(project.tracks)])


def split(gain: Curve) -> tuple[float, Curve | None]:
    """Return what a fader is set to, and the envelope that it multiplies, None where nothing moves."""
    if not gain.moves:
        return float(gain.values[0]), None
    top = float(gain.values.max())
    fader = top if top > ENVELOPE_TOP else 1.0
    return fader, Curve(gain.frames, gain.values / fader).thinned(TOLERANCE)


def color_number(color: str) -> int:
    """Return `#rrggbb` as REAPER has it: blue, green, red, and a bit that says that there is a colour."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return COLORED | blue << 16 | green << 8 | red


class _Builder:
    """A project on its way to REAPER's text."""

    def __init__(self, project: Project) -> None:
        self.project, self.rate = project, project.rate
        self.frames = {medium.name: medium.frames for medium in project.media}
        self.numbers = itertools.count(1)

    def head(self) -> Iterator[Line | Block]:
        """Yield what concerns the whole project."""
        project, per_bar = self.project, self.project.grid.beats_per_bar
        first = tempo_map(project)[0]
        fader, envelope = split(project.master)
        key = (f"key: {project.key}",) if project.key else ()
        yield Block("NOTES", (0, 2), [text(line, 2000) for line in (project.title, *key, *project.notes)])
        yield from (
            ("AUTOXFADE", 0), ("PANLAW", 1), ("PROJOFFS", 0, -project.lead_in_bars, 0), ("TIMEMODE", 1, 5, -1, 30, 0, 0, -1),
            ("PANMODE", 3), ("RECORD_PATH", AUDIO, ""), ("TIMELOCKMODE", 0), ("TEMPOENVLOCKMODE", 0), ("ITEMMIX", 1),
            ("SAMPLERATE", self.rate, 1, 0), ("TEMPO", first.bpm, per_bar, 4), ("PLAYRATE", 1, 0, 0.25, 4),
            ("MASTERAUTOMODE", 0), ("MASTERMUTESOLO", 0), ("MASTER_NCH", 2, 2), ("MASTER_VOLUME", fader, 0, -1, -1, 1),
        )  # fmt: skip
        if envelope is not None:
            yield self._volume("MASTERVOLENV2", envelope)
        if not project.grid.steady:
            yield self._tempos()

    def _tempos(self) -> Block:
        """Return the tempo of each beat; at beats' own times and not at frames, so that nothing adds up to a drift."""
        times, per_bar = self.project.grid.times, self.project.grid.beats_per_bar
        points: list[Line] = [(float(times[round(tempo.beat)]), tempo.bpm, SQUARE) for tempo in tempo_map(self.project)]
        # The first one has the time signature, as 65,536 * lower + upper number.
        points[0] = (*points[0], 4 << 16 | per_bar, 0, 1)
        return _envelope("TEMPOENVEX", SQUARE, points)

    def markers(self) -> Iterator[Line]:
        """Yield a marker for each section."""
        for number, marker in enumerate(self.project.markers, 1):
            yield "MARKER", number, marker.frame / self.rate, text(marker.name), 0, 0, 1

    def tracks(self, tracks: Sequence[Track], ending: int = 0) -> Iterator[Block]:
        """Yield tracks and what is in them. After the last of them so many folders `ending` end."""
        for left, track in enumerate(tracks, 1 - len(tracks)):
            closes = ending if left == 0 else 0
            if track.tracks:
                yield self._track(track, (1, 1))
                yield from self.tracks(track.tracks, closes + 1)
            else:
                yield self._track(track, (2, -closes) if closes else (0, 0))

    def _track(self, track: Track, folder: Line) -> Block:
        fader, envelope = split(track.gain)
        guid = f"{{{uuid.uuid5(uuid.NAMESPACE_OID, f'{self.project.title}/{next(self.numbers)}/{track.id}')}}}".upper()
        lines: list[Line | Block | str] = [
            ("NAME", text(track.name)), ("PEAKCOL", color_number(track.color)), ("BEAT", 0), ("AUTOMODE", 0),
            ("VOLPAN", fader, 0, -1, -1, 1), ("MUTESOLO", int(track.mute.first and not track.mute.moves), 0, 0),
            ("IPHASE", 0), ("ISBUS", *folder), ("NCHAN", 2), ("FX", 1), ("TRACKID", guid), ("MAINSEND", 1, 0),
        ]  # fmt: skip
        if envelope is not None:
            lines.append(self._volume("VOLENV2", envelope))
        if track.mute.moves:
            lines.append(self._mute(track.mute))
        lines += [self._item(item) for clip in track.clips for item in self._items(clip)]
        return Block("TRACK", (guid,), lines)

    def _volume(self, name: str, curve: Curve) -> Block:
        points = zip((curve.frames / self.rate).tolist(), curve.values.tolist(), strict=True)
        return _envelope(name, STRAIGHT, ((*point, STRAIGHT) for point in points), ("VOLTYPE", 0))

    def _mute(self, mute: Switch) -> Block:
        """Return a mute as an envelope: 1 sounds, 0 is mute."""
        switched = {0: mute.first} | dict(mute.turns)
        return _envelope("MUTEENV", SQUARE, ((frame / self.rate, int(not on), SQUARE) for frame, on in switched.items()))

    def _items(self, clip: Clip) -> Iterator[Clip]:
        """Yield what a clip becomes: itself, where it is no loop or goes round in the whole of its file, or its turns."""
        return iter((clip,)) if clip.loop == self.frames[clip.media] else clip.turns()

    def _item(self, clip: Clip) -> Block:
        source = Block("SOURCE", ("WAVE",), [("FILE", f"{AUDIO}/{clip.media}")])
        return Block("ITEM", (), [
            ("POSITION", clip.start / self.rate), ("SNAPOFFS", 0), ("LENGTH", clip.frames / self.rate),
            ("LOOP", int(clip.loop is not None)), ("ALLTAKES", 0), ("BEAT", 0), ("FADEIN", *NO_FADE), ("FADEOUT", *NO_FADE),
            ("MUTE", 0, 0), ("SEL", 0), ("NAME", text(clip.name)), ("VOLPAN", 1, 0, 1, -1),
            ("SOFFS", clip.offset / self.rate), ("PLAYRATE", 1, 1, 0, -1, 0, 0.0025), ("CHANMODE", 0), source,
        ])  # fmt: skip


def _envelope(name: str, shape: int, points: Iterable[Line], *lines: Line) -> Block:
    """Return an envelope that is on and in view, in a lane of its own. `points` are seconds, values, shapes, and the like."""
    head: list[Line | Block | str] = [
        ("ACT", 1, -1), ("VIS", 1, 1, 1), ("LANEHEIGHT", 0, 0), ("ARM", 0), ("DEFSHAPE", shape, -1, -1), *lines,
    ]  # fmt: skip
    return Block(name, (), [*head, *(("PT", *point) for point in points)])

"""A project -> the two XML documents of a DAWproject 1.0 (Bitwig, https://github.com/bitwig/dawproject).

Elements stand in the order that the format's schema asks for.

Times are in beats, which is how DAWs keep them, and exact to the frame: `TempoAutomation` holds the tempo from beat to beat.
Clips hold their audio file directly, with no warps, and count seconds within it: its samples are played as they are.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from bridge.daw.dawprojectmoves import moves_in_beats
from bridge.daw.media import text
from bridge.daw.project import Clip, Project, Tempo, Track, tempo_map
from engine.model.curve import Curve, Switch

AUDIO = "audio"
"""The folder of the audio files."""
DIGITS = 12
"""Digits of beats and tempos behind the point: far below a frame."""
HEADROOM = 2.0
"""Where faders end at least, as a linear gain: Bitwig's do at +6 dB."""
SLOWEST, FASTEST = 20.0, 666.0
"""The tempos that a transport goes to at least, in beats per minute: Bitwig's."""


def project_xml(project: Project) -> bytes:
    """Return `project.xml`."""
    return _document(_Builder(project).element())


def metadata_xml(project: Project) -> bytes:
    """Return `metadata.xml`."""
    root = Element("MetaData")
    SubElement(root, "Title").text = text(project.title)
    key = [f"key: {project.key}"] if project.key else []
    SubElement(root, "Comment").text = "; ".join(text(line, 1000) for line in ["made with Remixture", *key, *project.notes])
    return _document(root)


@dataclass(frozen=True, slots=True)
class _Strip:
    """The ids of a track and of what can be moved in its channel."""

    track: str
    channel: str
    mute: str
    volume: str


class _Builder:
    """One project on its way to XML."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.media = {one.name: one for one in project.media}
        self.tempos = tempo_map(project)
        self._ids = (f"id{number}" for number in itertools.count())
        self.tempo, self.signature = next(self._ids), next(self._ids)
        self.master = self._new_strip()
        self.strips: dict[str, _Strip] = {}

    def element(self) -> Element:
        """Build it."""
        root = Element("Project", version="1.0")
        SubElement(root, "Application", name="Remixture", version=version("remixture"))
        self._transport(root)
        structure = SubElement(root, "Structure")
        for track in self.project.tracks:
            self._track(structure, track, self.master)
        self._master(structure)
        self._arrangement(root)
        scenes = SubElement(root, "Scenes")
        for scene in self.project.scenes:
            self._scene(scenes, scene.name, dict(scene.clips))
        return root

    def _new_strip(self) -> _Strip:
        return _Strip(*itertools.islice(self._ids, 4))

    def _transport(self, root: Element) -> None:
        transport, bpms = SubElement(root, "Transport"), [round(tempo.bpm, DIGITS) for tempo in self.tempos]
        _real(transport, "Tempo", self.tempo, bpms[0], "bpm", min(SLOWEST, *bpms), max(FASTEST, *bpms))
        numerator = str(self.project.grid.beats_per_bar)
        SubElement(transport, "TimeSignature", id=self.signature, numerator=numerator, denominator="4", name="Time signature")

    def _track(self, parent: Element, track: Track, into: _Strip) -> None:
        """Add a track or a group whose sound goes into the channel of `into`."""
        strip = self.strips[track.id] = self._new_strip()
        content, role = ("tracks", "submix") if track.tracks else ("audio", "regular")
        named = {"id": strip.track, "name": text(track.name), "color": track.color}
        element = SubElement(parent, "Track", {**named, "contentType": content, "loaded": "true"})
        self._channel(element, strip, role, track.gain, track.mute, into)
        for inner in track.tracks:
            self._track(element, inner, strip)

    def _master(self, parent: Element) -> None:
        element = SubElement(parent, "Track", id=self.master.track, name="Master", contentType="audio", loaded="true")
        self._channel(element, self.master, "master", self.project.master, Switch(), None)

    def _channel(self, parent: Element, strip: _Strip, role: str, gain: Curve, mute: Switch, into: _Strip | None) -> None:
        where = {"destination": into.channel} if into else {}
        always = {"id": strip.channel, "role": role, "audioChannels": "2", "solo": "false"}
        channel = SubElement(parent, "Channel", {**always, **where})
        muted = _flag(mute.within(0, self.project.frames).first)
        SubElement(channel, "Mute", id=strip.mute, name="Mute", value=muted)
        _real(channel, "Pan", next(self._ids), 0.5, "normalized", 0.0, 1.0)
        start = float(gain.at(np.zeros(1, dtype=np.int64))[0])
        _real(channel, "Volume", strip.volume, start, "linear", 0.0, max(HEADROOM, float(gain.values.max())))

    def _arrangement(self, root: Element) -> None:
        arrangement = SubElement(root, "Arrangement", id=next(self._ids))
        lanes = SubElement(arrangement, "Lanes", id=next(self._ids), timeUnit="beats")
        for track in _all(self.project.tracks):
            self._lanes(lanes, self.strips[track.id], track.clips, track.gain, track.mute)
        self._lanes(lanes, self.master, (), self.project.master, Switch())
        self._markers(arrangement)
        if len(self.tempos) > 1:
            self._tempos(arrangement)

    def _lanes(self, parent: Element, strip: _Strip, clips: Sequence[Clip], gain: Curve, mute: Switch) -> None:
        lanes = SubElement(parent, "Lanes", id=next(self._ids), track=strip.track)
        within = SubElement(lanes, "Clips", id=next(self._ids))
        for clip in clips:
            start = self.project.beat(clip.start)
            self._clip(within, clip, start, self.project.beat(clip.end) - start)
        if gain.moves:
            self._gain(lanes, strip, gain)
        turned = mute.within(0, self.project.frames)
        if turned.moves:
            self._mute(lanes, strip, turned)

    def _clip(self, parent: Element, clip: Clip, start: float, beats: float) -> None:
        medium, rate = self.media[clip.media], self.project.rate
        if clip.loop is None:
            first = clip.offset
            inside = {"playStop": number((clip.offset + clip.frames) / rate)}
        else:
            first = clip.offset % clip.loop
            inside = {"loopStart": "0.0", "loopEnd": number(clip.loop / rate)}
        place = {"name": text(clip.name), "time": _beats(start), "duration": _beats(beats)}
        element = SubElement(
            parent, "Clip", {**place, "contentTimeUnit": "seconds", "playStart": number(first / rate), **inside}
        )
        facts = {"channels": str(medium.channels), "sampleRate": str(rate), "duration": number(medium.frames / rate)}
        audio = SubElement(element, "Audio", {"id": next(self._ids), "timeUnit": "seconds", "algorithm": "raw", **facts})
        SubElement(audio, "File", path=f"{AUDIO}/{medium.name}")

    def _gain(self, lanes: Element, strip: _Strip, gain: Curve) -> None:
        points = self._points(lanes, "Points", strip.volume, unit="linear")
        moves = moves_in_beats(self.project, gain)
        for place, (beat, value) in enumerate(moves, 1):
            shape = "linear" if place < len(moves) else "hold"
            SubElement(points, "RealPoint", time=_beats(beat), value=number(value), interpolation=shape)

    def _mute(self, lanes: Element, strip: _Strip, mute: Switch) -> None:
        points = self._points(lanes, "Points", strip.mute)
        for frame, on in ((0, mute.first), *mute.turns):
            SubElement(points, "BoolPoint", time=_beats(self.project.beat(frame)), value=_flag(on))

    def _points(self, parent: Element, tag: str, target: str, **attributes: str) -> Element:
        points = SubElement(parent, tag, {"id": next(self._ids), **attributes})
        SubElement(points, "Target", parameter=target)
        return points

    def _markers(self, arrangement: Element) -> None:
        # The schema wants at least one marker in a list of them.
        if self.project.markers:
            markers = SubElement(arrangement, "Markers", id=next(self._ids), timeUnit="beats")
            for marker in self.project.markers:
                SubElement(markers, "Marker", time=_beats(self.project.beat(marker.frame)), name=text(marker.name))

    def _tempos(self, arrangement: Element) -> None:
        points = self._points(arrangement, "TempoAutomation", self.tempo, timeUnit="beats", unit="bpm")
        for tempo in self.tempos:
            _tempo(points, tempo)
        points = self._points(arrangement, "TimeSignatureAutomation", self.signature, timeUnit="beats")
        numerator = str(self.project.grid.beats_per_bar)
        SubElement(points, "TimeSignaturePoint", time="0.0", numerator=numerator, denominator="4")

    def _scene(self, parent: Element, name: str, clips: dict[str, Clip]) -> None:
        """Add a scene with a slot for every track: one that is empty stops its track."""
        scene = SubElement(parent, "Scene", id=next(self._ids), name=text(name))
        lanes = SubElement(scene, "Lanes", id=next(self._ids), timeUnit="beats")
        for track, _ in self.project.leaves():
            slot = SubElement(lanes, "ClipSlot", id=next(self._ids), track=self.strips[track.id].track, hasStop="true")
            if track.id in clips:
                self._clip(slot, clips[track.id], 0.0, self._launched_beats(clips[track.id]))

    def _launched_beats(self, clip: Clip) -> float:
        """Return how long a clip of a scene is: as many beats as it is in the song; a loop, as its tempo has it."""
        if clip.loop is not None:
            return clip.frames / self.project.rate * self.project.grid.bpm / 60.0
        first = self.project.origin + clip.offset
        return self.project.beat(first + clip.frames) - self.project.beat(first)


def _all(tracks: Sequence[Track]) -> Iterator[Track]:
    """Yield every track and group, each group before what is in it."""
    for track in tracks:
        yield track
        yield from _all(track.tracks)


def _real(parent: Element, tag: str, id_: str, value: float, unit: str, low: float, high: float) -> None:
    limits = {"min": number(low), "max": number(high)}
    SubElement(parent, tag, {"id": id_, "name": tag, "unit": unit, "value": number(value), **limits})


def _tempo(points: Element, tempo: Tempo) -> None:
    SubElement(points, "RealPoint", time=_beats(tempo.beat), value=number(round(tempo.bpm, DIGITS)), interpolation="hold")


def _beats(value: float) -> str:
    return number(round(value, DIGITS))


def number(value: float) -> str:
    """Return a number as decimals without an exponent, which some readers lack, that read back as the same float."""
    return np.format_float_positional(value + 0.0, unique=True, trim="0")


def _flag(on: bool) -> str:  # noqa: FBT001 - a value that is written
    return "true" if on else "false"


def _document(root: Element) -> bytes:
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{tostring(root, encoding="unicode")}\n'.encode()

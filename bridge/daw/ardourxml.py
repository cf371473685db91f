"""Elements of an Ardour session file, as Ardour 7 itself writes them (format 7002); what it can do without is left out.

Times are in superclocks, `SUPERCLOCKS` a second. Every rate in use divides them, so that a frame is a whole number of them.
Objects have numbers, all from one counter, and refer to each other by them; ports refer to each other by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from bridge.daw.project import Marker, Project, tempo_map
from engine.model.curve import Curve

SUPERCLOCKS = 282_240_000
FORMAT_VERSION = "7002"
HIGHEST = 2.0
"""Ardour's faders and region gains end at +6 dB; trims and the regions' own amplitude take the rest."""
TOLERANCE = 1e-4
"""How far a thinned move may be from the true one, as a linear gain: -80 dB."""
SIDES = (1, 2)
MASTER = "Master"


def superclocks(frame: int, rate: int) -> int:
    """Return the first superclock of a frame."""
    return -(-frame * SUPERCLOCKS // rate)


@dataclass(slots=True)
class Ids:
    """Hands out the session's numbers; `next` is the first that is free."""

    next: int = 1

    def take(self) -> str:
        """Return a new number."""
        self.next += 1
        return str(self.next - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One strip of the mixer, with a fader that stands still.

    `fader` and `trim` are linear gains. `into` and `feeds` name strips; `into` is "" for the sound card's first two outputs.
    """

    name: str
    role: Literal["AudioTrack", "AudioBus", "MasterOut"]
    color: str
    fader: float = 1.0
    trim: float = 1.0
    into: str = MASTER
    feeds: tuple[str, ...] = ()
    playlist: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A region: `frames` long from `start` on the timeline, from frame `offset` of its sources, one for each side.

    `level` is its gain over the timeline.
    """

    name: str
    start: int
    frames: int
    offset: int
    sources: tuple[str, ...]
    level: Curve


def route(strip: Strip, order: int, ids: Ids) -> Element:
    """Return a strip with trim, fader, meter and its outputs, in Ardour's usual order."""
    is_track = strip.role == "AudioTrack"
    attributes = {"version": FORMAT_VERSION, "id": strip.id, "name": strip.name, "default-type": "audio", "active": "1"}
    attributes |= {"strict-io": "1" if strip.role == "MasterOut" else "0", "denormal-protection": "0"}
    attributes |= {"meter-point": "MeterPostFader", "disk-io-point": "DiskIOPreFader", "meter-type": "MeterPeak"}
    if is_track:
        attributes |= {"audio-playlist": strip.playlist, "alignment-choice": "Automatic", "mode": "Normal"}
    found = Element("Route", attributes)
    SubElement(
        found, "PresentationInfo", {"order": str(order), "flags": f"{strip.role},OrderSet", "color": str(_rgba(strip.color))}
    )
    for direction, others in (("Input", strip.feeds), ("Output", (strip.into,))):
        found.append(_ports(strip.name, direction, others, ids))
    SubElement(found, "MuteMaster", {"mute-point": "PostFader,Listen,Main", "muted": "0"})
    _pan(found, ids)
    if is_track:
        _processor(found, "diskwriter", f"recorder:{strip.name}", ids, {"record-safe": "0"})
        _processor(found, "diskreader", f"player:{strip.name}", ids)
    _control(_processor(found, "trim", "Amp", ids), "trim", strip.trim, ids)
    _control(_processor(found, "amp", "Amp", ids), "gain", strip.fader, ids)
    _processor(found, "meter", f"meter-{strip.name}", ids)
    outs = {"own-input": "1", "own-output": "0", "output": strip.name, "role": "Main"}
    main = _processor(found, "main-outs", strip.name, ids, outs)
    SubElement(main, "PannerShell", {"bypassed": "0", "user-panner": "", "linked-to-route": "1"})
    return found


def _rgba(color: str) -> int:
    return int(color[1:7], 16) << 8 | 0xFF


def _processor(parent: Element, kind: str, name: str, ids: Ids, more: dict[str, str] | None = None) -> Element:
    common = {"id": ids.take(), "name": name, "active": "1", "user-latency": "0", "use-user-latency": "0", "type": kind}
    return SubElement(parent, "Processor", common | (more or {}))


def _ports(name: str, direction: str, others: Sequence[str], ids: Ids) -> Element:
    """Return what goes in or out, and from or to where: Ardour connects nothing by itself when it opens a session."""
    way, back = ("in", "out") if direction == "Input" else ("out", "in")
    found = Element("IO", {"name": name, "id": ids.take(), "direction": direction, "default-type": "audio"})
    for side in SIDES:
        port = SubElement(found, "Port", {"type": "audio", "name": f"{name}/audio_{way} {side}"})
        for other in others:
            there = f"{other}/audio_{back} {side}" if other else f"system:playback_{side}"
            SubElement(port, "Connection", {"other": there})
    return found


def click(ids: Ids) -> Element:
    """Return the metronome; Ardour crashes on one without outputs and fader."""
    found = Element("Click")
    found.append(_ports("Click", "Output", ("",), ids))
    _control(_processor(found, "amp", "Amp", ids), "gain", 1.0, ids)
    return found


def _pan(parent: Element, ids: Ids) -> None:
    """Write a stereo panner that leaves left left and right right."""
    pan = SubElement(parent, "Pannable")
    for name, value in (("pan-azimuth", "0.5"), ("pan-width", "1")):
        SubElement(pan, "Controllable", {"name": name, "id": ids.take(), "flags": "", "value": value})


def reach(gain: float) -> float:
    """Return the power of two by which a gain must be divided so that Ardour's faders and curves can hold it."""
    step = 1.0
    while gain / step > HIGHEST:
        step *= 2.0
    return step


def _control(parent: Element, name: str, value: float, ids: Ids) -> None:
    SubElement(
        parent, "Controllable", {"name": f"{name}control", "id": ids.take(), "flags": "GainLike", "value": f"{value:.9g}"}
    )


def source(name: str, channel: int, number: str) -> Element:
    """Return one channel of a file that lies among the session's audio files."""
    attributes = {"name": name, "take-id": "", "type": "audio", "flags": "", "id": number, "captured-for": ""}
    return Element("Source", attributes | {"gain": "1", "origin": "", "channel": str(channel)})


def playlist(strip: Strip, pieces: Sequence[Piece], rate: int, ids: Ids) -> Element:
    """Return what plays on a track."""
    attributes = {"id": strip.playlist, "name": strip.name, "type": "audio", "orig-track-id": strip.id}
    found = Element("Playlist", attributes | {"shared-with-ids": "", "frozen": "0", "combine-ops": "0"})
    for layer, piece in enumerate(pieces):
        found.append(_region(piece, layer, rate, ids))
    return found


def _region(piece: Piece, layer: int, rate: int, ids: Ids) -> Element:
    start, frames, offset = (superclocks(frame, rate) for frame in (piece.start, piece.frames, piece.offset))
    attributes = {"name": piece.name, "id": ids.take(), "type": "audio", "first-edit": "nothing"}
    attributes |= {"start": f"a{offset}", "length": f"a{frames}@a{start}", "layering-index": str(layer)}
    attributes |= {"channels": str(len(piece.sources)), "opaque": "1", "muted": "0", "locked": "0", "whole-file": "0"}
    # Pieces meet to the frame: a fade between them would be heard.
    attributes |= dict.fromkeys(("default-fade-in", "default-fade-out", "fade-in-active", "fade-out-active"), "0")
    attributes |= {"stretch": "1", "shift": "1"}
    for side, number in enumerate(piece.sources):
        attributes |= {f"source-{side}": number, f"master-source-{side}": number}
    found = Element("Region", attributes)
    _gain(found, piece, rate, ids)
    return found


def _gain(region: Element, piece: Piece, rate: int, ids: Ids) -> None:
    """Write the gain of a region: points counted from its beginning, one at either end; none where it is 1 all the time."""
    inside = piece.level.within(piece.start, piece.start + piece.frames).frames
    frames = np.union1d(inside, [piece.start + piece.frames])
    values = piece.level.at(frames)
    step, moves = reach(values.max()), bool(np.any(values != 1.0))
    region.attrib.update({"scale-amplitude": f"{step:g}", "envelope-active": "1" if moves else "0"})
    if moves:
        curve = Curve(frames - piece.start, values / step).thinned(TOLERANCE)
        attributes = {"automation-id": "envelope", "id": ids.take(), "interpolation-style": "Linear"}
        events = SubElement(SubElement(region, "Envelope"), "AutomationList", attributes | {"time-domain": "AudioTime"})
        points = zip(curve.frames.tolist(), curve.values.tolist(), strict=True)
        lines = (f"a{superclocks(frame, rate)} {value:.9g}\n" for frame, value in points)
        SubElement(events, "events").text = "".join(lines)


def locations(frames: int, markers: Sequence[Marker], rate: int, ids: Ids) -> Element:
    """Return the session's range, which is what Ardour exports, and the markers."""
    found = Element("Locations")
    _location(found, "session", (0, frames), "IsSessionRange", rate, ids)
    for marker in markers:
        _location(found, marker.name, (marker.frame, marker.frame), "IsMark", rate, ids)
    return found


def _location(parent: Element, name: str, ends: tuple[int, int], flags: str, rate: int, ids: Ids) -> None:
    start, end = (f"a{superclocks(frame, rate)}" for frame in ends)
    attributes = {"id": ids.take(), "name": name, "start": start, "end": end, "flags": flags, "locked": "0", "cue": "0"}
    SubElement(parent, "Location", attributes)


def tempos(project: Project) -> Element:
    """Return the tempo map: a tempo where it changes, on the superclock nearest to its beat, and one time signature."""
    found = Element("TempoMap", {"superclocks-per-second": str(SUPERCLOCKS)})
    beats, bar = project.grid.times, project.grid.beats_per_bar
    changes = SubElement(found, "Tempos")
    for tempo in tempo_map(project):
        beat = round(tempo.beat)
        attributes = {"npm": f"{tempo.bpm:.12g}", "enpm": f"{tempo.bpm:.12g}", "note-type": "4", "type": "Tempo::Constant"}
        attributes |= {"active": "1", "locked-to-meter": "0", "continuing": "0", "omega": "0"}
        SubElement(changes, "Tempo", attributes | _when(beat, round(float(beats[beat]) * SUPERCLOCKS), bar))
    meters = SubElement(found, "Meters")
    SubElement(meters, "Meter", {"note-value": "4", "divisions-per-bar": str(bar)} | _when(0, 0, bar))
    return found


def _when(beat: int, superclock: int, bar: int) -> dict[str, str]:
    return {"sclock": str(superclock), "quarters": f"{beat}:0", "bbt": f"{beat // bar + 1}|{beat % bar + 1}|0"}

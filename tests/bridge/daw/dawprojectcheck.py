"""What the schema of a DAWproject cannot say: whether it means something."""

import io
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import soundfile

from tests.bridge.daw.dawprojectfile import DawprojectFile, Node

NEAR = 1e-9


def complaints(path: Path) -> list[str]:
    """Everything that is wrong with a file, in words."""
    file = DawprojectFile(path)
    if wrong := [*_references(file)]:
        return wrong
    return [*_media(path, file), *_routing(file), *_points(file), *_clips(file), *_scenes(file)]


def _references(file: DawprojectFile) -> Iterator[str]:
    """Each id leads to what it should."""
    for node in file.root.iter():
        for name, kinds in (("destination", {"Channel"}), ("track", {"Track"})):
            if (id_ := node.get(name)) is not None and (id_ not in file.by_id or file.by_id[id_].tag not in kinds):
                yield f"{name} {id_} of {node.tag} is no {kinds}"
        if node.tag in {"Points", "TempoAutomation", "TimeSignatureAutomation"}:
            yield from _target(file, node)


def _target(file: DawprojectFile, points: Node) -> Iterator[str]:
    """Points are of the kind that their parameter takes."""
    target = file.by_id.get(points.find("Target").get("parameter"))
    kinds = {"Volume": "RealPoint", "Tempo": "RealPoint", "Mute": "BoolPoint", "TimeSignature": "TimeSignaturePoint"}
    kind = None if target is None else kinds.get(target.tag)
    found = {point.tag for point in points if point.tag != "Target"}
    if target is None or found != {kind}:
        yield f"points {found} move {None if target is None else target.tag}"
    elif kind == "RealPoint":
        low, high = float(target.get("min")), float(target.get("max"))
        if not all(low <= float(point.get("value")) <= high for point in points.findall(kind)):
            yield f"points of {target.tag} leave {low} to {high}"
        if points.get("unit") != target.get("unit"):
            yield f"points in {points.get('unit')} move a parameter in {target.get('unit')}"


def _media(path: Path, file: DawprojectFile) -> Iterator[str]:
    """Audio is there, is what the project says it is, and nothing is there for nothing."""
    played = set()
    with zipfile.ZipFile(path) as archive:
        for audio in file.root.iter("Audio"):
            name = audio.find("File").get("path")
            played.add(name)
            if name not in file.names:
                yield f"{name} is not there"
                continue
            info = soundfile.info(io.BytesIO(archive.read(name)))
            told = int(audio.get("sampleRate")), int(audio.get("channels"))
            if told != (info.samplerate, info.channels):
                yield f"{name} has another rate or number of channels than {told}"
            if abs(float(audio.get("duration")) - info.frames / info.samplerate) > NEAR:
                yield f"{name} is not {audio.get('duration')} s long"
    if idle := set(file.names) - played - {"project.xml", "metadata.xml"}:
        yield f"nothing plays {idle}"


def _routing(file: DawprojectFile) -> Iterator[str]:
    """Channels form a tree with one master at its root, like the tracks."""
    masters = [channel for channel in file.root.iter("Channel") if channel.get("role") == "master"]
    if len(masters) != 1:
        yield f"{len(masters)} masters"
        return
    for channel in file.root.iter("Channel"):
        seen, at = [channel], channel
        while at is not masters[0]:
            at = file.by_id.get(at.get("destination"))
            if at is None or at in seen:
                yield f"channel {channel.get('id')} does not reach the master"
                break
            seen.append(at)
    for track in file.root.iter("Track"):
        parent, channel = track.getparent(), track.find("Channel")
        into = masters[0] if parent.tag == "Structure" else parent.find("Channel")
        if channel is not masters[0] and channel.get("destination") != into.get("id"):
            yield f"track {track.get('name')} goes elsewhere than its group"
        if (track.find("Track") is not None) != (track.get("contentType") == "tracks"):
            yield f"track {track.get('name')} is no {track.get('contentType')}"


def _points(file: DawprojectFile) -> Iterator[str]:
    """Points begin at the beginning and go forward, as markers do."""
    kinds = {"Points", "TempoAutomation", "TimeSignatureAutomation"}
    for points in (node for node in file.root.iter() if node.tag in kinds):
        times = [float(point.get("time")) for point in points if point.tag != "Target"]
        if times[0] != 0.0:
            yield f"points begin at {times[0]}"
        if any(later <= earlier for earlier, later in pairwise(times)):
            yield "points go back"
    if any(float(marker.get("time")) < 0.0 for marker in file.root.iter("Marker")):
        yield "a marker is before the beginning"


def _clips(file: DawprojectFile) -> Iterator[str]:
    """Clips are on their track one after the other, and within their files."""
    for track, lanes in file.lanes():
        clips = lanes.findall("Clips/Clip")
        end = 0.0
        for clip in clips:
            start, beats = float(clip.get("time")), float(clip.get("duration"))
            if start < end - NEAR or beats <= 0.0:
                yield f"clips of {track.get('name')} overlap"
            end = start + beats
            if (stop := clip.get("playStop")) is not None:
                played = float(stop) - float(clip.get("playStart"))
                if abs(played - (file.seconds(end) - file.seconds(start))) > NEAR:
                    yield f"{clip.get('name')} plays {played} s in another time"
    for clip in file.root.iter("Clip"):
        yield from _within(clip)


def _within(clip: Node) -> Iterator[str]:
    start, length = float(clip.get("playStart")), float(clip.find("Audio").get("duration"))
    end = clip.get("playStop") or clip.get("loopEnd")
    if end is None or not 0.0 <= start < float(end) <= length + NEAR:
        yield f"{clip.get('name')} plays {start} to {end} of {length} s"
    if (loop := clip.get("loopStart")) is not None and not 0.0 <= float(loop) <= start:
        yield f"{clip.get('name')} begins before its loop"


def _scenes(file: DawprojectFile) -> Iterator[str]:
    """A scene has one slot for each track with sound."""
    audio = [track.get("id") for track in file.root.iter("Track") if track.find("Channel").get("role") == "regular"]
    for scene in file.root.iter("Scene"):
        if [slot.get("track") for slot in scene.iter("ClipSlot")] != audio:
            yield f"scene {scene.get('name')} has not one slot for each track"

"""The check of DAWprojects notices what is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bridge.daw.dawprojectcheck import complaints
from tests.bridge.daw.dawprojectfile import Node, changed, write
from tests.bridge.daw.madeup import made_up


def put(path: str, attribute: str, value: str) -> Callable[[Node], object]:
    return lambda root: root.find(path).set(attribute, value)


def swap_points(root: Node) -> None:
    points = root.find("Arrangement/Lanes/Lanes/Points")
    points.append(points[1])


def clip(root: Node, attribute: str, value: str) -> None:
    next(root.iter("Clip")).set(attribute, value)


def circle(root: Node) -> None:
    channel = root.find("Structure/Track/Channel")
    channel.set("destination", channel.get("id"))


BROKEN: dict[str, tuple[Callable[[Node], object], str, str]] = {
    "a file is missing": (lambda _: None, "audio/kick.wav", "is not there"),
    "a file has another name": (put(".//File", "path", "audio/x.wav"), "", "is not there"),
    "another rate": (put(".//Audio", "sampleRate", "44100"), "", "rate"),
    "another number of channels": (put(".//Audio", "channels", "1"), "", "channels"),
    "another length": (put(".//Audio", "duration", "8.001"), "", "s long"),
    "points back in time": (swap_points, "", "go back"),
    "points from later on": (put("Arrangement/Lanes/Lanes/Points/RealPoint", "time", "0.001"), "", "begin at"),
    "points above their fader": (put("Arrangement/Lanes/Lanes/Points/RealPoint", "value", "9.0"), "", "leave"),
    "points in decibels": (put("Arrangement/Lanes/Lanes/Points", "unit", "decibel"), "", "decibel"),
    "points of a track": (put("Arrangement/Lanes/Lanes/Points/Target", "parameter", "id6"), "", "move"),
    "points of nothing": (put("Arrangement/Lanes/Lanes/Points/Target", "parameter", "nothing"), "", "move"),
    "lanes of nothing": (put("Arrangement/Lanes/Lanes", "track", "nothing"), "", "track nothing"),
    "a way out to nothing": (put("Structure/Track/Channel", "destination", "nothing"), "", "destination nothing"),
    "a way out to a track": (put("Structure/Track/Channel", "destination", "id6"), "", "destination id6"),
    "a way out in a circle": (circle, "", "does not reach"),
    "two masters": (put("Structure/Track/Channel", "role", "master"), "", "2 masters"),
    "a group past its group": (put("Structure/Track/Track/Channel", "destination", "id3"), "", "elsewhere"),
    "a group that is none": (put("Structure/Track", "contentType", "audio"), "", "is no audio"),
    "a clip past its file": (lambda root: clip(root, "playStop", "9.0"), "", "of 8.0 s"),
    "a clip in another time": (lambda root: clip(root, "duration", "3.0"), "", "another time"),
    "clips over each other": (lambda root: clip(root, "duration", "7.0"), "", "overlap"),
    "a marker too early": (put(".//Marker", "time", "-1.0"), "", "marker"),
    "a scene without a track": (lambda root: root.find(".//Scene/Lanes").remove(root.find(".//ClipSlot")), "", "slot"),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "x.dawproject"
    write(made_up(), path)
    return path


@pytest.mark.parametrize(("change", "without", "complaint"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_noticed(
    whole: Path, tmp_path: Path, change: Callable[[Node], object], without: str, complaint: str
) -> None:
    found = complaints(changed(whole, tmp_path / "broken.dawproject", change, without))

    assert any(complaint in one for one in found), found

"""A DAWproject read back as its reference describes it, apart from the code that writes it: what it says, and how it sounds."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import lxml.etree as xml
import numpy as np
import soundfile
from numpy.typing import NDArray

from bridge.daw import dawproject
from bridge.daw.project import Project
from bridge.daw.work import Options, Work
from engine.model.report import Quiet
from engine.store.encode import BitDepth

Node: TypeAlias = xml._Element  # noqa: SLF001 - lxml's own name for it


@dataclass(frozen=True)
class Placed:
    """A clip of the arrangement in frames: `loop` (first, end) where it goes round."""

    file: str
    start: int
    end: int
    offset: int
    loop: tuple[int, int] | None


class DawprojectFile:
    """One file. `root` is project.xml, `meta` metadata.xml, `sounds` the audio files by path with their rates."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            self.names = archive.namelist()
            self.root: Node = xml.fromstring(archive.read("project.xml"))
            self.meta: Node = xml.fromstring(archive.read("metadata.xml"))
            self.sounds = {name: _sound(archive.read(name)) for name in self.names if name.endswith(".wav")}
        self.by_id: dict[str, Node] = {node.get("id"): node for node in self.root.iter() if node.get("id")}
        self.tempos = self._tempos()

    @property
    def rate(self) -> int:
        """The one rate of all audio files in Hz."""
        (rate,) = {rate for _, rate in self.sounds.values()}
        return rate

    def _tempos(self) -> NDArray[np.float64]:
        """Rows of (beat, seconds, bpm): from there on."""
        points = self.root.findall("Arrangement/TempoAutomation/RealPoint")
        found = [(float(point.get("time")), float(point.get("value"))) for point in points]
        rows = [(0.0, 0.0, found[0][1] if found else float(self.root.find("Transport/Tempo").get("value")))]
        for beat, bpm in found[1:]:
            rows.append((beat, rows[-1][1] + (beat - rows[-1][0]) * 60.0 / rows[-1][2], bpm))
        return np.array(rows)

    def seconds(self, beat: float) -> float:
        """Where a beat of the arrangement is."""
        at, seconds, bpm = self.tempos[np.searchsorted(self.tempos[:, 0], beat, side="right") - 1]
        return float(seconds + (beat - at) * 60.0 / bpm)

    def frame(self, beat: float) -> int:
        """The frame nearest to a beat."""
        return round(self.seconds(beat) * self.rate)

    def beats(self, frames: int) -> NDArray[np.float64]:
        """The beats of frames 0 up to `frames`."""
        seconds = np.arange(frames) / self.rate
        row = self.tempos[np.searchsorted(self.tempos[:, 1], seconds, side="right") - 1]
        return np.asarray(row[:, 0] + (seconds - row[:, 1]) * row[:, 2] / 60.0)

    def lanes(self) -> Iterator[tuple[Node, Node]]:
        """Each track that has lanes in the arrangement, with them."""
        for lanes in self.root.findall("Arrangement/Lanes/Lanes"):
            yield self.by_id[lanes.get("track")], lanes

    def clips(self, lanes: Node) -> Iterator[Placed]:
        """The clips of a track."""
        for clip in lanes.findall("Clips/Clip"):
            start, beats = float(clip.get("time")), float(clip.get("duration"))
            assert clip.get("contentTimeUnit") == "seconds"
            loop = None
            if clip.get("loopEnd") is not None:
                loop = round(float(clip.get("loopStart")) * self.rate), round(float(clip.get("loopEnd")) * self.rate)
            offset = round(float(clip.get("playStart")) * self.rate)
            file = clip.find("Audio/File").get("path")
            yield Placed(file, self.frame(start), self.frame(start + beats), offset, loop)

    def render(self) -> NDArray[np.float64]:
        """All of it through its channels, faders and mutes [shape=(2, frames)]."""
        clips = [(track, clip) for track, lanes in self.lanes() for clip in self.clips(lanes)]
        out = np.zeros((2, max(clip.end for _, clip in clips)))
        for track, _ in self.lanes():
            own = np.zeros_like(out)
            for clip in (clip for of, clip in clips if of is track):
                own[:, clip.start : clip.end] += self._sound_of(clip)
            if own.any():
                out += own * self._level(track.find("Channel"), out.shape[1])
        return out

    def _sound_of(self, clip: Placed) -> NDArray[np.float64]:
        samples, _ = self.sounds[clip.file]
        index = clip.offset + np.arange(clip.end - clip.start)
        if clip.loop:
            first, end = clip.loop
            index = np.where(index < end, index, first + (index - first) % (end - first))
        return samples[:, index]

    def _level(self, channel: Node, frames: int) -> NDArray[np.float64]:
        """What a channel and all that it goes into do to a sound."""
        level = self._gain(channel.find("Volume"), frames) * ~self._muted(channel.find("Mute"), frames)
        into = channel.get("destination")
        return level if into is None else level * self._level(self.by_id[into], frames)

    def _points(self, parameter: Node, kind: str) -> list[Node]:
        return [
            point
            for points in self.root.iter("Points")
            if points.find("Target").get("parameter") == parameter.get("id")
            for point in points.findall(kind)
        ]

    def _gain(self, volume: Node, frames: int) -> NDArray[np.float64]:
        points = self._points(volume, "RealPoint")
        if not points:
            return np.full(frames, float(volume.get("value")))
        assert [point.get("interpolation") for point in points] == ["linear"] * (len(points) - 1) + ["hold"]
        times, values = ([float(point.get(what)) for point in points] for what in ("time", "value"))
        return np.asarray(np.interp(self.beats(frames), times, values))

    def _muted(self, mute: Node, frames: int) -> NDArray[np.bool_]:
        out = np.full(frames, mute.get("value") == "true")
        for point in self._points(mute, "BoolPoint"):
            out[self.frame(float(point.get("time"))) :] = point.get("value") == "true"
        return out


def _sound(data: bytes) -> tuple[NDArray[np.float64], int]:
    """Samples [shape=(2, frames)], a mono file on both sides, and the rate."""
    samples, rate = soundfile.read(io.BytesIO(data), always_2d=True)
    return np.broadcast_to(samples.T, (2, len(samples))), rate


def changed(path: Path, to: Path, change: Callable[[Node], object], without: str = "") -> Path:
    """Write the file again with something else in its project.xml, or without one of its files."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "project.xml":
                root = xml.fromstring(data)
                change(root)
                data = xml.tostring(root)
            if name != without:
                new.writestr(name, data)
    return to


def write(project: Project, target: Path, depth: BitDepth = BitDepth.PCM_24) -> Work:
    """Write a project that is there already."""
    work = Work(target, Options(depth=depth), Quiet())
    work.__dict__["project"] = project
    dawproject.write(work, target)
    return work

"""What REAPER would play, read from nothing but a project's text and its files."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rpp
import soundfile
from numpy.typing import NDArray

from engine.model.audio import Samples


@dataclass(eq=False)
class Read:
    """A project as parsed from its folder."""

    folder: Path
    root: rpp.Element = field(init=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        (path,) = self.folder.glob("*.rpp")
        self.text = path.read_text(encoding="utf-8")
        self.root = rpp.loads(self.text)

    @property
    def rate(self) -> int:
        return int(one(self.root, "SAMPLERATE")[0])

    @property
    def tracks(self) -> list[rpp.Element]:
        return list(self.root.findall("TRACK"))

    @property
    def markers(self) -> list[tuple[float, str]]:
        return [(float(line[2]), line[3]) for line in self.root.findall("MARKER")]

    def beats(self, count: int) -> list[float]:
        """The times of beats, by adding up what the tempos say."""
        envelope = self.root.find("TEMPOENVEX")
        points = [(0.0, float(one(self.root, "TEMPO")[0]))]
        if envelope is not None:
            assert all(line[3] == "1" for line in envelope.findall("PT"))
            points = [(float(line[1]), float(line[2])) for line in envelope.findall("PT")]
        found: list[float] = []
        gone = 0.0
        for (start, bpm), end in zip(points, [*(at for at, _ in points[1:]), np.inf], strict=True):
            while len(found) < count and start + (len(found) - gone) * 60 / bpm < end - 1e-7:
                found.append(start + (len(found) - gone) * 60 / bpm)
            gone += (end - start) * bpm / 60
        return found

    def sound(self, frames: int) -> Samples:
        """Render it: items, then faders and envelopes, folders after what is in them, then the master."""
        tracks = self.tracks
        sums = np.zeros((len(tracks) + 1, 2, frames))
        for index, parent in reversed(list(enumerate(self._parents()))):
            track = tracks[index]
            sound = sums[index] + self._items(track, frames)
            sums[parent] += sound * self._levels(track, one(track, "VOLPAN"), "VOLENV2", frames) * self._mute(track, frames)
        return as_samples(sums[-1] * self._levels(self.root, one(self.root, "MASTER_VOLUME"), "MASTERVOLENV2", frames))

    def _parents(self) -> list[int]:
        """The folder that each track runs into; -1 is the master."""
        parents, folders = [], [-1]
        for index, track in enumerate(self.tracks):
            assert one(track, "MAINSEND")[0] == "1"
            kind, step = map(int, one(track, "ISBUS"))
            assert (kind, np.sign(step)) in {(0, 0), (1, 1), (2, -1)}
            parents.append(folders[-1])
            folders = [*folders, index] if step == 1 else folders[: len(folders) + step]
        assert folders == [-1]
        return parents

    def _items(self, track: rpp.Element, frames: int) -> NDArray[np.float64]:
        total = np.zeros((2, frames))
        for item in track.findall("ITEM"):
            assert one(item, "BEAT") == ["0"]
            assert one(item, "PLAYRATE")[:3] == ["1", "1", "0"]
            assert [one(item, fade)[1:3] for fade in ("FADEIN", "FADEOUT")] == [["0", "0"]] * 2
            assert one(item, "VOLPAN")[:3] == ["1", "0", "1"]
            start, length, offset = (self._frames(one(item, name)[0]) for name in ("POSITION", "LENGTH", "SOFFS"))
            source = item.find("SOURCE")
            path = self.folder / one(source, "FILE")[0]
            assert not Path(one(source, "FILE")[0]).is_absolute()
            file, rate = soundfile.read(path, dtype="float64", always_2d=True)
            assert rate == self.rate
            at = offset + np.arange(length)
            if one(item, "LOOP") == ["1"]:
                at %= len(file)
            total[:, start : start + length] += file[at].T
        return total

    def _frames(self, seconds: str) -> int:
        frames = float(seconds) * self.rate
        assert abs(frames - round(frames)) < 1e-4
        return round(frames)

    def _levels(self, element: rpp.Element, fader: list[str], name: str, frames: int) -> NDArray[np.float64]:
        assert fader[1] == "0"
        envelope = element.find(name)
        if envelope is None:
            return np.full(frames, float(fader[0]))
        assert one(envelope, "ACT")[0] == "1"
        assert one(envelope, "VOLTYPE") == ["0"]
        points = np.array([[float(value) for value in line[1:4]] for line in envelope.findall("PT")])
        assert np.all(points[:, 2] == 0)
        assert np.all(np.diff(points[:, 0]) > 0)
        assert np.all((points[:, 1] >= 0) & (points[:, 1] <= 2))
        return np.asarray(float(fader[0]) * np.interp(np.arange(frames) / self.rate, points[:, 0], points[:, 1]))

    def _mute(self, track: rpp.Element, frames: int) -> NDArray[np.float64]:
        envelope = track.find("MUTEENV")
        if envelope is None:
            return np.full(frames, 1.0 - float(one(track, "MUTESOLO")[0]))
        points = [(self._frames(line[1]), float(line[2]), line[3]) for line in envelope.findall("PT")]
        assert points[0][0] == 0
        assert all(shape == "1" for *_, shape in points)
        values = np.array([value for _, value, _ in points], dtype=np.float64)
        return np.asarray(values[np.searchsorted([at for at, *_ in points], np.arange(frames), side="right") - 1])


def one(element: rpp.Element, name: str) -> list[str]:
    """The values of the one line of that name."""
    (line,) = [line for line in element if isinstance(line, list) and line[0] == name]
    return list(line[1:])


def as_samples(sound: NDArray[np.float64]) -> Samples:
    """Rounded as little as 32 bits do."""
    return sound.astype(np.float32)

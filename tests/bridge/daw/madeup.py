"""A DAW project with everything in it, and how it should sound."""

import numpy as np
from numpy.typing import NDArray

from bridge.daw.project import Clip, Marker, Media, Project, SceneSlots, Track
from engine.model.audio import Samples
from engine.model.curve import Curve, Switch
from engine.model.grid import Beatgrid

RATE = 8000
STEADY = Beatgrid.steady_at(120.0, 0.0, 8.0)
DRIFTING = Beatgrid(np.concatenate([[0.0], np.cumsum(60.0 / np.linspace(110.0, 131.0, 17))]))


def noise(seed: int, seconds: float = 8.0, channels: int = 2) -> Samples:
    """Noise that 24 bits hold exactly."""
    samples = np.random.default_rng(seed).uniform(-0.4, 0.4, (channels, round(seconds * RATE)))
    return (np.rint(samples * 2**23) / 2**23).astype(np.float32)


def media(name: str, samples: Samples) -> Media:
    """An audio file of a project."""
    return Media(name, samples.shape[1], samples.shape[0], lambda: samples)


def curve(*points: tuple[int, float]) -> Curve:
    """A curve through (frame, linear gain)."""
    return Curve(*(np.array(row) for row in zip(*points, strict=True)))


def made_up(grid: Beatgrid = STEADY) -> Project:
    """A project with everything in it: groups, moves of all kinds, a mono file, a loop, scenes."""
    files = (
        media("kick.wav", noise(1)),
        media("pad.wav", noise(2)),
        media("voice.wav", noise(3, channels=1)),
        media("loop.wav", noise(4, 1.0)),
    )
    kick = Track(
        "a.kick", "Kick", "drums", "#ff0000",
        (Clip("kick.wav", "kick 1", 0, 20_011), Clip("kick.wav", "kick 2", 24_000, 40_000, 24_000)),
        curve((1000, 1.0), (9003, 0.25), (9004, 1.75), (40_000, 0.0), (50_000, 3.0)),
        Switch(turns=((3001, True), (6007, False), (33_333, True), (40_001, False))),
    )  # fmt: skip
    pad = Track("a.pad", "Pad", "other", "#00ff00", (Clip("pad.wav", "pad", 0, 64_000),), Curve.level(0.5))
    gain, mute = curve((0, 0.2), (32_000, 1.0)), Switch(first=True, turns=((500, False),))
    deck = Track("a", "Deck A", "group", "#808080", gain=gain, mute=mute, tracks=(kick, pad))
    voice = Track("voice", "Voice", "vocals", "#0000ff", (Clip("voice.wav", "voice", 4000, 50_000, 77),))
    loop = Track("loop", "Loop", "loop", "#ffff00", (Clip("loop.wav", "loop", 100, 30_000, 3000, 7777),))
    still = Track("still", "Still", "other", "#123456", (Clip("pad.wav", "pad", 0, 64_000),), mute=Switch(first=True))
    scenes = (
        SceneSlots("Drums", (("a.kick", Clip("kick.wav", "kick", 0, 16_000, 16_000)),)),
        SceneSlots(
            "All", (("a.pad", Clip("pad.wav", "pad", 0, 64_000)), ("loop", Clip("loop.wav", "loop", 0, 16_000, 0, 8000)))
        ),
    )
    return Project(
        "Made up", RATE, 64_000, grid, (deck, voice, loop, still), files, 0, (Marker(0, "A"), Marker(32_000, "B <&>")), scenes,
        curve((30_000, 1.0), (31_000, 0.4), (60_000, 0.9)), "A minor", ("a note",),
    )  # fmt: skip


def expected(project: Project) -> NDArray[np.float64]:
    """How a project sounds, straight from its values [shape=(2, frames)]."""
    frames = np.arange(project.frames)
    out = np.zeros((2, project.frames))
    for track, groups in project.leaves():
        own = np.zeros_like(out)
        for clip in track.clips:
            index = clip.offset + np.arange(clip.frames)
            own[:, clip.start : clip.end] += project.medium(clip.media).samples()[:, index % clip.loop if clip.loop else index]
        for one in (track, *groups):
            own *= one.gain.at(frames) * ~switched(one.mute, frames)
        out += own
    return out * project.master.at(frames)


def switched(switch: Switch, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    on = np.full(frames.shape, switch.first)
    for frame, value in switch.turns:
        on[frames >= frame] = value
    return on

"""Projects to be Ardour sessions: quick to make, and of what is hard to get right."""

from pathlib import Path

import numpy as np

from bridge.daw import ardour
from bridge.daw.project import Clip, Marker, Media, Project, Track
from bridge.daw.work import Options, Work
from engine.dsp.fades import GLIDE_SECONDS, glide_to, glides, multiply_glide
from engine.model.audio import Samples
from engine.model.curve import Curve
from engine.model.grid import Beatgrid
from engine.model.report import Quiet
from engine.store.encode import BitDepth

RATE = 48_000
SECONDS = 6
FRAMES = SECONDS * RATE
HOSTILE = ("drums", "Drums", "a/b\\c:d", "Master", "quo\"te <&> 's", "🎛️🥁", "x" * 200, "", "CON", "..")


def noise(channels: int = 2, frames: int = FRAMES, seed: int = 0) -> Samples:
    """Noise that a 24-bit file holds exactly."""
    x = np.random.default_rng(seed).uniform(-0.15, 0.15, (channels, frames))
    return (np.round(x * 2**23) / 2**23).astype(np.float32)


def medium(name: str, samples: Samples) -> Media:
    return Media(name, samples.shape[1], samples.shape[0], lambda: samples)


def project(*levels: Curve, deck: Curve | None = None, master: Curve | None = None, channels: int = 2) -> Project:
    """Two tracks in a deck, one beside it, in two clips each that meet in the middle."""
    half = FRAMES // 2
    media = tuple(medium(f"{name}.wav", noise(channels, seed=seed)) for seed, name in enumerate("abc"))
    levels = (*levels, *(Curve.level(),) * (3 - len(levels)))
    a, b, c = (
        Track(name, f"track {name}", "loop", "#ff8000", (Clip(f"{name}.wav", "first", 0, half),
              Clip(f"{name}.wav", "second", half, FRAMES - half, half)), level=level)
        for name, level in zip("abc", levels, strict=True)
    )  # fmt: skip
    group = Track("deck", "Deck A", "group", "#00ff00", level=deck or Curve.level(), tracks=(a, b))
    markers = (Marker(0, "Bar 1"), Marker(half, 'Drop <&> "it"'))
    grid = Beatgrid.steady_at(120.0, 0.0, float(SECONDS))
    return Project("a/song 🎛", RATE, FRAMES, grid, (group, c), media, markers=markers, master=master or Curve.level())


def glided(start: float, *moves: tuple[int, float]) -> Curve:
    """A fader that is moved at these frames to these gains, with the mixer's own ramps."""
    length = round(GLIDE_SECONDS * RATE)
    row, frames, values = glides(np.array([start]))[0], [np.zeros(1)], [np.full(1, start)]
    for frame, gain in moves:
        glide_to(row, gain, length)
        levels = np.ones(length + 1)
        multiply_glide(row, length, levels, length + 1)
        frames.append(frame + np.arange(length + 1.0))
        values.append(levels)
    return Curve(np.concatenate(frames).astype(np.int64), np.concatenate(values))


def looped() -> Project:
    """Seven seconds of a loop of two, from its middle on."""
    clip = Clip("loop.wav", "round", RATE, 7 * RATE, RATE, 2 * RATE)
    track = Track("loop", "loop", "loop", "#0000ff", (clip,), level=glided(1.0, (2 * RATE, 0.0)))
    grid = Beatgrid.steady_at(120.0, 0.0, 8.0)
    return Project("loops", RATE, 8 * RATE, grid, (track,), (medium("loop.wav", noise(frames=2 * RATE)),))


def hostile() -> Project:
    tracks = tuple(Track(f"t{n}", name, "loop", "#123456", (Clip("a.wav", name, 0, RATE),)) for n, name in enumerate(HOSTILE))
    markers = tuple(Marker(0, name) for name in HOSTILE)
    grid = Beatgrid.steady_at(120.0, 0.0, 1.0)
    title = '🎛️ a/b "c" <&> ' + "y" * 200
    return Project(title, RATE, RATE, grid, tracks, (medium("a.wav", noise(frames=RATE)),), markers=markers)


def written(one: Project, folder: Path, depth: BitDepth = BitDepth.PCM_24) -> Work:
    """Write a project as a session that is renamed afterwards, as `export` does."""
    work = Work(folder, Options(depth=depth), Quiet())
    vars(work)["project"] = one
    part = folder.with_name(f".part-{folder.name}")
    ardour.write(work, part)
    part.rename(folder)
    return work

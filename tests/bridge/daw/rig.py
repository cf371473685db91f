"""Sets to export, and a project as it sounds."""

from pathlib import Path

import numpy as np
import soundfile

from bridge.daw.project import Project
from engine.model.audio import Samples
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import SCHEMA, GridFacts, RemixSet, Section, Song
from engine.model.separation import Layout, Part, Provenance, Separation
from engine.store.assemble import replace_decomposition
from engine.store.files import sha256_of

RATE = 22_050


def export_set(room: Path, *, lead_in: float = 0.0, drift: float = 0.0, title: str = "song", bars: int = 6) -> Path:
    """Write a set of stems and loops: `bars` bars of two seconds after `lead_in` seconds, and half a bar more.

    With `drift` every beat is longer than the one before by that share. Loop 1 sounds in bars 1, 2, 5, 6 and rings out, loop 2
    from bar 3 on; drums are silent in the last bars, and sections change at bar 3.
    """
    rng, beats = np.random.default_rng(1), bars * 4 + 2
    lengths = 0.5 * (1.0 + drift) ** np.arange(beats)
    grid = Beatgrid(lead_in + np.concatenate([[0.0], np.cumsum(lengths)]), 0, 4)
    frames = round((lead_in + float(lengths.sum())) * RATE)
    edges = [round(grid.bar_seconds(bar) * RATE) for bar in range(bars + 1)]
    parts = {"drums": _noise(rng, frames, edges[0] // 2, edges[bars - 2]), "bass": _noise(rng, frames, 0, frames)}
    loops = {"loop-1": np.zeros((2, frames)), "loop-2": np.zeros((2, frames))}
    for bar in range(bars):
        name = "loop-1" if bar % 4 < 2 else "loop-2"
        one = _noise(np.random.default_rng(7 + (name == "loop-1")), edges[1] - edges[0] + 400, 0, 1 << 30)
        one = one if bar == 1 else one[:, :-400]
        stop = min(edges[bar] + one.shape[1], frames)
        loops[name][:, edges[bar] : stop] += one[:, : stop - edges[bar]]
    song = (sum(parts.values()) + sum(loops.values()) + _noise(rng, frames, 0, frames) * 0.05).astype(np.float32)
    file = room / f"{len(list(room.iterdir()))}.wav"
    soundfile.write(file, song.T, RATE, subtype="FLOAT")
    facts = GridFacts.of(GridReport(grid, "known", 1.0, ""), {})
    sections = (Section(0, "A"), Section(2, "B"))
    found = RemixSet(
        SCHEMA, Song(title, sha256_of(file), str(file), frames, RATE, 2), facts, "A minor", "8A", sections=sections
    )
    folder = file.with_suffix(".remix")
    folder.mkdir()
    on = np.array([[bar % 4 < 2, bar % 4 >= 2] for bar in range(bars)], dtype=np.float64)
    for name, sources, layout in (("stems", parts, None), ("loops", loops, Layout(on, (0, 2), (1, 1)))):
        kinds = [Part(id_, id_.title(), id_ if name == "stems" else "loop", "#ea5202") for id_ in sources]
        block = np.stack(list(sources.values())).astype(np.float32)
        separation = Separation(tuple(kinds), Provenance("test", 1), iter([block]), layout)
        found = replace_decomposition(folder, found, name, separation, song, grid)
    return folder


def _noise(rng: np.random.Generator, frames: int, first: int, last: int) -> np.ndarray:
    out = 0.1 * rng.standard_normal((2, frames))
    out[:, :first] = out[:, last:] = 0.0
    return out


def song_of(folder: Path) -> Samples:
    """Return the recording of such a set [shape=(2, frames)]."""
    return np.ascontiguousarray(soundfile.read(folder.with_suffix(".wav"), dtype="float32")[0].T)


def mixdown(project: Project) -> Samples:
    """Return a project as it sounds: clips, levels of tracks, groups and master."""
    at, out = np.arange(project.frames), np.zeros((2, project.frames))
    for track, groups in project.leaves():
        level = track.level
        for group in groups:
            level = level * group.level
        own = np.zeros_like(out)
        for clip in track.clips:
            samples = project.medium(clip.media).samples()
            place = clip.offset + np.arange(clip.frames)
            own[:, clip.start : clip.end] += samples[:, place if clip.loop is None else place % clip.loop]
        out += own * (level * project.master).at(at)
    return out.astype(np.float32)

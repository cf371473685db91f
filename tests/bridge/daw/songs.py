"""Sets to hand over: real files in the real format, of noise, small."""

import dataclasses
from pathlib import Path

import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import SCHEMA, GridFacts, RemixSet, Section, Song
from engine.model.separation import Layout, Part, Provenance, Separation
from engine.store.assemble import replace_decomposition
from engine.store.files import sha256_of

RATE = 8_000
BPM = 120.0
BAR = RATE * 2
STEMS = (Part("drums", "Drums", "drums", "#e15759"), Part("bass", "Bass", "bass", "#4e79a7"))
LOOPS = (Part("loop-1", "Kick", "loop", "#59a14f"), Part("loop-2", "Chord", "loop", "#f28e2b"))
SECTIONS = (Section(0, "A"), Section(4, "B"))


@dataclasses.dataclass(frozen=True)
class Made:
    """A set, and the song that it was made from."""

    folder: Path
    song: Samples
    set: RemixSet


def noise_set(
    room: Path,
    *,
    title: str = "Noise",
    bars: float = 8.0,
    lead_in: int = 0,
    channels: int = 2,
    level: float = 0.2,
    key: str | None = "A minor",
    sections: tuple[Section, ...] = SECTIONS,
    grid: Beatgrid | None = None,
    stems: tuple[Part, ...] = STEMS,
    loops: tuple[Part, ...] = LOOPS,
) -> Made:
    """A song of noise at 120 bpm, `lead_in` frames before bar 1 and `bars` after; the last stem sounds from bar 5 on."""
    frames = lead_in + round(bars * BAR)
    rng = np.random.default_rng(1)
    count = max(len(stems), 1)
    parts = rng.uniform(-level, level, (count, channels, frames)).astype(np.float32)
    if count > 1:
        parts[-1, :, : lead_in + 4 * BAR] = 0.0
    song = parts.sum(axis=0, dtype=np.float32)
    path = room / "recording.wav"
    soundfile.write(path, song.T, RATE, subtype="FLOAT")
    grid = grid or Beatgrid.steady_at(BPM, lead_in / RATE, frames / RATE)
    facts = GridFacts.of(GridReport(grid, "test", 1.0, ""), {})
    made = RemixSet(SCHEMA, Song(title, sha256_of(path), str(path), frames, RATE, channels), facts, key=key, sections=sections)
    folder = room / "noise.remix"
    folder.mkdir()
    if stems:
        separation = Separation(stems, Provenance("test", 1), iter([parts]))
        made = replace_decomposition(folder, made, "stems", separation, song, grid)
    if loops:
        shares = np.stack([song * np.float32(0.6 / (k + 1)) for k in range(len(loops))])
        rows = np.ones((grid.full_bars(frames / RATE), len(loops)))
        layout = Layout(rows, tuple(range(len(loops))), tuple(2**k for k in range(len(loops))))
        separation = Separation(loops, Provenance("test", 1), iter([shares]), layout)
        made = replace_decomposition(folder, made, "loops", separation, song, grid)
    return Made(folder, song, made)

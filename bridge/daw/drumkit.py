"""Drums that were found -> a folder for producers: clean drums, a WAV for each drum, and a MIDI file that plays them.

All begin at a bar line. Where the song begins before its bar 1, as many whole bars stand in front as that needs. Notes are
General MIDI's; velocities follow its loudness, 40 log10(velocity / 127) dB beside the drum's loudest strike.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.daw.media import common_factor, write_wav
from bridge.daw.project import Media, Project, lead_in_bars, lead_in_frames, timeline_grid
from bridge.daw.tempomidi import Note, write_tempo_map
from engine.analysis.drums import Drum, played
from engine.model.audio import Audio, Samples
from engine.model.grid import Beatgrid
from engine.store.encode import BitDepth

CLEAN, MIDI = "clean-drums.wav", "drums.mid"
NOTES = {"kick": (36, 35), "snare": (38, 40, 37, 39), "hat": (42, 44), "perc": (45, 47, 43, 50)}
"""Bass drums; snares, side stick and clap; closed and pedal hi-hat; toms. What there are more of share the last."""
OPEN_HAT, OPEN_S = 46, 0.15
"""A hat is open that needs longer for nine tenths of its energy."""
HELD_S = 0.06
SILENT_DB = -60.0
"""Under its peak a hit has begun and is over."""
LEAD_S, FADE_S = 0.001, 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Kit:
    """What was found in a song: `grid` is the song's, `drums` are placed on the clock of `stem`."""

    title: str
    grid: Beatgrid
    stem: Audio
    drums: tuple[Drum, ...]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One drum as it was written."""

    file: str
    kind: str
    strikes: int
    note: int
    how: str
    """Whether its hit is the mean of its strikes or one of them."""


def write_kit(kit: Kit, target: Path, depth: BitDepth = BitDepth.PCM_24) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Write the folder, which must not be there; return its drums, and what people should know."""
    project, moved, bars = timeline(kit)
    names, pitches = named(kit.drums), pitches_of(kit.drums, kit.stem.rate)
    clean = np.pad(played(kit.drums, kit.stem), [(0, 0), (moved, 0)])
    hits = [trimmed(drum.hit, kit.stem.rate) for drum in kit.drums]
    factor = common_factor([_media(samples) for samples in (clean, *hits)], depth)
    target.mkdir()
    for file, samples in zip([CLEAN, *names], [clean, *hits], strict=True):
        write_wav(target / file, samples, kit.stem.rate, depth, factor)
    write_tempo_map(project, target / MIDI, notes(kit.drums, pitches, kit.stem.rate, moved))
    pieces = tuple(
        Piece(name, drum.kind.name, len(drum.at), pitch, "mean" if drum.repeats else "one of them")
        for name, drum, pitch in zip(names, kit.drums, pitches, strict=True)
    )
    return pieces, _said(project, bars, factor)


def timeline(kit: Kit) -> tuple[Project, int, int]:
    """Return a project without tracks from a bar line on; at which of its frames the song begins, and its bars before bar 1."""
    rate = kit.stem.rate
    first = min(max(0, round(kit.grid.bar_seconds(0) * rate)), kit.stem.frames)
    bars = lead_in_bars(kit.grid, first, rate)
    origin = lead_in_frames(kit.grid, bars, rate)
    line = timeline_grid(kit.grid, origin, bars, rate, first)
    return Project(kit.title, rate, kit.stem.frames + origin - first, line, (), (), key=kit.key), origin - first, bars


def named(drums: Sequence[Drum]) -> list[str]:
    """Return a file name for each drum: `kick-1.wav`, `kick-2.wav`, `hat-1.wav`."""
    seen: Counter[str] = Counter()
    names = []
    for drum in drums:
        seen[drum.kind.name] += 1
        names.append(f"{drum.kind.name}-{seen[drum.kind.name]}.wav")
    return names


def pitches_of(drums: Sequence[Drum], rate: int) -> list[int]:
    """Return the General MIDI note of each drum."""
    seen: Counter[str] = Counter()
    pitches = []
    for drum in drums:
        if drum.kind.name == "hat" and length_s(drum.hit, rate) > OPEN_S:
            pitches.append(OPEN_HAT)
            continue
        of = NOTES[drum.kind.name]
        pitches.append(of[min(seen[drum.kind.name], len(of) - 1)])
        seen[drum.kind.name] += 1
    return pitches


def length_s(hit: Samples, rate: int) -> float:
    """Return after how many seconds nine tenths of a hit's energy have been heard."""
    energy = np.cumsum(np.square(hit, dtype=np.float64).sum(axis=0))
    return float(np.searchsorted(energy, 0.9 * energy[-1]) / rate)


def trimmed(hit: Samples, rate: int) -> Samples:
    """Return a hit without silence before and after it, faded out; one sample of silence if there is nothing."""
    level = np.abs(hit).max(axis=0)
    loud = np.flatnonzero(level > level.max(initial=0.0) * 10.0 ** (SILENT_DB / 20.0))
    if loud.size == 0:
        return np.zeros((hit.shape[0], 1), dtype=np.float32)
    fade = round(FADE_S * rate)
    sound = hit[:, max(0, loud[0] - round(LEAD_S * rate)) : loud[-1] + fade].copy()
    fade = min(fade, sound.shape[1])
    sound[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return sound


def notes(drums: Sequence[Drum], pitches: Sequence[int], rate: int, moved: int) -> list[Note]:
    """Return a note for each strike, on a timeline on which the song begins at frame `moved`."""
    found = []
    for drum, pitch in zip(drums, pitches, strict=True):
        begins = np.rint(drum.strikes_s(rate) * rate).astype(np.int64) + moved
        lengths = np.minimum(drum.lengths(), round(HELD_S * rate))
        velocities = np.clip(np.rint(127.0 * np.sqrt(drum.gains / drum.gains.max())), 1, 127)
        found += [
            Note(max(0, int(begin)), int(length), pitch, int(velocity))
            for begin, length, velocity in zip(begins, lengths, velocities, strict=True)
        ]
    return sorted(found, key=lambda note: note.frame)


def _media(samples: Samples) -> Media:
    return Media("", samples.shape[1], samples.shape[0], lambda: samples)


def _said(project: Project, bars: int, factor: float) -> tuple[str, ...]:
    said = []
    if bars:
        said.append(f"{CLEAN} and {MIDI} begin {bars} {'bar' if bars == 1 else 'bars'} before the song's bar 1")
    if factor < 1.0:
        said.append(f"peaks over full scale: all files are multiplied by {factor:.6f}")
    if not project.grid.steady:
        said.append(f"the song drifts: {MIDI} has a tempo for each beat")
    return tuple(said)

"""Sets for measurements of what plays: written at once, without taking anything apart."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import SCHEMA, Decomposition, GridFacts, RemixSet, Song
from engine.model.separation import Part
from engine.store.files import sha256_of
from engine.store.manifest import write_manifest
from engine.store.sources import write_sources

STEMS = ("drums", "bass", "vocals", "other")
LOOPS = tuple(f"loop-{i + 1}" for i in range(4))


def noisy_set(room: Path, seconds: float, bpm: float, parts: Mapping[str, Sequence[str]], rate: int = 44_100) -> Path:
    """Write a set of noise with a beat, about as hard to decode as music; `parts` says which sources each decomposition has.

    Every source has an equal share of the song; what the last one lacks is in the residual.
    """
    rng, t = np.random.default_rng(round(seconds)), np.arange(round(seconds * rate)) / rate
    song = rng.standard_normal((2, t.size), dtype=np.float32) * np.exp(-8 * (t % (60 / bpm))).astype(np.float32) * 0.05
    return write_set(room, song, bpm, parts, rate)


def write_set(room: Path, song: Samples, bpm: float, parts: Mapping[str, Sequence[str]], rate: int) -> Path:
    """Write a set of a song [shape=(2, frames)] of a steady tempo whose first beat is its first frame."""
    seconds, name = song.shape[1] / rate, f"song-{song.shape[1]}-{bpm:g}"
    file, folder = room / f"{name}.wav", room / f"{name}.remix"
    soundfile.write(file, song.T, rate, subtype="FLOAT")
    facts = Song(name, sha256_of(file), str(file), song.shape[1], rate, 2)
    grid = GridFacts.of(GridReport(Beatgrid.steady_at(bpm, 0.0, seconds), "known", 1.0, ""), {})
    found = {}
    for kind, ids in parts.items():
        shares: Samples = np.repeat((song / np.float32(len(ids) + 1))[None], len(ids), axis=0)
        sources = write_sources([Part(id_, id_, "stem", "#808080") for id_ in ids], [shares], song, rate, folder, kind)
        found[kind] = Decomposition("none", 1, {}, None, "", sources)
    write_manifest(folder, RemixSet(SCHEMA, facts, grid, decompositions=found))
    return folder

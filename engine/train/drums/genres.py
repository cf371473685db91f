"""Drums by genre: machines and samples, or kits that people play; and of each, those that training never hears.

Every fifth sound is held out: of recordings by the checksum of the name, of the sound font by its place.
"""

import zlib
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.train import notes, sources
from engine.train.songs import Bank

HELD_OUT = 5
"""One of so many sounds is held out."""


class Heard(StrEnum):
    """Which sounds drums are played with."""

    TRAINING = "training"
    HELD_OUT = "held out"


@dataclass(frozen=True, slots=True)
class Genre:
    """How the names of its recordings begin, and its kits in the sound font (General MIDI programs)."""

    name: str
    beginnings: tuple[str, ...]
    kits: tuple[int, ...]


ELECTRONIC = Genre(
    "electronic",
    ("bd_", "sn_", "hat_", "elec_", "perc_", "arovane_", "loop_compus", "loop_electric", "loop_industrial", "loop_mehackit"),
    (24, 25),
)
ACOUSTIC = Genre(
    "acoustic",
    ("drum_", "ride_", "tabla_", "loop_amen", "loop_breakbeat", "loop_safari", "loop_tabla"),
    (0, 8, 16, 32, 40, 48),
)
GENRES = (ELECTRONIC, ACOUSTIC)
COMMON = Genre("common", tuple(b for g in GENRES for b in g.beginnings), tuple(sorted(kit for g in GENRES for kit in g.kits)))
"""All of them, for the model that the genres' own start from."""


@dataclass(frozen=True, slots=True, eq=False)
class Drums:
    """One-shots by kind and loops, each mono [shape=(frames,), peak 1]."""

    struck: dict[str, list[Samples]]
    loops: list[Samples]

    def playing(self, bank: Bank) -> Bank:
        """Return a bank with these drums in place of its own."""
        return replace(bank, shots=replace(bank.shots, struck=self.struck, loops=self.loops))


def drums(data: Path, font: Path | None, genre: Genre, heard: Heard = Heard.TRAINING) -> Drums:
    """Read and render the drums of a genre; where too few are there to hold any out, all of a kind serve for both.

    Raises
    ------
    RemixtureError
        If nothing of the genre is there.
    """
    out = heard is Heard.HELD_OUT

    def wanted(name: str, *, all_of_them: bool = False) -> bool:
        return name.startswith(genre.beginnings) and (all_of_them or (zlib.crc32(name.encode()) % HELD_OUT == 0) == out)

    struck, loops = sources.drums(data, wanted)
    every, all_loops = sources.drums(data, lambda name: wanted(name, all_of_them=True))
    rendered = notes.kits(font, genre.kits) if font is not None else {}
    for kind, hits in rendered.items():
        struck[kind] = struck[kind] + [hit for i, hit in enumerate(hits) if (i % HELD_OUT == 0) == out]
        every[kind] = every[kind] + hits
    struck = {kind: hits or every[kind] for kind, hits in struck.items()}
    if not any(struck.values()):
        raise RemixtureError(f"{data} holds no {genre.name} drums: give the folder that holds Sonic Pi's samples with --data")
    return Drums(struck, loops or all_loops)

"""The stems that a `.stem.mp4` (Native Instruments Stems) already holds.

Track 0 is the mix; the tracks after it are the stems, named by a JSON atom at `moov/udta/stem`. Without the atom they are
taken to be in the usual order: drums, bass, other, vocals.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.model.audio import Samples
from engine.model.colors import colors_of
from engine.model.separation import Part, Provenance, Separation
from engine.store.decode import decode_track, probe
from engine.store.mp4 import spans

ALGORITHM_VERSION = 2
USUAL_ORDER = ("drums", "bass", "other", "vocals")
KIND_WORDS = {
    "drums": ("drum", "beat", "perc", "kick", "snare", "clap", "hats", "hihat", "hi-hat", "cymbal"),
    "bass": ("bass", "sub"),
    "vocals": ("voc", "vox", "voice", "acap", "sing"),
}
BLOCK = 1 << 18


def holds_stems(path: Path) -> bool:
    """Tell whether the file has a mix and stems beside it."""
    return path.suffix.lower() == ".mp4" and probe(path).tracks > 1


def stems_provenance(path: Path) -> Provenance:
    """Return the cache key of the file's own stems."""
    tracks = probe(path).tracks - 1
    return Provenance("stem.mp4", ALGORITHM_VERSION, {"tracks": tracks}, note="the file brought its own stems")


def read_stems(path: Path, frames: int) -> Separation:
    """Return the file's own stems, cut or padded to the mix's `frames`."""
    names = stem_names(path)
    count = probe(path).tracks - 1
    names = [names[i] if i < len(names) else USUAL_ORDER[i % 4].capitalize() for i in range(count)]
    parts = _parts(names)
    return Separation(parts, stems_provenance(path), _blocks(path, count, frames))


def stem_names(path: Path) -> list[str]:
    """Return the names in the stem atom; empty where there is none or it is damaged."""
    try:
        with path.open("rb") as file:
            atom = _find_atom(file, (b"moov", b"udta", b"stem"), 0, path.stat().st_size)
        stems = json.loads(atom)["stems"] if atom else []
        return [str(stem["name"]) for stem in stems]
    except (ValueError, KeyError, TypeError):
        return []


def kind_of_name(name: str) -> str:
    """Return which of `USUAL_ORDER` a stem or a loop of that name is."""
    return next((kind for kind, words in KIND_WORDS.items() if any(word in name.lower() for word in words)), "other")


def _parts(names: list[str]) -> tuple[Part, ...]:
    """One part per stem. The first of a kind has the kind as its id, further ones are numbered."""
    kinds = [kind_of_name(name) for name in names]
    parts: list[Part] = []
    for name, kind, color in zip(names, kinds, colors_of(kinds), strict=True):
        same = sum(p.kind == kind for p in parts)
        parts.append(Part(kind if not same else f"{kind}-{same + 1}", name, kind, color))
    return tuple(parts)


def _blocks(path: Path, count: int, frames: int) -> Iterator[Samples]:
    tracks = [decode_track(path, track + 1) for track in range(count)]
    channels = probe(path).channels
    for start in range(0, frames, BLOCK):
        block = np.zeros((count, channels, min(BLOCK, frames - start)), dtype=np.float32)
        for row, track in zip(block, tracks, strict=True):
            piece = track[:, start : start + BLOCK]
            row[:, : piece.shape[1]] = piece[:, : row.shape[1]]
        yield block


def _find_atom(file: BinaryIO, names: tuple[bytes, ...], start: int, stop: int) -> bytes:
    """Return the payload of a nested atom; empty where there is none. ValueError: the file is damaged."""
    for span in spans(file, start, stop):
        if span.name == names[0]:
            inner, end = span.start + span.header, span.start + span.size
            if len(names) > 1:
                return _find_atom(file, names[1:], inner, end)
            file.seek(inner)
            return file.read(end - inner)
    return b""

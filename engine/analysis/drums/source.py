"""The drums of a separation as two sources: the clean drums, and the rest of what the separator called drums.

Clean plus rest is what the separator gave, so that the sum is still the song.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from engine.analysis.drums.find import find_drums, played
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.colors import colors_of
from engine.model.separation import Part, Provenance, Separation

VERSION: Final = 1
DRUMS, REST = "drums", "drums-rest"
CLOSE: Final = frozenset({"demucs", "stem.mp4"})
"""Whose drums are so near to the truth that hits are cleaner in them than in the song; tried with ideal masks instead."""
BLOCK: Final = 1 << 18

Keep = Callable[[Iterator[Samples]], Samples]
"""Takes blocks [shape=(parts, channels, n)] and returns them as one, in memory or mapped [shape=(parts, channels, frames)]."""


def cleaned(made: Provenance) -> Provenance:
    """Return the key of stems whose drums are clean."""
    return replace(made, params={**made.params, "clean_drums": VERSION})


def with_clean_drums(
    separation: Separation, song: Audio, keep: Keep, begin: Callable[[], Progress] = lambda: no_progress
) -> Separation:
    """Return a separation with clean drums as `drums` and `drums-rest` behind them; without drums only its key changes.

    The separator runs now, and all of what it gives is held by `keep` until the blocks have been walked through. `begin` is
    called when it has, and gives whom to tell how far the drums are.
    """
    made = cleaned(separation.provenance)
    place = next((k for k, part in enumerate(separation.parts) if part.id == DRUMS), None)
    if place is None:
        return replace(separation, provenance=made)
    stems = keep(separation.blocks)
    stem = Audio(stems[place], song.rate)
    drums = find_drums(stem, None if made.algorithm in CLOSE else song, begin())
    return Separation(with_rest(separation.parts, place), made, _blocks(stems, place, played(drums, stem)))


def with_rest(parts: tuple[Part, ...], place: int) -> tuple[Part, ...]:
    """Return the parts, the rest of the drums behind them, and colours for one more.

    Behind all, so that the first four faders of a controller are still the stems.
    """
    more = (*parts, replace(parts[place], id=REST, name="Drums rest"))
    return tuple(replace(part, color=color) for part, color in zip(more, colors_of([part.kind for part in more]), strict=True))


def _blocks(stems: Samples, place: int, clean: Samples) -> Iterator[Samples]:
    for start in range(0, stems.shape[-1], BLOCK):
        block = stems[..., start : start + BLOCK]
        own = clean[:, start : start + BLOCK]
        yield np.concatenate([block[:place], own[None], block[place + 1 :], block[place : place + 1] - own])

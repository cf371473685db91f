"""All that songs are made of for one training: what plays, real songs to take excerpts of, and whose all that is."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.train import songs
from engine.train.excerpts import excerpt
from engine.train.multitracks import Multitrack, licence, multitracks
from engine.train.sources import LICENCES, sound_font


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """`real` is the share of songs that are excerpts of `tracks`."""

    bank: songs.Bank
    tracks: tuple[Multitrack, ...]
    real: float
    seed: int

    def make(self, index: int) -> Samples:
        """Return the song of a number [shape=(4, 2, frames)]."""
        if self.tracks and np.random.default_rng((self.seed, index, 4)).uniform() < self.real:
            return excerpt(self.tracks, self.bank, self.seed, index)
        return songs.song(self.bank, self.seed, index)

    def kept(self, folder: Path) -> "Material":
        """Return material of other real songs alone, to be scored on.

        Raises
        ------
        RemixtureError
            If there is none in the folder, or one that is trained on.
        """
        found = tuple(multitracks(folder))
        if both := sorted({x.name for x in found} & {x.name for x in self.tracks}):
            raise RemixtureError(f"{', '.join(both)} would be trained on and kept from training: take it out of either folder")
        return replace(self, tracks=found, real=1.0)

    @property
    def licences(self) -> dict[str, str]:
        """What was used and on which terms."""
        return {name: LICENCES[name] for name in self.bank.used} | {f"LMMS: {x.name}": licence(x.name) for x in self.tracks}


def material(data: Path, real_songs: Path | None, real: float, seed: int) -> Material:
    """Read and render it.

    Raises
    ------
    RemixtureError
        If a folder lacks what is looked for in it.
    """
    tracks = multitracks(real_songs) if real_songs is not None else []
    return Material(songs.bank(data, sound_font()), tuple(tracks), real, seed)

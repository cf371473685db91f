"""Songs of four or five sources at a network's rate, made once and kept in a folder.

Four sources are those of `engine.train.songs`; of five, chords and melody are played apart. Two and three are sums of the four.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.analysis.remix.shape import NAMES
from engine.dsp.resample import resampled
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.store.files import written_beside
from engine.train import songs
from engine.train.sources import RATE

BankOf = Callable[[], songs.Bank]


def multitrack(bank: songs.Bank, seed: int, index: int, sources: int, seconds: float = songs.SECONDS) -> Samples:
    """Return one song [shape=(4, or 5 for 5 sources, 2, frames), float32], each source at about -20 dBFS, at 44.1 kHz."""
    if sources != 5:
        return songs.song(bank, seed, index, seconds)
    rng = np.random.default_rng((seed, index, 5))
    plan = songs.agreed(rng, seconds)
    rest = (songs.other(plan, bank, rng, players) for players in ((songs.chords,), (songs.arpeggio, songs.melody)))
    stems = [*(play(plan, bank, rng) for play in (songs.drums, songs.bass, songs.vocals)), *rest]
    return np.stack([songs.levelled(stem) for stem in stems])


def grouped(stems: Samples, sources: int) -> Samples:
    """Return the sources that a network of so many has, the unnamed ones of a song summed [shape=(sources, ...)].

    Parameters
    ----------
    stems : ndarray [shape=(4, ...)], or [shape=(5, ...)] for 5 sources
    """
    if sources >= 4:
        return stems
    own = [NAMES[4].index(name) for name in NAMES[sources][:-1]]
    rest = [k for k in range(len(stems)) if k not in own]
    return np.concatenate([stems[own], stems[rest].sum(axis=0, keepdims=True)])


class Shelf:
    """The songs of a seed, at a rate, kept in half precision in a folder; those that are not there are made.

    `bank` is asked for only then. Files are plain arrays: what is not is refused, never unpickled.
    """

    def __init__(self, folder: Path, bank: BankOf, seed: int, sources: int, rate: int) -> None:
        self._folder, self._bank = folder, lru_cache(maxsize=1)(bank)
        self._seed, self._sources, self._rate = seed, sources, rate
        self._held: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.float16]]] = {}

    def song(self, index: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float16]]":
        """Return one song [shape=(4 or 5, 2, frames), float16]."""
        if index not in self._held:
            file = self._folder / f"{max(4, self._sources)}-sources-{self._seed}-{index}-{self._rate}.npy"
            if not file.exists():
                self._make(file, index)
            self._held[index] = self._read(file)
        return self._held[index]

    def _make(self, file: Path, index: int) -> None:
        made = resampled(multitrack(self._bank(), self._seed, index, self._sources), RATE, self._rate)
        self._folder.mkdir(parents=True, exist_ok=True)
        with written_beside(file) as part:
            np.save(part, made.astype(np.float16), allow_pickle=False)

    @staticmethod
    def _read(file: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.float16]]":
        try:
            found = np.load(file, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise RemixtureError(f"{file} is no song: remove it, and it is made anew") from error
        return np.asarray(found, dtype=np.float16)

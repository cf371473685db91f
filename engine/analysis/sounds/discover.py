"""Which sounds a song has and where they begin: one after another, each from what the others leave.

Every new sound may change where the others begin: each is put back in turn, and its set of steps is grown again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sounds.fit import NEVER, Matrix, Onsets, ages, design, made, over, pieces, power, rising, solved
from engine.analysis.sounds.sets import best_set, grown
from engine.analysis.sounds.steps import Blocks
from engine.model.audio import Progress, no_progress

PIECE_S = 0.01
RINGS_S = 0.5
"""Longest waveform while sounds are looked for."""
RIDGE, RISE_S, MOST = 0.05, 0.05, 1e4


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for: `snippet_s` seconds after a step are compared; a sound explains `least` of the energy or more."""

    snippet_s: float
    least: float
    most: int

    def snippet(self, song: Blocks, rate: int) -> int:
        """Return how many frames of a step are compared."""
        return min(int(self.snippet_s * rate), int(song.shape[-1]))


CLEAR = Search(0.09, 0.001, 30)
"""On the evened song: what is struck."""
QUIET = Search(0.2, 0.006, 14)
"""On what that leaves, hardly evened: what is held, mostly low notes."""


def discover(song: Blocks, rate: int, search: Search, progress: Progress = no_progress) -> tuple[Onsets, float]:
    """Return where sounds begin, and the share of the energy that they leave.

    Parameters
    ----------
    song : Blocks [shape=(steps, 1, width)]
        Evened.
    rate : int, Hz
    search : Search
    progress : Progress

    Returns
    -------
    onsets : Onsets [shape=(sounds, steps)]
        The sounds that explain most come first.
    left : float, 0 to 1
    """
    blocks = max(2, int(np.ceil(RINGS_S * rate / song.shape[-1])))
    edges = pieces(song.shape[-1], rate, PIECE_S)
    snippet = search.snippet(song, rate)
    whole = float(np.square(song).sum())
    onsets = np.zeros((0, len(song)), dtype=np.float32)
    left = song
    for found in range(search.most):
        progress(found / search.most)
        explained, chosen = strongest(left, snippet)
        if explained < max(search.least * whole, 1e-9):
            break
        onsets = np.concatenate([onsets, chosen[None].astype(np.float32)])
        waveforms, left = _fitted(song, onsets, blocks, edges, rate)
        again = _regrown(left, onsets, waveforms, snippet)
        if (again != onsets).any():
            onsets = again
            waveforms, left = _fitted(song, onsets, blocks, edges, rate)
    return onsets, float(np.square(left).sum()) / max(whole, 1e-30)


def strongest(song: Blocks, snippet: int) -> tuple[float, NDArray[np.bool_]]:
    """Return the energy that the strongest sound explains in the first `snippet` frames of the steps, and its steps."""
    flat = song[..., :snippet].reshape(len(song), -1)
    return best_set((flat @ flat.T).astype(np.float64))


def _fitted(song: Blocks, onsets: Onsets, blocks: int, edges: NDArray[np.int64], rate: int) -> tuple[Matrix, Blocks]:
    """Return the waveforms and what they leave.

    Fitted twice: the second time without what comes after a sound's end, and with less freedom where it is faint beside
    what is left (automatic relevance determination; MacKay, 1994).
    """
    heard = design(onsets, blocks)
    age = ages(len(onsets), blocks, edges, rate)
    ridges = np.where(age > RINGS_S, NEVER, np.minimum(rising(age, RIDGE, RISE_S), MOST)).astype(np.float32)
    waveforms = solved(heard, song, ridges, edges)
    noise = float(np.square(song - made(heard, waveforms)).mean())
    level = power(waveforms, edges)
    relevant = np.minimum(noise / (level + 1e-6 * level.max() + 1e-12), MOST)
    ended = over(waveforms, len(onsets), edges, rate) | (ridges >= MOST)
    waveforms = solved(heard, song, np.where(ended, NEVER, relevant).astype(np.float32), edges)
    return waveforms, song - made(heard, waveforms)


def _regrown(left: Blocks, onsets: Onsets, waveforms: Matrix, snippet: int) -> Onsets:
    """Return the onsets with each sound's set grown again on what all others leave.

    Adding a sound back changes the snippets by few waveforms, so their inner products change by a matrix of low rank.
    """
    flat = left[..., :snippet].reshape(len(left), -1)
    gram = flat @ flat.T
    parts = waveforms[..., :snippet].reshape(len(onsets), -1, flat.shape[1])
    again = onsets.copy()
    for sound, part in enumerate(parts):
        heard = design(onsets[sound : sound + 1], len(part))
        crossed = (flat @ part.T) @ heard.T
        back = (gram + crossed + crossed.T + heard @ (part @ part.T) @ heard.T).astype(np.float64)
        _, chosen = grown(back, onsets[sound] > 0.0)
        if np.count_nonzero(chosen) >= 2:
            again[sound] = chosen
    return again

"""Scores of found sources against what was really played, all on mono tracks.

Loops of known songs are matched one to one; true stems of a real song are matched by the best sum of sources, as a person with
faders would. The ideal ratio mask, which knows the truth, shows how far any soft mask could get.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.dsp.spectra import istft, stft
from engine.model.audio import Samples

Tracks = NDArray[np.float64]

LOWEST_DB, HIGHEST_DB, CAP_DB = -30.0, 60.0, 30.0
"""A loop that was not found; the most that one can score; the most that it can add to a mean."""
MOST_SUMMED = 12
LEAST_SHARE = 0.01
"""Of a song's energy, for a stem to count."""
AUDIBLE = 0.25
"""Of its usual level in a bar, for a loop to count as heard there."""
WINDOW = 4096


@dataclass(frozen=True, slots=True)
class LoopScores:
    """One song: SI-SDR in dB of every true loop, how many were found, F1 of the bars in which each is heard."""

    each: tuple[float, ...]
    found: int
    layout_f1: float


def coherence_db(coherence: Tracks) -> Tracks:
    """Return the SI-SDR in dB of signals with this squared normalised correlation."""
    c = np.clip(coherence, 0.0, 1.0 - 1e-10)
    return np.asarray(10.0 * np.log10(c / (1.0 - c) + 1e-9))


def si_sdr_table(found: Tracks, true: Tracks) -> Tracks:
    """Return SI-SDR in dB [shape=(true, found)] of tracks [shape=(n, frames)], held between the lowest and the highest."""
    powers = np.square(true).sum(axis=1)[:, None] * np.square(found).sum(axis=1)
    return np.clip(coherence_db(np.square(true @ found.T) / (powers + 1e-20)), LOWEST_DB, HIGHEST_DB)


def loop_scores(found: Tracks, true: Tracks, layout: Tracks, edges: NDArray[np.int64]) -> LoopScores:
    """Score loops against the true ones, matched one to one so that the sum is best.

    Parameters
    ----------
    found, true : ndarray [shape=(loops, frames)]
    layout : ndarray [shape=(bars, true loops), 0 where a loop is silent]
    edges : ndarray [shape=(bars + 1,), frames]
    """
    table = si_sdr_table(found, true)
    rows, columns = linear_sum_assignment(-table)
    each, f1 = np.full(len(true), LOWEST_DB), np.zeros(len(true))
    each[rows] = table[rows, columns]
    for row, column in zip(rows, columns, strict=True):
        f1[row] = overlap(layout[:, row] > 0, heard(found[column], edges))
    return LoopScores(tuple(each.tolist()), len(found), float(f1.mean()))


def heard(track: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return in which bars a track is heard [shape=(bars,)]."""
    bars = [track[start:end] for start, end in pairwise(edges)]
    level = np.array([np.sqrt(np.mean(np.square(bar))) if bar.size else 0.0 for bar in bars])
    return np.asarray(level > AUDIBLE * (np.percentile(level, 95) + 1e-12))


def overlap(true: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    """Return the F1 of the bars found."""
    return float(2 * (true & found).sum() / max(1, true.sum() + found.sum()))


def best_sum_db(sources: Tracks, stem: NDArray[np.float64]) -> float:
    """Return the best SI-SDR in dB that a sum of some of the sources has, of the twelve most like the stem at most."""
    likeness = np.abs(sources @ stem) / (np.linalg.norm(sources, axis=1) + 1e-12)
    chosen = sources[np.argsort(-likeness)[:MOST_SUMMED]]
    sums = np.array(list(np.ndindex((2,) * len(chosen))), dtype=np.float64)[1:]
    power = ((sums @ (chosen @ chosen.T)) * sums).sum(axis=1)
    coherence = np.square(sums @ (chosen @ stem)) / (power * (stem @ stem) + 1e-20)
    return float(min(CAP_DB, coherence_db(coherence).max()))


def stem_scores(sources: Tracks, stems: Tracks) -> list[float]:
    """Return the best sum's SI-SDR in dB for every stem that has at least a hundredth of the energy."""
    return [best_sum_db(sources, stem) for stem in audible(stems)]


def audible(stems: Tracks) -> Tracks:
    """Return the stems that have at least a hundredth of the energy."""
    energy = np.square(stems).sum(axis=1)
    return np.asarray(stems[energy >= LEAST_SHARE * energy.sum()])


def ideal_masked(mix: NDArray[np.float64], true: Tracks) -> Tracks:
    """Return the mix shared out as the true powers are [shape=(true, frames)], what else is in the mix among them."""
    total = true.sum(axis=0)
    level = float(mix @ total) / (float(total @ total) + 1e-20)
    parts = np.concatenate([level * true, [mix - level * total]]).astype(np.float32)
    return np.array(shared_out(mix.astype(np.float32), parts, power=2)[:-1], dtype=np.float64)


def shared_out(mix: Samples, parts: Samples, power: int) -> list[Samples]:
    """Return a mix [shape=(..., frames)] shared out as a power of the parts' magnitudes is [shape=(parts, ..., frames)]."""
    shares = [np.abs(stft(part, WINDOW, WINDOW // 4)) ** power for part in parts]
    spectrum = stft(mix, WINDOW, WINDOW // 4) / (np.sum(shares, axis=0) + np.float32(1e-12))
    return [istft(spectrum * own, WINDOW, WINDOW // 4, mix.shape[-1]) for own in shares]

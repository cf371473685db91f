"""The sounds' waveforms as they are heard: fitted to the song itself, band by band, with freedom where they repeat.

Half of a sound's onsets foretells the other half. What both fits agree on is signal, what they do not is noise, and their
ratio is the ridge (Wiener's): a sound dies away where it stops repeating, in each band and at each age.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from engine.analysis.sounds.fit import NEVER, Matrix, Onsets, ages, design, pieces, power, rising, smooth, solved
from engine.analysis.sounds.steps import Blocks, Steps
from engine.model.audio import Progress, Samples, no_progress

BAND_EDGES = (200.0, 2000.0)
"""Hz."""
PIECE_S = 0.006
RINGS_S = 0.7
"""Longest waveform."""
FADES_S = 0.03
ROUNDS = 3
SMOOTH_S = 0.03
CAUTION = 1.5
"""How many times the ridge is what signal and noise ask for."""
MOST = 1e4


def fit_sounds(samples: Samples, steps: Steps, onsets: Onsets, rate: int, progress: Progress = no_progress) -> Matrix:
    """Return the waveforms [shape=(sounds, blocks, channels, width)] at which a song's sounds are heard.

    Parameters
    ----------
    samples : ndarray [shape=(channels, frames)]
    steps : Steps
    onsets : Onsets
    rate : int, Hz
    progress : Progress
    """
    blocks = max(2, int(np.ceil(RINGS_S * rate / steps.width)))
    waveforms = np.zeros((len(onsets) * blocks, len(samples), steps.width), dtype=np.float32)
    for done, band in enumerate(_bands(samples, rate)):
        waveforms += _fit_band(steps.cut(band), onsets, blocks, rate)
        progress((done + 1) / (len(BAND_EDGES) + 1))
    ringing = waveforms.reshape(len(onsets), blocks, len(samples), steps.width)
    return np.asarray(ringing * _fade(blocks, steps.width, rate))


def _fit_band(song: Blocks, onsets: Onsets, blocks: int, rate: int) -> Matrix:
    edges = pieces(song.shape[-1], rate, PIECE_S)
    sounds, count = len(onsets), onsets.sum(axis=1).repeat(blocks)[:, None]
    age = ages(sounds, blocks, edges, rate)
    wide = round(SMOOTH_S * rate / (edges[-1] / (len(edges) - 1)))
    ridges = np.minimum(rising(age, 0.1, 0.05), MOST)
    floor = np.minimum(rising(age, 0.05, 0.15), MOST) + np.float32(1e-3)
    halves = [design(half, blocks) for half in _halves(onsets)]
    for _ in range(ROUNDS):
        held = np.where(age > RINGS_S, NEVER, ridges).astype(np.float32)
        signal, noise = np.full_like(age, np.inf), np.zeros_like(age)
        for heard in halves:
            # Half the onsets, half the ridge.
            one, two = np.split(solved(heard, song, np.tile(held * np.float32(0.5), (2, 1)), edges), 2)
            apart = smooth(power(one - two, edges), sounds, wide) / 4.0
            agreed = np.maximum(smooth(power(one, edges, two), sounds, wide), 1e-4 * apart + 1e-16)
            signal, noise = np.minimum(signal, agreed), np.maximum(noise, apart)
        ridges = np.minimum(CAUTION * count * noise / signal, MOST) + floor
    return solved(design(onsets, blocks), song, np.where(age > RINGS_S, NEVER, ridges).astype(np.float32), edges)


def _halves(onsets: Onsets) -> tuple[Onsets, Onsets]:
    """Split every sound in two, every other onset and the early ones from the late ones [each shape=(2 * sounds, steps)]."""
    order = np.cumsum(onsets, axis=1)
    odd = order % 2 == 1
    early = order <= np.ceil(order[:, -1:] / 2.0)
    return np.concatenate([onsets * odd, onsets * ~odd]), np.concatenate([onsets * early, onsets * ~early])


def _bands(samples: Samples, rate: int) -> list[Samples]:
    """Return bands that add up to the signal, each zero-phase."""
    bands, rest = [], samples
    for edge in BAND_EDGES:
        low = sosfiltfilt(butter(3, edge, fs=rate, output="sos"), rest, axis=-1).astype(np.float32)
        bands.append(low)
        rest = rest - low
    return [*bands, rest]


def _fade(blocks: int, width: int, rate: int) -> NDArray[np.float32]:
    """Return gains that end a waveform without a click [shape=(blocks, 1, width)]."""
    age = np.arange(blocks * width) / rate
    end = min(RINGS_S, blocks * width / rate)
    return np.clip((end - age) / FADES_S, 0.0, 1.0).astype(np.float32).reshape(blocks, 1, width)


def rendered(steps: Steps, onsets: Onsets, waveforms: Matrix, owners: NDArray[np.int64], first: int, count: int) -> Samples:
    """Return a piece of every source [shape=(sources, channels, count), float32]; silence beyond the steps.

    Parameters
    ----------
    steps : Steps
    onsets : Onsets
    waveforms : ndarray [shape=(sounds, blocks, channels, width)]
    owners : ndarray [shape=(sounds,)]
        The source that each sound belongs to.
    first, count : int, frames of the recording
        The first may be negative.
    """
    sources, blocks, channels = int(owners.max()) + 1, waveforms.shape[1], waveforms.shape[2]
    out = np.zeros((sources, channels, count), dtype=np.float32)
    low = int(np.clip(np.searchsorted(steps.at, first, side="right") - 1, 0, steps.count))
    high = int(np.clip(np.searchsorted(steps.at, first + count, side="left"), low, steps.count))
    if high == low:
        return out
    past = max(0, low - blocks + 1)
    start, end = int(steps.at[low]), int(steps.at[high])
    begin, stop = max(first, start), min(first + count, end)
    for source in range(sources):
        own = owners == source
        heard = design(onsets[own, past:high], blocks)[low - past :]
        played = np.flatnonzero(heard.any(axis=0))
        flat = heard[:, played] @ waveforms[own].reshape(heard.shape[1], -1)[played]
        signal = steps.join(flat.reshape(high - low, channels, -1), low)
        out[source, :, begin - first : stop - first] = signal[:, begin - start : stop - start]
    return out

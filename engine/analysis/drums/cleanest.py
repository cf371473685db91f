"""The cleanest hit of a drum whose strikes are never the same waveform, such as a played snare: one of its strikes.

It is the one whose spectrogram, from shortly before it begins, is nearest to the median over all strikes: what other drums and
other instruments add is louder than that in single strikes, and what is there before a strike is none of it. What it still has
over the median is taken down to it. Levels are by energy in the kind's own range, since waveforms have nothing in common.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from engine.analysis.drums.agree import PATCH
from engine.analysis.drums.bands import WINDOW_S, Floats
from engine.analysis.drums.decay import decaying, ended
from engine.analysis.drums.drum import Drum
from engine.analysis.drums.strikes import Ints, cut
from engine.dsp.masks import above, frequencies
from engine.dsp.spectra import istft, stft
from engine.model.audio import Audio

MOST: Final = 64
"""Strikes that are compared: evenly over the song."""
LEAD_S: Final = 0.03
"""What is looked at before a strike."""
LOUD_S: Final = 0.06
"""From a strike on, what its level is measured in."""
FLOOR_DB: Final = -40.0
OVER: Final = 1.4
"""How many times the median amplitude a hit may have in a bin: 3 dB."""


def cleanest(rest: Audio, drum: Drum) -> Drum:
    """Return a drum with the cleanest of its strikes in a signal as its hit."""
    levels = loudness(rest, drum)
    chosen = np.unique(np.linspace(0, len(drum.at) - 1, min(len(drum.at), MOST)).astype(np.int64))
    hop = max(8, round(rest.rate * WINDOW_S / 4))
    lead = -(-round(LEAD_S * rest.rate) // hop) * hop
    pieces = cut(rest, drum.at[chosen], lead, lead + drum.hit.shape[1])
    pieces /= np.maximum(levels[chosen], 1e-9)[:, None, None].astype(np.float32)
    spectra = stft(pieces, 4 * hop, hop)
    amplitudes = np.sqrt(np.square(np.abs(spectra)).mean(axis=1))
    usual = np.median(amplitudes, axis=0)
    floor = usual.max(initial=0.0) * 10.0 ** (FLOOR_DB / 20.0) + 1e-12
    far = np.abs(np.log2((amplitudes + floor) / (usual + floor))).mean(axis=(1, 2))
    best = int(np.argmin(far))
    gain = np.minimum(1.0, OVER * (usual + floor) / (amplitudes[best] + floor)) * own_share(amplitudes, best, lead // hop)
    if drum.kind.lowest_hz:
        gain = gain * np.sqrt(above(frequencies(4 * hop, rest.rate), drum.kind.lowest_hz, 4))
    spectrum = decaying(spectra[best] * gain.astype(np.float32), rest.rate, lead / rest.rate)
    hit = istft(spectrum, 4 * hop, hop, pieces.shape[-1])[:, lead:]
    return replace(drum, hit=ended(hit)).at_level(levels)


def own_share(amplitudes: Floats, best: int, lead: int) -> Floats:
    """Return the share of power that a strike has beside what is usually there before one [shape=(bins, frames)].

    Parameters
    ----------
    amplitudes : ndarray [shape=(strikes, bins, frames)]
    best : int
        Which of them.
    lead : int, frames
        How many come before the strikes.
    """
    before = np.median(np.square(amplitudes[..., : max(1, lead - 2)]).mean(axis=2), axis=0)
    power = ndimage.uniform_filter(np.square(amplitudes[best]).astype(np.float64), PATCH, mode="nearest")
    return np.asarray(np.clip(1.0 - before[:, None] / (power + 1e-20), 0.0, 1.0))


def loudness(rest: Audio, drum: Drum) -> Floats:
    """Return the level of each strike in the range of its kind, less what was there before it [shape=(n,), linear]."""
    length = round(LOUD_S * rest.rate)
    before, after = (_level(rest, drum, drum.at + shift, length) for shift in (-length, 0))
    return np.asarray(np.sqrt(np.maximum(after - before, 0.01 * after)))


def _level(rest: Audio, drum: Drum, at: Ints, length: int) -> Floats:
    spectra = np.fft.rfft(cut(rest, at, 0, length), axis=-1)
    hz = frequencies(length, rest.rate)[:, 0][: spectra.shape[-1]]
    low, high = drum.kind.range_hz
    return np.asarray(np.square(np.abs(spectra[..., (hz >= low) & (hz <= high)])).sum(axis=(1, 2)))

"""The key of a song, from how strong each pitch class is.

Spectral peaks between 65 and 2000 Hz are folded onto twelve pitch classes that are first tuned to the song, then correlated
with how often each degree of the scale occurs in music: the profiles of Albrecht & Shanahan ("The use of large corpora to
train a new type of key-finding algorithm", Music Perception 2013), after Krumhansl & Kessler (1982). What a drum leaves in
all classes alike drops out.
"""

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import fft

from engine.model.audio import Audio, Samples
from engine.model.key import Key

Floats = NDArray[np.float64]

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)

RATE = 11025
SIZE, HOP = 4096, 2048
LOWEST_HZ, HIGHEST_HZ = 65.0, 2000.0
BLOCK_S = 20.0
STEPS = 12
"""Twelfths of a semitone that the tuning is measured in."""

TONAL = 0.55
"""A song whose best correlation with any key is lower has none."""

CLEAR = 0.10
"""A lead of this much over the next key makes it certain."""


def find_key(audio: Audio) -> Key | None:
    """Return the key of a recording, None where nothing tonal is heard."""
    classes = pitch_classes(audio)
    if classes is None:
        return None
    fits = key_fits(classes)
    order = np.argsort(-fits)
    best, lead = int(order[0]), float(fits[order[0]] - fits[order[1]])
    if fits[best] < TONAL:
        return None
    confidence = min(1.0, lead / CLEAR) * min(1.0, (float(fits[best]) - TONAL) / 0.3)
    return Key(best % 12, "major" if best < 12 else "minor", confidence)


def key_fits(classes: Floats) -> Floats:
    """Return the correlation of pitch classes with the 12 major, then the 12 minor keys [shape=(24,)]."""
    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    profiles -= profiles.mean(axis=1, keepdims=True)
    away = classes - classes.mean()
    norm = np.linalg.norm(profiles, axis=1) * np.linalg.norm(away)
    return np.asarray(profiles @ away / np.maximum(norm, 1e-12))


def pitch_classes(audio: Audio) -> Floats | None:
    """Return how strong each pitch class is, C first, tuned to the song [shape=(12,), sum 1]; None where there is no pitch.

    Every frame counts by the square root of its tonal energy, so that a loud chorus does not silence a verse.
    """
    fine = np.zeros(12 * STEPS)
    for block in _blocks(audio):
        frames = np.lib.stride_tricks.sliding_window_view(block, SIZE)[::HOP]
        magnitude = np.abs(fft.rfft(frames * np.hanning(SIZE).astype(np.float32), axis=-1)).astype(np.float64)
        fine += _fine_classes(magnitude)
    if fine.sum() < 1e-9:
        return None
    angle = np.angle(np.sum(fine * np.exp(2j * np.pi * np.arange(fine.size) / STEPS)))
    shift = round(angle / (2 * np.pi) * STEPS)
    semitones = np.roll(fine, -shift + STEPS // 2).reshape(12, STEPS)
    bell = np.exp(-0.5 * ((np.arange(STEPS) - STEPS // 2) / 2.0) ** 2)
    classes = semitones @ bell
    return np.asarray(classes / max(classes.sum(), 1e-12))


def _blocks(audio: Audio) -> Iterator[Samples]:
    """Yield the song as one channel at `RATE`, block by block, each at least one spectrum long."""
    step = int(BLOCK_S * audio.rate)
    for start in range(0, audio.frames, step):
        block = audio.samples[:, start : start + step].mean(axis=0)
        block = soxr.resample(block, audio.rate, RATE, quality="MQ") if audio.rate != RATE else block
        yield np.pad(block, (0, max(0, SIZE - block.size)))


def _fine_classes(magnitude: Floats) -> Floats:
    """Return the energy of spectral peaks by pitch class in twelfths of a semitone [shape=(144,)], each frame by its root.

    A peak's place is that of the parabola through the logs of three bins; `magnitude` [shape=(frames, bins)].
    """
    low, high = int(LOWEST_HZ * SIZE / RATE), int(HIGHEST_HZ * SIZE / RATE)
    left, middle, right = (magnitude[:, low + d : high + d] for d in (-1, 0, 1))
    top = (middle > left) & (middle >= right) & (middle > 0.02 * magnitude.max(axis=1, keepdims=True)) & (middle > 1e-4)
    frame, index = np.nonzero(top)
    a, b, c = (np.log(part[frame, index] + 1e-12) for part in (left, middle, right))
    offset = 0.5 * (a - c) / np.minimum(a - 2.0 * b + c, -1e-9)
    hz = (index + low + np.clip(offset, -0.5, 0.5)) * RATE / SIZE
    place = np.round((69.0 + 12.0 * np.log2(hz / 440.0)) * STEPS).astype(np.int64) % (12 * STEPS)
    strength = middle[frame, index]
    energy = np.bincount(frame, strength**2, magnitude.shape[0])
    return np.bincount(place, strength / np.maximum(energy[frame], 1e-12) ** 0.25, 12 * STEPS).astype(np.float64)

"""Three synthesised drums in a pattern whose strikes are known, and what bleeds into them."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.model.audio import Samples

RATE, SECONDS = 22_050, 8.0
STEP = 0.125
"""A sixteenth at 120 bpm, in seconds."""
PATTERN = {"kick": (0, 6, 8, 14), "snare": (4, 12), "hat": (0, 2, 6, 8, 10, 14, 15)}
"""On which sixteenths of a bar each is struck: kick and hat also together."""


def strikes() -> dict[str, NDArray[np.float64]]:
    """When each is struck, in seconds; a little early or late."""
    rng = np.random.default_rng(5)
    bars = np.arange(round(SECONDS / STEP / 16))[:, None] * 16
    times = {kind: (np.array(steps)[None, :] + bars).ravel() * STEP for kind, steps in PATTERN.items()}
    return {kind: np.maximum(0.0, at + rng.normal(0.02, 0.003, at.size)) for kind, at in times.items()}


def hits() -> dict[str, Samples]:
    """One hit of each."""
    rng = np.random.default_rng(1)
    t = np.arange(round(0.3 * RATE)) / RATE
    noise = rng.standard_normal((2, t.size))
    kick = np.sin(2 * np.pi * (50 * t + 4 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.08)
    snare = 0.5 * np.sin(2 * np.pi * 210 * t) * np.exp(-t / 0.05)
    snare += 0.5 * sosfilt(butter(2, (400, 8000), "band", fs=RATE, output="sos"), noise[0]) * np.exp(-t / 0.06)
    hat = 0.25 * sosfilt(butter(6, 6000, "high", fs=RATE, output="sos"), noise[1]) * np.exp(-t / 0.02)
    return {"kick": kick.astype(np.float32), "snare": snare.astype(np.float32), "hat": hat.astype(np.float32)}


def drums() -> Samples:
    """All of them, the strikes between 0.6 and 1 times as loud."""
    rng = np.random.default_rng(2)
    out = np.zeros((2, round(SECONDS * RATE)), dtype=np.float32)
    for kind, hit in hits().items():
        for at in strikes()[kind]:
            start = round(at * RATE)
            piece = hit[: out.shape[1] - start]
            out[:, start : start + piece.size] += np.float32(0.5 * rng.uniform(0.6, 1.0)) * piece
    return out


def others() -> Samples:
    """A bass and chords that change every other beat, and never repeat."""
    t = np.arange(round(SECONDS * RATE)) / RATE
    rng = np.random.default_rng(3)
    out = np.zeros(t.size)
    for start in np.arange(0.0, SECONDS, 1.0):
        age = np.maximum(t - start - 0.25, 0.0)
        heard = np.minimum(age / 0.01, 1.0) * np.exp(-age / 0.5)
        for hz in (55 * 2 ** rng.uniform(0, 1), *(220 * 2 ** rng.uniform(0, 2, 4))):
            out += 0.08 * heard * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6))
    return np.stack([out, 0.7 * out]).astype(np.float32)

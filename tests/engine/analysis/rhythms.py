"""Rhythms with known beats, for the tests of grid and key: drums from noise and sine, chords from partials."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.model.audio import Audio, Samples

RATE = 22050
Floats = NDArray[np.float64]


def kick(rate: int = RATE) -> Floats:
    t = np.arange(int(0.2 * rate)) / rate
    return np.asarray(np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 40)))) * np.exp(-t * 18))


def snare(rate: int = RATE, seed: int = 1) -> Floats:
    t = np.arange(int(0.15 * rate)) / rate
    noise = np.random.default_rng(seed).standard_normal(t.size)
    return 0.4 * (noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 30)


def hat(rate: int = RATE, seed: int = 2) -> Floats:
    t = np.arange(int(0.05 * rate)) / rate
    noise = np.random.default_rng(seed).standard_normal(t.size)
    return 0.25 * np.diff(noise, prepend=0.0) * np.exp(-t * 90)


def chord(notes: Iterable[float], seconds: float, rate: int = RATE) -> Floats:
    """Notes as MIDI numbers, five partials each."""
    t = np.arange(int(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * h * t) / h**1.5 for note in notes for h in range(1, 6))
    return np.asarray(0.08 * tone * np.exp(-1.5 * t) * np.minimum(1.0, t / 0.004))


def placed(events: Iterable[tuple[float, Floats]], seconds: float, rate: int = RATE) -> Floats:
    """Sounds at their times in seconds."""
    out = np.zeros(int(seconds * rate))
    for at, sound in events:
        start = round(at * rate)
        if 0 <= start < out.size:
            out[start : start + sound.size] += sound[: out.size - start]
    return out


def drums(
    beats: Sequence[float],
    kicks: Iterable[float],
    snares: Iterable[float],
    hats: Iterable[float],
    per_bar: int,
    rate: int = RATE,
) -> list[tuple[float, Floats]]:
    """A pattern in beats of the bar, repeated along beats at the given seconds."""
    index = np.arange(len(beats))
    bars = range(0, len(beats) - per_bar + 1, per_bar)
    sounds = [(list(kicks), kick(rate)), (list(snares), snare(rate)), (list(hats), hat(rate))]
    return [
        (float(np.interp(bar + at, index, beats)), sound) for bar in bars for pattern, sound in sounds for at in pattern
    ]  # fmt: skip


def audio(samples: Floats, rate: int = RATE) -> Audio:
    x: Samples = (0.5 * samples / max(np.abs(samples).max(), 1e-9)).astype(np.float32)
    return Audio(x[None], rate)

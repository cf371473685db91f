"""Our own synthesiser: band-limited waves, detuned voices, a filter that closes, an envelope. An instance is one sound.

A wave is one cycle made of its harmonics and read at the wanted pitch; the filter is a slope over those harmonics, so a note is
a crossfade between a bright and a dull cycle.
"""

from dataclasses import dataclass

import numpy as np

from engine.model.audio import Samples
from engine.train.notes import released
from engine.train.sources import RATE

CYCLE = 2048


@dataclass(frozen=True, slots=True)
class Synth:
    """One sound. `shape` 0 saw, 1 square, 2 triangle, 3 pulse, 4 sine; times in seconds, the corner in Hz."""

    shape: int
    detune: float
    attack: float
    decay: float
    sustain: float
    closing: float
    corner: float

    def note(self, pitch: float, seconds: float, rng: np.random.Generator) -> Samples:
        """Return a note [shape=(frames,)] of about peak 1."""
        hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
        t = np.arange(round((seconds + 0.06) * RATE), dtype=np.float32) / np.float32(RATE)
        bright, dull = cycle(self.shape, hz, self.corner), cycle(self.shape, hz, max(self.corner / 8, 1.5 * hz))
        openness = np.exp(-t / np.float32(self.closing))
        out = np.zeros_like(t)
        for cents in (-self.detune, self.detune) if self.detune else (0.0,):
            where = (t * np.float32(hz * 2 ** (cents / 1200)) + np.float32(rng.uniform())) % 1 * CYCLE
            index = where.astype(np.int32) % CYCLE
            out += openness * bright[index] + (1 - openness) * dull[index]
        envelope = np.minimum(1, t / np.float32(self.attack)) * (
            self.sustain + (1 - self.sustain) * np.exp(-t / np.float32(self.decay))
        )
        return released((out * envelope / (2 if self.detune else 1)).astype(np.float32), 0.06)


def cycle(shape: int, hz: float, corner: float) -> Samples:
    """Return one cycle of a wave, its harmonics below half the rate and sloping off above the corner."""
    k = np.arange(1, max(2, min(CYCLE // 4, int(16_000 / hz))), dtype=np.float64)
    odd = k % 2
    strengths = (1 / k, odd / k, odd / k**2 * (1 - 2 * ((k // 2) % 2)), np.sin(np.pi * k * 0.22) / k, (k == 1) * 1.0)[shape]
    spectrum = np.zeros(CYCLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : k.size + 1] = -1j * strengths / (1 + (k * hz / corner) ** 4) ** 0.5
    wave = np.fft.irfft(spectrum)
    return np.asarray(wave / max(1e-9, float(np.abs(wave).max())), dtype=np.float32)


def some_bass(rng: np.random.Generator) -> Synth:
    """Return a bass by chance."""
    return Synth(
        int(rng.integers(5)), float(rng.choice([0.0, 0.0, 6.0])), 0.004, float(rng.uniform(0.1, 0.8)),
        float(rng.uniform(0, 0.9)), float(rng.uniform(0.03, 0.6)), float(np.exp(rng.uniform(np.log(200), np.log(5000)))),
    )  # fmt: skip


def some_other(rng: np.random.Generator) -> Synth:
    """Return a lead, pad or pluck by chance."""
    soft = rng.uniform() < 0.3
    return Synth(
        int(rng.integers(5)), float(rng.choice([0.0, 5.0, 12.0])), float(rng.uniform(0.05, 0.3)) if soft else 0.004,
        float(rng.uniform(0.08, 1.2)), float(rng.uniform(0.5, 1)) if soft else float(rng.uniform(0, 0.8)),
        float(rng.uniform(0.05, 1.5)), float(np.exp(rng.uniform(np.log(600), np.log(14_000)))),
    )  # fmt: skip

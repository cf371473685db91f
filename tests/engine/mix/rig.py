"""What the tests of the playing room share: banks of known signals, and a clock that asks for blocks."""

from collections.abc import Sequence

import numpy as np

from engine.mix.bank import Bank
from engine.mix.mixer import Mixer
from engine.model.audio import Samples
from engine.model.grid import Beatgrid

RATE = 44_100


def bank(samples: Samples, rate: int = RATE) -> Bank:
    """Sources s0, s1, ... [shape=(sources, channels, frames)] at 120 bpm from frame 0."""
    grid = Beatgrid.steady_at(120.0, 0.0, max(2.0, samples.shape[2] / rate))
    return Bank(tuple(f"s{k}" for k in range(samples.shape[0])), samples, rate, grid)


def noise(sources: int = 3, channels: int = 2, frames: int = RATE, level: float = 0.1, seed: int = 0) -> Samples:
    """24-bit noise."""
    x = np.clip(np.random.default_rng(seed).standard_normal((sources, channels, frames)) * level, -1, 1)
    return (np.round(x * 2**23) / 2**23).astype(np.float32)


def sine(frequency: float, frames: int = RATE, level: float = 0.5) -> Samples:
    """One stereo source."""
    x = level * np.sin(2 * np.pi * frequency / RATE * np.arange(frames))
    return np.broadcast_to(x, (1, 2, frames)).astype(np.float32)


def play(mixer: Mixer, frames: int, blocks: Sequence[int] = (512,)) -> Samples:
    """Render `frames` in blocks of these sizes in turn, the mixer's latency taken off."""
    pieces, left, turn = [], frames + mixer.latency, 0
    while left:
        piece = np.full((2, min(left, blocks[turn % len(blocks)])), np.nan, dtype=np.float32)
        mixer.render(piece)
        pieces.append(piece)
        left -= piece.shape[1]
        turn += 1
    return np.concatenate(pieces, axis=1)[:, mixer.latency :]

"""What these tests share: plug-ins that must be there, sound, and a way to play it block by block."""

from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt

from bridge.plugins.chain import Chain, open_chain
from bridge.plugins.preset import Planned, Preset
from engine.mix.insert import QUANTUM
from engine.model.audio import Samples
from tests.servers import lacking

RATE = 48_000


def need_plugin(name: str) -> Path:
    """Return a plug-in of zam-plugins, or skip the test; in CI that is a failure."""
    path = Path("/usr/lib/vst3") / f"{name}.vst3"
    if not path.exists():
        lacking(f"{name}.vst3 is not installed (apt-get install zam-plugins)")
    return path


def preset_of(*effects: Planned) -> Preset:
    return Preset("test", "", effects)


def open_one(effect: Planned) -> Chain:
    return open_chain(preset_of(effect), RATE)


def noise(frames: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).uniform(-0.25, 0.25, (2, frames)).astype(np.float32)


def sine(frames: int, hz: float = 307.0) -> Samples:
    return np.tile(0.25 * np.sin(2 * np.pi * hz * np.arange(frames) / RATE), (2, 1)).astype(np.float32)


def play(chain: Chain, sound: Samples) -> Samples:
    """Return a sound after a chain, given to it a quantum at a time."""
    out = sound.copy()
    for start in range(0, sound.shape[1], QUANTUM):
        block = np.ascontiguousarray(sound[:, start : start + QUANTUM])
        chain.process(block)
        out[:, start : start + QUANTUM] = block
    return out


def clicks_dbfs(sound: Samples) -> float:
    """Return the peak over 5 kHz: where a low sine has nothing, and a click has much."""
    high = sosfilt(butter(6, 5000, "high", fs=RATE, output="sos"), sound.astype(np.float64), axis=1)
    return float(20 * np.log10(np.abs(high[:, 600:]).max() + 1e-12))

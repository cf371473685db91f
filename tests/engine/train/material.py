"""A handful of sounds to play songs with, in place of the real recordings."""

from pathlib import Path

import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.train.voices import sung

RATE = 44_100
STRUCK = ("bd_a", "sn_a", "hat_a", "drum_cymbal_open", "drum_tom_a", "loop_amen")


def write_material(folder: Path) -> Path:
    """Write short bursts, two tones and a voice where training looks for them."""
    rng = np.random.default_rng(0)
    (folder / "sonic_pi").mkdir(parents=True)
    (folder / "vocadito").mkdir()
    for k, name in enumerate(STRUCK):
        _write(folder / "sonic_pi" / f"{name}.flac", rng.standard_normal(8000) * np.exp(-np.arange(8000) / (400 * (k + 1))))
    for name, hz in (("bass_hard_c", 65.4), ("ambi_a", 523.0)):
        _write(folder / "sonic_pi" / f"{name}.flac", np.sin(2 * np.pi * hz * np.arange(RATE) / RATE))
    _write(folder / "vocadito" / "a.wav", 0.9 * sung([60.0, 64.0], [0.8, 0.8], rng))
    return folder


def _write(file: Path, samples: "np.ndarray[tuple[int], np.dtype[np.float64]] | Samples") -> None:
    soundfile.write(file, 0.5 * samples / np.abs(samples).max(), RATE)

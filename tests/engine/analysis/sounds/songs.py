"""Small songs of struck sounds, with the truth beside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp.levels import si_sdr_db
from engine.model.audio import Audio
from engine.model.grid import Beatgrid

RATE = 22_050

Pattern = tuple[int, ...]


@dataclass(frozen=True)
class Struck:
    """A song, its grid and its true parts [shape=(parts, channels, frames)]."""

    audio: Audio
    grid: Beatgrid
    parts: NDArray[np.float32]

    def best_si_sdr(self, sources: NDArray[np.float32]) -> list[float]:
        """Return for each part the SI-SDR in dB of the source most like it."""
        return [max(si_sdr_db(source, part) for source in sources) for part in self.parts]


def ping(hz: float, decay_s: float, seconds: float = 0.45) -> NDArray[np.float64]:
    t = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(np.sin(2 * np.pi * hz * t) * np.exp(-t / decay_s) * np.clip((seconds - t) / 0.02, 0, 1))


def hiss(seed: int, decay_s: float) -> NDArray[np.float64]:
    t = np.arange(int(0.3 * RATE)) / RATE
    return np.asarray(
        np.random.default_rng(seed).standard_normal(t.size) * np.exp(-t / decay_s) * np.clip((0.3 - t) / 0.02, 0, 1)
    )


def struck(
    sounds: list[tuple[NDArray[np.float64], list[Pattern]]], bars: int = 16, bpm: float = 120.0, lead: float = 0.0
) -> Struck:
    """Return a song of sounds, each with its places in the bar, bar after bar (its patterns take turns)."""
    step = 60.0 / bpm / 4 * RATE
    frames = int(lead * RATE + 16 * bars * step + 0.5 * RATE)
    parts = np.zeros((len(sounds), 2, frames), dtype=np.float32)
    for part, (wave, patterns) in zip(parts, sounds, strict=True):
        for bar in range(bars):
            for place in patterns[bar % len(patterns)]:
                at = round(lead * RATE + (16 * bar + place) * step)
                part[:, at : at + wave.size] += wave[: frames - at].astype(np.float32)
    parts *= 0.3
    return Struck(Audio(parts.sum(axis=0), RATE), Beatgrid.steady_at(bpm, lead, frames / RATE), parts)


def drums(bpm: float = 120.0, lead: float = 0.0) -> Struck:
    """Return kick, clap and bell, in patterns that change and meet."""
    return struck(
        [
            (ping(60.0, 0.08), [(0, 4, 8, 12), (0, 3, 8, 11), (0, 4, 8, 14)]),
            (hiss(1, 0.04), [(4, 12), (4, 12, 15)]),
            (0.5 * ping(1700.0, 0.1), [(0, 6, 10), (2, 3, 7, 14), (5, 9)]),
        ],
        bpm=bpm,
        lead=lead,
    )

"""Eight seconds at a time of real songs, sung over by chance: drums, bass, vocals, other, as `songs` has them.

`excerpt(tracks, bank, seed, index)` is the same for the same four, whatever was made before.
"""

from collections.abc import Sequence

import numpy as np

from engine.model.audio import Samples
from engine.train import notes, songs
from engine.train.multitracks import Multitrack
from engine.train.sources import RATE

SLOWEST, FASTEST = 0.84, 1.19
"""Songs are read so many times as fast: three semitones down or up."""
SUNG_OVER = 0.6
LOUDEST, LEAST = 0.14, 1e-5
"""Root mean square of the song, and the power below which one of its sources counts as silent."""
TRIES = 20


def excerpt(tracks: Sequence[Multitrack], bank: songs.Bank, seed: int, index: int, seconds: float = songs.SECONDS) -> Samples:
    """Return one excerpt [shape=(4, 2, frames), float32]. Long songs are taken more often, but less so than they are longer."""
    rng = np.random.default_rng((seed, index, 3))
    chances = np.sqrt([track.stems.shape[-1] for track in tracks])
    found = np.zeros((3, 2, 0), np.float32)
    for _ in range(TRIES):
        track = tracks[int(rng.choice(len(tracks), p=chances / chances.sum()))]
        found = window(track.stems, float(rng.uniform(SLOWEST, FASTEST)), seconds, rng)
        if np.sum(np.mean(np.square(found), axis=(1, 2)) > LEAST) >= 2:
            break
    found *= np.float32(LOUDEST / max(1e-4, float(np.sqrt(np.mean(np.square(found.sum(axis=0)))))))
    voice = sung(bank, rng, seconds) if rng.uniform() < SUNG_OVER else np.zeros_like(found[0])
    drums, bass, other = found
    return np.stack([drums, bass, voice, other])


def window(
    stems: "np.ndarray[tuple[int, ...], np.dtype[np.float16]]", ratio: float, seconds: float, rng: np.random.Generator
) -> Samples:
    """Return a part of a song, read `ratio` times as fast, with silence after it if it is shorter [shape=(3, 2, frames)]."""
    n = round(seconds * RATE)
    wanted = round(n * ratio) + 2
    start = int(rng.integers(max(1, stems.shape[-1] - wanted)))
    heard = stems[..., start : start + wanted]
    read = np.array([[notes.read_at(channel, ratio, seconds) for channel in stem] for stem in heard], dtype=np.float32)
    return np.pad(read, ((0, 0), (0, 0), (0, n - read.shape[-1])))


def sung(bank: songs.Bank, rng: np.random.Generator, seconds: float) -> Samples:
    """Return vocals in a key and tempo of their own."""
    beat = 60.0 / float(rng.uniform(80, 170))
    chords = songs.PROGRESSIONS[int(rng.integers(len(songs.PROGRESSIONS)))]
    plan = songs.Plan(beat, int(rng.integers(12)), songs.MINOR, chords, 0.0, seconds)
    return songs.levelled(songs.vocals(plan, bank, rng))

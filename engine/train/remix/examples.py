"""What a step learns from: crops of songs in one channel, mixed as `engine.train.batches` mixes, and gains.

The examples of a step depend on the seed and its number alone, so training that was broken off goes on as if nothing had
happened.
"""

from collections.abc import Callable

import numpy as np

from engine.dsp.levels import HEARD_RMS
from engine.model.audio import Samples
from engine.model.params import find
from engine.train.batches import EQUALISED, LEFT_OUT, SAME_SONG, augmented, equalised
from engine.train.remix.multitracks import grouped

Songs = Callable[[int], "np.ndarray[tuple[int, ...], np.dtype[np.float16]]"]
MOST_DB = find("deck.a.drums.gain").high


def examples(songs: Songs, count: int, seed: int, step: int, batch: int, frames: int, sources: int) -> tuple[Samples, Samples]:
    """Return the sources of a batch [shape=(batch, sources, frames)] and their gains [shape=(batch, sources), linear].

    Parameters
    ----------
    songs : int -> multitrack [shape=(4 or 5, 2, n)]
        The song of an index below `count`.
    """
    rng = np.random.default_rng((seed, step, 3))
    made = np.stack([grouped(mixed(songs, count, rng, frames), sources) for _ in range(batch)])
    return made, gains(rng, (batch, sources))


def gains(rng: np.random.Generator, shape: tuple[int, ...]) -> Samples:
    """Return gains by chance, even in dB over all that a fader does."""
    return np.asarray(10.0 ** (rng.uniform(-MOST_DB, MOST_DB, size=shape) / 20.0), dtype=np.float32)


def mixed(songs: Songs, count: int, rng: np.random.Generator, frames: int) -> Samples:
    """Return sources in one channel [shape=(4 or 5, frames)], their sum at about `HEARD_RMS`."""
    one = int(rng.integers(count))
    together = rng.uniform() < SAME_SONG
    kinds, _, n = songs(one).shape
    start = int(rng.integers(n - frames + 1))
    stems = np.zeros((kinds, 2, frames), dtype=np.float32)
    for k in range(kinds):
        song = songs(one if together else int(rng.integers(count)))
        first = start if together else int(rng.integers(n - frames + 1))
        if rng.uniform() >= LEFT_OUT[min(k, len(LEFT_OUT) - 1)]:
            stems[k] = augmented(song[k, :, first : first + frames].astype(np.float32), rng)
            if rng.uniform() < EQUALISED:
                stems[k] = equalised(stems[k], rng)
    heard = stems[:, 0] if rng.uniform() < 0.7 else stems.mean(axis=1)
    level = float(np.sqrt(np.mean(np.square(heard.sum(axis=0)))))
    return np.asarray(heard * np.float32(HEARD_RMS * np.exp(rng.normal(0, 0.2)) / max(level, 1e-4)), dtype=np.float32)

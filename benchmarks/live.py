"""The live mixer against the clock: how long a block takes, and whether it stays the same for hours.

`python -m benchmarks.live [blocks] [hours]` prints Markdown tables. Four decks of five stereo sources; two of them are in sync
at another tempo and so go through Rubber Band. Times are of `LiveMixer.render` alone, in a process that does nothing else, as
wall time and as CPU time of its thread: what wall time has more is the scheduler's share.
"""

import gc
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.dsp.stretch import Engine
from engine.mix.bank import Bank
from engine.mix.livemixer import LiveMixer
from engine.mix.record import Record
from engine.model.command import Command
from engine.model.grid import Beatgrid
from engine.model.params import DECKS

RATE, BLOCK, SOURCES = 44_100, 256, 5


def song(seconds: float, bpm: float, seed: int, sources: int = SOURCES) -> Record:
    """Noise with a beat, in a few sources."""
    rng, t = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    x = rng.standard_normal((sources, 2, t.size), dtype=np.float32) * np.exp(-8 * (t % (60 / bpm))).astype(np.float32) * 0.02
    return Record({"stems": Bank(tuple(f"s{k}" for k in range(sources)), x, RATE, Beatgrid.steady_at(bpm, 0.0, seconds))})


def desk(stretched: int, engine: Engine = "R2", sources: int = SOURCES) -> LiveMixer:
    """Four decks that go round in loops; the last ones follow the first at another tempo."""
    mixer = LiveMixer(RATE, engine)
    for i, deck in enumerate(DECKS):
        mixer.load(deck, song(60.0, 120.0 if i < len(DECKS) - stretched else 125.0, i, sources))
        mixer.send(Command(0, f"deck.{deck}.sync", 1))
        mixer.send(Command(0, f"deck.{deck}.play", 1))
        mixer.send(Command(1, f"deck.{deck}.loop", 16))
    return mixer


def times(mixer: LiveMixer, blocks: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Milliseconds that blocks took, by the wall and by the CPU."""
    out, cue = (np.zeros((2, BLOCK), dtype=np.float32) for _ in range(2))
    for _ in range(300):
        mixer.render(out, (), cue)
    wall, cpu = np.zeros(blocks), np.zeros(blocks)
    gc.collect()
    gc.freeze()
    gc.disable()
    for i in range(blocks):
        start, used = time.perf_counter(), time.thread_time()
        mixer.render(out, (), cue)
        wall[i], cpu[i] = time.perf_counter() - start, time.thread_time() - used
    gc.enable()
    return wall * 1e3, cpu * 1e3


def blocks_table(blocks: int) -> None:
    """Print how long blocks take."""
    period = BLOCK / RATE * 1e3
    print(f"| 4 decks x {SOURCES} sources, {BLOCK} frames ({period:.1f} ms) | by | p50 | p99 | p99.9 | longest, ms |")
    print("|---|---|---|---|---|---|")
    cases: list[tuple[str, Callable[[], LiveMixer]]] = [
        ("none stretched", lambda: desk(0)),
        ("two stretched, R2", lambda: desk(2)),
        ("two stretched, R3", lambda: desk(2, "R3")),
    ]
    for name, made in cases:
        for by, took in zip(("wall", "CPU"), times(made(), blocks), strict=True):
            p50, p99, p999 = np.percentile(took, [50, 99, 99.9])
            print(f"| {name} | {by} | {p50:.2f} | {p99:.2f} | {p999:.2f} | {took.max():.2f} |", flush=True)


def hours_table(hours: float) -> None:
    """Play for hours as fast as it goes, one source a deck, and print what has moved: deck d is stretched, the others loop."""
    mixer, out = desk(1, sources=1), np.zeros((2, 4096), dtype=np.float32)
    print("\n| hours played | memory, MB | deck b behind deck a, ms | deck c | deck d |\n|---|---|---|---|---|")
    for part in range(9):
        while mixer.frame < part / 8 * hours * 3600 * RATE:
            mixer.render(out)
            if mixer.frame % (4096 * 500) == 0:
                mixer.applied(np.zeros((4096, 2), dtype=np.int64), np.zeros(4096))
        errors = []
        leader, *others = mixer.decks
        for deck in others:
            behind = (leader.beat - deck.beat) % 1.0  # type: ignore[attr-defined]
            errors.append((behind if behind < 0.5 else behind - 1.0) * 60_000 / mixer.clock.bpm)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {mixer.frame / RATE / 3600:.1f} | {memory:.0f} | {' | '.join(f'{error:+.2f}' for error in errors)} |",
            flush=True,
        )


if __name__ == "__main__":
    blocks_table(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    if len(sys.argv) > 2:
        hours_table(float(sys.argv[2]))

"""How many times faster than real time the mixer is, and how true.

`python -m benchmarks.mix [seconds]` prints Markdown tables. Speeds are seconds of music per second of CPU time of one core, the
best of three, so that other work on the machine matters little. Blocks are 512 frames, as for a bounce.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from engine.dsp.levels import db_of_gain, rms_dbfs
from engine.dsp.loudness import integrated_lufs
from engine.dsp.stretch import Engine
from engine.dsp.truepeak import true_peak_dbtp
from engine.mix.bank import Bank
from engine.mix.deck import Deck, StretchMode
from engine.mix.mixer import Mixer
from engine.model.audio import Samples
from engine.model.command import Command
from engine.model.grid import Beatgrid

RATE, SOURCES, BLOCK, TEMPO = 44_100, 6, 512, 1.08


def music(seconds: float, seed: int = 0) -> Samples:
    """Six stereo sources [shape=(6, 2, frames)]: noise and tones with a beat, 24 bits."""
    rng, t = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    x = rng.standard_normal((SOURCES, 2, t.size)) * 0.02 * np.exp(-8 * (t % 0.5))
    for k in range(SOURCES):
        x[k] += 0.05 * np.sin(2 * np.pi * 110 * (k + 1) * t + k)
    return (np.round(x * 2**23) / 2**23).astype(np.float32)


def speed(seconds: float, work: Callable[[], object], rounds: int = 3) -> float:
    """How many times faster than real time, by CPU time, best of some rounds."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return seconds / min(took)


def bounce(mixer: Mixer, seconds: float) -> Samples:
    """Render in blocks."""
    out, block = np.zeros((2, round(seconds * RATE) // BLOCK * BLOCK), dtype=np.float32), np.zeros((2, BLOCK), dtype=np.float32)
    for start in range(0, out.shape[1], BLOCK):
        mixer.render(block)
        out[:, start : start + BLOCK] = block
    return out


def timed(playing: Mixer, seconds: float) -> tuple[Samples, float]:
    """Render and return how many times faster than real time that was."""
    start = time.process_time()
    out = bounce(playing, seconds)
    return out, seconds / (time.process_time() - start)


def mixer(bank: Bank, gain: float = 0.0, tempo: float = 1.0, stretch: StretchMode = "sources", engine: Engine = "R3") -> Mixer:
    """One deck, its first source and the master at a gain in dB."""
    made = Mixer(RATE, [Deck("a", bank, tempo=tempo, stretch=stretch, engine=engine)])
    made.send(Command(0, "deck.a.s0.gain", 3.0))
    made.send(Command(0, "master.gain", gain))
    return made


def by_numpy(bank: Bank) -> Samples:
    """Mix as one would without a mixer: whole arrays, no limiter."""
    gains = np.ones(SOURCES, dtype=np.float32)
    gains[0] = 1.41
    return np.asarray(np.einsum("k,kcn->cn", gains, bank.samples))


def by_pedalboard(bank: Bank) -> Samples:
    """Pedalboard: a gain per source, added up, its limiter."""
    from pedalboard import Gain, Limiter
    from pedalboard._pedalboard import Pedalboard

    total = np.zeros(bank.samples.shape[1:], dtype=np.float32)
    for k in range(SOURCES):
        total += Pedalboard([Gain(3.0 if k == 0 else 0.0)])(bank.samples[k], RATE)
    return np.asarray(Pedalboard([Limiter(threshold_db=-1.0)])(total, RATE))


def mixing(bank: Bank, seconds: float) -> None:
    """Print the speed with six sources as they are."""
    quiet = mixer(bank)
    bus, cue, none = np.zeros((2, 8192)), np.zeros((2, 8192)), np.zeros((0, 2, 0), dtype=np.float32)

    def decks_alone() -> None:
        for _ in range(round(seconds * RATE / BLOCK)):
            quiet.decks[0].render(bus, BLOCK, cue, none, 0)

    rows = [
        ("decks alone, no master chain", decks_alone),
        ("whole mixer, below the ceiling", lambda: bounce(mixer(bank), seconds)),
        ("whole mixer, limiter at work", lambda: bounce(mixer(bank, gain=18.0), seconds)),
        ("plain numpy, whole arrays, no limiter", lambda: by_numpy(bank)),
        ("pedalboard Gain + Limiter, whole arrays", lambda: by_pedalboard(bank)),
        ("measuring loudness of the result", lambda: integrated_lufs(bank.samples[0], RATE)),
        ("measuring true peak of the result", lambda: true_peak_dbtp(bank.samples[0])),
    ]
    print(f"| {SOURCES} sources, {seconds:g} s | x real time |\n|---|---|")
    for name, work in rows:
        print(f"| {name} | {speed(seconds, work, 1 if name.startswith('decks') else 3):.0f} |", flush=True)


def stretching(bank: Bank, seconds: float) -> None:
    """Print the same at another tempo, and how the sum of stretched sources differs from the stretched sum."""
    print(f"\n| tempo x {TEMPO} | sum of the deck | every source | null of one against the other, dB |\n|---|---|---|---|")
    engines: tuple[Engine, ...] = ("R3", "R3-short", "R2")
    modes: tuple[StretchMode, ...] = ("sum", "sources")
    for engine in engines:
        mixed = [timed(mixer(bank, 0.0, TEMPO, mode, engine), seconds) for mode in modes]
        outs, speeds = [out for out, _ in mixed], [fast for _, fast in mixed]
        null = rms_dbfs(outs[0] - outs[1]) - rms_dbfs(outs[0])
        print(f"| {engine} | {speeds[0]:.1f} | {speeds[1]:.1f} | {null:.1f} |", flush=True)


def trueness(bank: Bank, seconds: float) -> None:
    """Print what is left of the song when everything stands at 0 dB."""
    still = Mixer(RATE, [Deck("a", bank)])
    out = bounce(still, seconds)[:, still.latency :]
    song = bank.samples.astype(np.float64).sum(axis=0)[:, : out.shape[1]]
    left = db_of_gain(float(np.abs(out - song).max()))
    print(f"\nAt 0 dB the bounce differs from the sum of its sources by at most {left:.0f} dBFS (-200 is not at all).")


if __name__ == "__main__":
    length = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    samples = music(length)
    song = Bank(tuple(f"s{k}" for k in range(SOURCES)), samples, RATE, Beatgrid.steady_at(120.0, 0.0, length))
    mixing(song, length)
    stretching(song, length / 2)
    trueness(song, length)

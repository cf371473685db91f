"""Multitracks out of nothing but a number: drums, bass, vocals and other in one key and tempo.

`song(bank, seed, index)` is the same for the same three, whatever was made before.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import signal

from engine.model.audio import Samples
from engine.train import notes, sources, synths, voices
from engine.train.sources import RATE

SECONDS = 8.0
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 3, 4, 3), (0, 0, 3, 4), (0, 5, 3, 4), (0, 6, 5, 6), (0, 2, 3, 3), (0, 0, 0, 0))
"""Steps of the scale, a bar each."""
Instrument = notes.Sampled | synths.Synth


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Everything that songs are played with, and whose it is."""

    shots: sources.Shots
    basses: list[notes.Sampled]
    others: list[notes.Sampled]
    sung: list[voices.Phrase]
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the players agree on. `beat` in seconds, `root` a pitch class, `swing` a share of a sixteenth."""

    beat: float
    root: int
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    swing: float
    seconds: float

    def pitch(self, step: int, lowest: int) -> int:
        """Return the MIDI note of a step of the scale, counted upwards from the lowest."""
        octave, within = divmod(step, 7)
        first = lowest + (self.root - lowest) % 12
        return first + 12 * octave + self.scale[within]

    def chord(self, at: float) -> int:
        """Return the step of the chord at a time in seconds."""
        return self.chords[int(at / (4 * self.beat)) % len(self.chords)]

    def sixteenths(self) -> list[float]:
        """Return when each sixteenth falls, in seconds."""
        count = int(self.seconds / self.beat * 4)
        return [(i + self.swing * (i % 2)) * self.beat / 4 for i in range(count)]


def bank(data: Path, font: Path | None = None) -> Bank:
    """Read and render everything that songs are played with. `font` None: no sound font."""
    shots = sources.shots(data)
    played = notes.instruments(font) if font is not None else None
    used = sources.used(data, font if played else None)
    basses, others, struck = played or ([], [], {})
    shots = replace(shots, struck={kind: hits + struck.get(kind, []) for kind, hits in shots.struck.items()})
    return Bank(shots, basses, others, voices.phrases(shots.sung), used)


def song(bank: Bank, seed: int, index: int, seconds: float = SECONDS) -> Samples:
    """Return one multitrack [shape=(4, 2, frames), float32]: drums, bass, vocals, other, each at about -20 dBFS."""
    rng = np.random.default_rng((seed, index))
    plan = agreed(rng, seconds)
    return np.stack([levelled(play(plan, bank, rng)) for play in (drums, bass, vocals, other)])


def agreed(rng: np.random.Generator, seconds: float) -> Plan:
    """Return a tempo, a key and chords by chance."""
    beat = 60.0 / float(rng.uniform(70, 175))
    chords = PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))]
    return Plan(
        beat,
        int(rng.integers(12)),
        (MAJOR, MINOR)[int(rng.integers(2))],
        chords,
        float(rng.choice([0, 0, rng.uniform(0, 0.5)])),
        seconds,
    )


def levelled(stem: Samples) -> Samples:
    """Return a stem at -20 dBFS (its louder half, so that rests do not count)."""
    blocks = np.square(stem[:, : stem.shape[1] // 4410 * 4410]).mean(axis=0).reshape(-1, 4410).mean(axis=1)
    level = np.sqrt(np.mean(np.sort(blocks)[blocks.size // 2 :]))
    return np.asarray(stem * np.float32(0.1 / max(1e-5, float(level))), dtype=np.float32)


def put(stem: Samples, sound: Samples, at: float, gain: float = 1.0, pan: float = 0.0) -> None:
    """Add a mono sound to a stereo stem, `at` seconds; `pan` -1..1 by the sine law."""
    start = max(0, round(at * RATE))
    sound = sound[: max(0, stem.shape[1] - start)]
    angle = (pan + 1) * np.pi / 4
    stem[0, start : start + sound.size] += np.float32(gain * np.cos(angle) * 1.414) * sound
    stem[1, start : start + sound.size] += np.float32(gain * np.sin(angle) * 1.414) * sound


def empty(plan: Plan) -> Samples:
    """Return a silent stem."""
    return np.zeros((2, round(plan.seconds * RATE)), dtype=np.float32)


def drums(plan: Plan, bank: Bank, rng: np.random.Generator) -> Samples:
    """Play a pattern of one-shots, or a loop fitted to the tempo, or both."""
    stem = empty(plan)
    if rng.uniform() < 0.25 and bank.shots.loops:
        loop = bank.shots.loops[int(rng.integers(len(bank.shots.loops)))]
        fitted = notes.read_at(loop, float(rng.uniform(0.8, 1.25)), plan.seconds)
        put(stem, np.resize(fitted, stem.shape[1]), 0.0)
        if rng.uniform() < 0.6:
            return stem
    chances = pattern(rng)
    for kind, chance in chances.items():
        if not (hits := bank.shots.struck[kind]):
            continue
        hit = notes.read_at(hits[int(rng.integers(len(hits)))], float(rng.uniform(0.85, 1.2)), 1.5)
        loud = {"kick": 1.0, "snare": 0.8, "hat": 0.3, "cymbal": 0.3, "perc": 0.4}[kind] * float(np.exp(rng.normal(0, 0.3)))
        pan = 0.0 if kind in {"kick", "snare"} else float(rng.uniform(-0.7, 0.7))
        once = rng.uniform(size=16) < chance
        for i, at in enumerate(plan.sixteenths()):
            if once[i % 16] != (rng.uniform() < 0.04):
                put(stem, hit, at + float(rng.normal(0, 0.003)), loud * float(rng.uniform(0.6, 1)), pan)
    return roomy(stem, rng, 0.3, 0.4)


def pattern(rng: np.random.Generator) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return how likely each kind is struck on each sixteenth of a bar."""
    i = np.arange(16)
    four = rng.uniform() < 0.4
    kick = np.where(i % 4 == 0, 1.0, 0.04) if four else np.where(i == 0, 1.0, np.where(i % 2 == 0, 0.25, 0.1))
    every = int(rng.choice([1, 2, 2, 4]))
    chosen = {
        "kick": kick,
        "snare": np.where(i % 8 == 4, 0.95, 0.05),
        "hat": np.where(i % every == every // 2 * int(rng.integers(2)), 0.95, 0.03),
    }
    if rng.uniform() < 0.4:
        chosen["cymbal"] = np.where(i == 0, 0.5, 0.02) if rng.uniform() < 0.5 else np.where(i % 4 == 2, 0.8, 0.0)
    if rng.uniform() < 0.4:
        chosen["perc"] = np.full(16, 0.15)
    for kind in [k for k in chosen if rng.uniform() < 0.12]:
        del chosen[kind]
    return chosen or {"kick": kick}


def bass(plan: Plan, bank: Bank, rng: np.random.Generator) -> Samples:
    """Play roots, fifths and octaves in a rhythm that repeats by the bar."""
    stem = empty(plan)
    lowest = int(rng.integers(26, 36))
    which = rng.uniform()
    if which < 0.45 or not bank.basses:
        sound: Instrument = synths.some_bass(rng)
    elif which < 0.9:
        sound = bank.basses[int(rng.integers(len(bank.basses)))]
    else:
        shot = bank.shots.basses[int(rng.integers(len(bank.shots.basses)))]
        sound = notes.Sampled((36,), (shot.astype(np.float16),))
    struck = rng.uniform(size=16) < float(rng.choice([0.1, 0.3, 0.6, 0.9])) * np.where(np.arange(16) % 2, 0.5, 1)
    struck[0] = True
    steps = rng.choice([0, 0, 0, 4, 7, 2], size=16)
    length = float(rng.choice([0.5, 0.9, 1.0]))
    starts = np.flatnonzero(struck)
    times = plan.sixteenths()
    for i, at in enumerate(times):
        if struck[i % 16]:
            until = min((s - i % 16 - 1) % 16 + 1 for s in starts)
            pitch = plan.pitch(plan.chord(at) % 7 + int(steps[i % 16]), lowest)
            put(stem, sound.note(pitch, min(2.0, until * plan.beat / 4 * length), rng), at, float(rng.uniform(0.8, 1)))
    return driven(stem, rng) if rng.uniform() < 0.3 else stem


def vocals(plan: Plan, bank: Bank, rng: np.random.Generator) -> Samples:
    """Sing phrases, recorded or synthesised, with rests between; sometimes doubled."""
    stem = empty(plan)
    at = float(rng.uniform(0, 2)) * plan.beat
    recorded = bool(bank.sung) and rng.uniform() < 0.55
    centre = int(rng.integers(48, 68))
    while at < plan.seconds - 0.5:
        if recorded:
            phrase = bank.sung[int(rng.integers(len(bank.sung)))]
            steps = [plan.pitch(k, 30) for k in range(28)]
            sound = voices.moved(phrase, min(steps, key=lambda p: abs(p - phrase.pitch - rng.integers(-5, 8))))
        else:
            count = int(rng.integers(2, 9))
            melody = np.cumsum(rng.integers(-2, 3, size=count)) % 9
            lengths = [float(rng.choice([0.5, 0.5, 1, 1, 2])) * plan.beat for _ in range(count)]
            sound = voices.sung([plan.pitch(int(k), centre) for k in melody], lengths, rng)
        put(stem, sound, at)
        if rng.uniform() < 0.2:
            for pan in (-0.7, 0.7):
                put(
                    stem,
                    notes.read_at(sound, 2 ** float(rng.normal(0, 0.006)), 60.0),
                    at + float(rng.uniform(0.005, 0.03)),
                    0.5,
                    pan,
                )
        at = np.ceil((at + sound.size / RATE) / plan.beat + int(rng.integers(0, 3))) * plan.beat
    return roomy(stem, rng, 0.6, 1.5)


def other(plan: Plan, bank: Bank, rng: np.random.Generator, players: "tuple[Player, ...] | None" = None) -> Samples:
    """Play one to three of chords, arpeggios and melodies, or of the players given, and sometimes a texture."""
    stem = empty(plan)
    players = (chords, arpeggio, melody) if players is None else players
    for _ in range(int(rng.integers(1, 4))):
        use_font = bool(bank.others) and rng.uniform() < 0.6
        sound: Instrument = bank.others[int(rng.integers(len(bank.others)))] if use_font else synths.some_other(rng)
        lowest, pan = int(rng.integers(43, 68)), float(rng.choice([0, rng.uniform(-0.8, 0.8)]))
        layer = empty(plan)
        players[int(rng.integers(len(players)))](layer, plan, sound, lowest, pan, rng)
        layer *= np.float32(np.exp(rng.normal(0, 0.4)) / max(1e-4, float(np.sqrt(np.mean(np.square(layer))))))
        stem += spread(layer, rng) if rng.uniform() < 0.4 else layer
    if bank.shots.textures and rng.uniform() < 0.15:
        texture = bank.shots.textures[int(rng.integers(len(bank.shots.textures)))]
        put(
            stem,
            notes.read_at(texture, float(rng.uniform(0.5, 2)), plan.seconds),
            float(rng.uniform(0, 4)),
            float(rng.uniform(0.5, 3)),
        )
    return roomy(stem, rng, 0.6, 2.0)


Player = Callable[[Samples, Plan, Instrument, int, float, np.random.Generator], None]
"""Adds to a stem: what is agreed, an instrument, its lowest note, where it stands."""


def chords(stem: Samples, plan: Plan, sound: Instrument, lowest: int, pan: float, rng: np.random.Generator) -> None:
    """Play three to four notes of the chord together, held or struck."""
    every = float(rng.choice([0.5, 1, 2, 4, 4])) * plan.beat
    members = (0, 2, 4, 6)[: int(rng.integers(3, 5))]
    for i in range(int(plan.seconds / every)):
        for k in members:
            pitch = plan.pitch(plan.chord(i * every) % 7 + k, lowest)
            put(stem, sound.note(pitch, min(2.1, every * 0.95), rng), i * every, 0.5, pan)


def arpeggio(stem: Samples, plan: Plan, sound: Instrument, lowest: int, pan: float, rng: np.random.Generator) -> None:
    """Play the chord note by note in eighths or sixteenths."""
    order, stride = rng.choice([0, 2, 4, 7, 9], size=8), int(rng.choice([1, 2]))
    for i, at in enumerate(plan.sixteenths()[::stride]):
        pitch = plan.pitch(plan.chord(at) % 7 + int(order[i % 8]), lowest)
        put(stem, sound.note(pitch, stride * plan.beat / 4 * 1.2, rng), at, float(rng.uniform(0.6, 1)), pan)


def melody(stem: Samples, plan: Plan, sound: Instrument, lowest: int, pan: float, rng: np.random.Generator) -> None:
    """Play a line that wanders over the scale."""
    at, step = 0.0, 4
    while at < plan.seconds - 0.1:
        length = float(rng.choice([0.25, 0.5, 0.5, 1, 2])) * plan.beat
        step = int(np.clip(step + rng.integers(-2, 3), 0, 13))
        if rng.uniform() < 0.85:
            put(stem, sound.note(plan.pitch(step, lowest), min(2.1, length), rng), at, float(rng.uniform(0.7, 1)), pan)
        at += length


def roomy(stem: Samples, rng: np.random.Generator, chance: float, most: float) -> Samples:
    """Add a room by chance: two decaying noises, of `most` seconds at most."""
    if rng.uniform() >= chance:
        return stem
    seconds = float(rng.uniform(0.15, most))
    n = round(seconds * RATE)
    fall = np.exp(-6.9 * np.arange(n) / n).astype(np.float32)
    room = rng.standard_normal((2, n), dtype=np.float32) * fall
    room /= np.sqrt(np.square(room).sum(axis=1, keepdims=True))
    wet = signal.oaconvolve(stem, room, axes=1)[:, : stem.shape[1]]
    return np.asarray(stem + np.float32(rng.uniform(0.1, 0.5)) * wet, dtype=np.float32)


def spread(stem: Samples, rng: np.random.Generator) -> Samples:
    """Widen by a short delay in one channel."""
    return np.stack([stem[0], np.roll(stem[1], int(rng.integers(200, 1200)))])


def driven(stem: Samples, rng: np.random.Generator) -> Samples:
    """Saturate."""
    drive = np.float32(rng.uniform(1, 5) / max(1e-4, float(np.abs(stem).max())))
    return np.asarray(np.tanh(stem * drive), dtype=np.float32)

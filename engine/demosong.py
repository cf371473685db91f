"""A song made from known parts: 18 bars, 112 bpm, A minor, about 39 s, with five loops and a sung-like lead.

It is what the demo takes apart. Since every part is known, it can say how well each was recovered. Everything is synthesised
here from sines and seeded noise, so that it sounds the same on every machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.model.audio import Audio, Samples
from engine.model.grid import Beatgrid

RATE = 44_100
BPM = 112.0
BARS = 18
LEAD_IN = 0.31
"""Seconds before bar 1, as in a song that was cut from a longer file."""
TAIL = 0.6
STEP = 60.0 / BPM / 4
"""A sixteenth in seconds."""

Voice = NDArray[np.float64]
Events = Sequence[tuple[float, Voice]]
"""(sixteenth, mono samples)"""


@dataclass(frozen=True, slots=True, eq=False)
class DemoSong:
    """The mix, its grid, and its parts by name [each shape=(2, frames)]. Stems and loops + vocals each sum to the mix."""

    mix: Audio
    grid: Beatgrid
    loops: dict[str, Samples]
    stems: dict[str, Samples]


def demo_song() -> DemoSong:
    """Return the song."""
    loops = {name: _arranged(make(), pan, layout) for name, make, pan, layout in LOOPS}
    lead = _placed(_melody(), 0.0)
    stems = {
        "drums": loops["beat"] + loops["hats"],
        "bass": loops["bassline"],
        "vocals": lead,
        "other": loops["chords"] + loops["arpeggio"],
    }
    mix = np.sum(list(stems.values()), axis=0)
    level = np.float32(0.8 / np.abs(mix).max())
    seconds = mix.shape[1] / RATE
    return DemoSong(
        Audio(np.asarray(mix * level), RATE),
        Beatgrid.steady_at(BPM, LEAD_IN, seconds),
        {name: np.asarray(x * level) for name, x in loops.items()},
        {name: np.asarray(x * level) for name, x in stems.items()},
    )


# --- instruments, each a mono note


def _time(seconds: float) -> Voice:
    return np.arange(round(seconds * RATE)) / RATE


def _faded(x: Voice) -> Voice:
    n = min(64, x.size)
    x[-n:] *= np.linspace(1.0, 0.0, n)
    return x


def _noise(seconds: float, low: float, high: float, seed: int) -> Voice:
    """Noise between two frequencies in Hz."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    spectrum = fft.rfft(white)
    hz = fft.rfftfreq(white.size, 1 / RATE)
    shaped: Voice = fft.irfft(spectrum * ((hz > low) & (hz < high)), white.size)
    return np.asarray(shaped / np.abs(shaped).max())


def _kick() -> Voice:
    t = _time(0.3)
    sweep = 48.0 * t + 110.0 * 0.035 * (1.0 - np.exp(-t / 0.035))
    return _faded(np.sin(2 * np.pi * sweep) * np.exp(-t / 0.11) + 0.3 * np.exp(-t / 0.002))


def _snare() -> Voice:
    t = _time(0.22)
    body = np.sin(2 * np.pi * 186.0 * t) * np.exp(-t / 0.05)
    return _faded(0.5 * body + 0.55 * _noise(0.22, 900.0, 11_000.0, 1) * np.exp(-t / 0.06))


def _hat(decay: float) -> Voice:
    t = _time(min(0.3, 6 * decay))
    return _faded(0.35 * _noise(t.size / RATE, 6_500.0, 18_000.0, 2) * np.exp(-t / decay))


def _note(midi: float, seconds: float, harmonics: Sequence[float], decay: float) -> Voice:
    """Play a plucked or held tone; its harmonics die the sooner the higher they are."""
    t = _time(seconds)
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    tone = sum(a * np.sin(2 * np.pi * hz * (k + 1) * t) * np.exp(-t * (1 + 0.4 * k) / decay) for k, a in enumerate(harmonics))
    return _faded(np.asarray(tone) * np.minimum(1.0, t / 0.004))


SAW = tuple(1.0 / k for k in range(1, 13))
ORGAN = (1.0, 0.5, 0.0, 0.35, 0.0, 0.0, 0.0, 0.2)
BELL = (1.0, 0.0, 0.45, 0.0, 0.25)


# --- the loops, one or two bars each


def _beat() -> Events:
    return [(s, 0.9 * _kick()) for s in (0, 7, 10)] + [(s, 0.7 * _snare()) for s in (4, 12)]


def _hats() -> Events:
    return [(s, (3.6 if s % 4 else 2.5) * _hat(0.07 if s == 14 else 0.025)) for s in (0, 2, 4, 6, 8, 10, 11, 12, 14)]


def _bassline() -> Events:
    notes = [(0, 33, 3), (3, 33, 3), (6, 36, 2), (8, 31, 3), (11, 31, 3), (14, 28, 2)]
    return [(s, 0.42 * _note(m, n * STEP, SAW[:7], 0.5)) for s, m, n in notes]


def _chords() -> Events:
    bars = ((57, 60, 64), (55, 59, 62))
    chord = [sum(_note(m, 7.5 * STEP, ORGAN, 2.0) for m in notes) for notes in bars]
    return [(16.0 * b + s, 0.13 * np.asarray(chord[b])) for b in (0, 1) for s in (0, 8)]


def _arpeggio() -> Events:
    notes = (81, 76, 84, 76, 88, 84, 76, 81)
    return [(2.0 * i + 1.0, 0.27 * _note(m, 3 * STEP, BELL, 0.25)) for i, m in enumerate(notes)]


# --- the lead: one voice gliding between notes, vowels by formants (Peterson & Barney, JASA 1952)

VOWELS = {"a": (730.0, 1090.0, 2440.0), "o": (570.0, 840.0, 2410.0), "i": (270.0, 2290.0, 3010.0)}
MELODY = (
    (64, 69, 6, "a"), (70, 72, 4, "o"), (76, 71, 6, "a"), (84, 67, 8, "i"), (96, 69, 10, "a"), (108, 76, 6, "o"),
    (116, 74, 6, "a"), (128, 72, 6, "i"), (135, 71, 5, "a"), (141, 69, 11, "o"), (192, 76, 8, "a"), (202, 74, 5, "o"),
    (208, 72, 7, "a"), (217, 71, 6, "i"), (224, 69, 14, "a"), (240, 64, 9, "o"), (250, 69, 22, "a"),
)  # fmt: skip
"""(sixteenth, MIDI note, length in sixteenths, vowel)"""


def _sung(midi: float, seconds: float, vowel: str) -> Voice:
    t = _time(seconds)
    glide = -1.5 * np.exp(-t / 0.05)
    vibrato = 0.35 * np.minimum(1.0, t / 0.4) * np.sin(2 * np.pi * 5.6 * t)
    hz = 440.0 * 2 ** ((midi - 69 + glide + vibrato) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    voice = np.zeros_like(t)
    # The vowel changes no faster than the vibrato: every 64th sample of it is enough.
    slow = slice(None, None, 64)
    for k in range(1, 25):
        strength = sum(np.exp(-(((k * hz[slow] - f) / 110.0) ** 2) / 2) for f in VOWELS[vowel]) + 0.03
        voice += np.interp(t, t[slow], strength) / k**0.5 * np.sin(k * phase)
    breath = 0.02 * _noise(seconds, 2_000.0, 8_000.0, int(midi))
    swell = np.minimum(1.0, t / 0.06) * np.minimum(1.0, (seconds - t) / 0.09)
    return np.asarray(0.32 * (voice + breath) * swell)


def _melody() -> Voice:
    mono = np.zeros(_frames())
    for step, midi, length, vowel in MELODY:
        _add(mono, LEAD_IN + step * STEP, _sung(midi, length * STEP, vowel))
    return mono


# --- arranging


def _frames() -> int:
    return round((LEAD_IN + BARS * 16 * STEP + TAIL) * RATE)


def _add(line: Voice, seconds: float, note: Voice) -> None:
    start = round(seconds * RATE)
    line[start : start + note.size] += note[: line.size - start]


def _placed(mono: Voice, pan: float) -> Samples:
    """Pan with constant power: -1 left, 1 right."""
    angle = (pan + 1.0) * np.pi / 4
    return np.asarray(np.sqrt(2.0) * np.array([[np.cos(angle)], [np.sin(angle)]]) * mono, dtype=np.float32)


def _arranged(events: Events, pan: float, layout: Sequence[tuple[int, int]]) -> Samples:
    """Play a loop in the bars of `layout` (from, to); two-bar loops keep their phase to bar 1."""
    mono = np.zeros(_frames())
    bars = 2 if max(step for step, _ in events) >= 16 else 1
    for first, last in layout:
        for bar in range(first, last):
            for step, note in events:
                if bar % bars == int(step // 16):
                    _add(mono, LEAD_IN + (16 * bar + step % 16) * STEP, note)
    return _placed(mono, pan)


Loop = tuple[str, Callable[[], Events], float, tuple[tuple[int, int], ...]]

LOOPS: tuple[Loop, ...] = (
    ("beat", _beat, 0.0, ((0, 10), (12, 17))),
    ("hats", _hats, 0.3, ((2, 10), (12, 18))),
    ("bassline", _bassline, 0.0, ((4, 12), (14, 18))),
    ("chords", _chords, -0.2, ((6, 16),)),
    ("arpeggio", _arpeggio, 0.45, ((0, 4), (8, 14), (16, 18))),
)

"""Singing: recorded phrases moved to the key, and a synthesised voice.

A phrase is moved by reading it faster or slower, which moves the formants too and so makes other singers of one. The
synthesised voice is a glottal slope through three formants (vowels after Peterson & Barney, "Control methods used in a study of
the vowels", JASA 24(2), 1952), with vibrato, slides between notes, breath and consonants of noise.
"""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from engine.model.audio import Samples
from engine.train.notes import read_at
from engine.train.sources import RATE

VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (660, 1720, 2410),
    (490, 1350, 1690),
)
"""Hz of the first three formants."""
FRAME = 4096
QUIET = 0.03
"""Of the peak: what lies between phrases is below."""


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A sung phrase [shape=(frames,)] and the MIDI pitch it stays at most."""

    samples: Samples
    pitch: float


def phrases(recordings: list[Samples]) -> list[Phrase]:
    """Cut recordings at their silences and find the pitch of each phrase."""
    return [Phrase(cut, pitch_of(cut)) for recording in recordings for cut in cuts(recording)]


def cuts(recording: Samples) -> list[Samples]:
    """Return the stretches of a second or more between silences."""
    hop = RATE // 100
    level = np.sqrt(np.mean(np.square(recording[: recording.size // hop * hop].reshape(-1, hop)), axis=1))
    loud = np.convolve(level > QUIET * level.max(), np.ones(25), "same") > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]]))).reshape(-1, 2)
    return [recording[start * hop : end * hop] for start, end in edges if end - start >= 100]


def pitch_of(phrase: Samples) -> float:
    """Return the median pitch of a phrase as a MIDI note, by autocorrelation.

    The period of a frame is the shortest one of 80 to 900 Hz after which it is about as like itself as after any.
    """
    frames = np.lib.stride_tricks.sliding_window_view(phrase, FRAME)[:: FRAME // 2]
    alike = np.fft.irfft(np.square(np.abs(np.fft.rfft(frames, 2 * FRAME))))[:, :FRAME]
    alike /= (alike[:, :1] + 1e-9) * (1 - np.arange(FRAME) / FRAME)
    first, last = RATE // 900, RATE // 80
    likeness = alike[:, first:last]
    good = likeness >= 0.95 * likeness.max(axis=1, keepdims=True)
    lag = []
    for row, within in zip(likeness, good, strict=True):
        start = int(np.argmax(within))
        end = start + int(np.argmin(np.append(within[start:], False)))
        lag.append(first + start + int(np.argmax(row[start:end])))
    return float(69 + 12 * np.log2(RATE / float(np.median(lag)) / 440))


def moved(phrase: Phrase, pitch: float) -> Samples:
    """Return a phrase at another pitch."""
    return read_at(phrase.samples, 2.0 ** ((pitch - phrase.pitch) / 12), 60.0)


def sung(pitches: list[float], seconds: list[float], rng: np.random.Generator) -> Samples:
    """Return a synthesised phrase [shape=(frames,), peak about 1]: one note after the other.

    Parameters
    ----------
    pitches : MIDI notes
    seconds : length of each
    """
    lengths = [round(s * RATE) for s in seconds]
    pitch = np.repeat(np.array(pitches, dtype=np.float64), lengths)
    t = np.arange(pitch.size) / RATE
    slide = round(rng.uniform(0.03, 0.09) * RATE)
    pitch = signal.oaconvolve(np.pad(pitch, (slide, slide), mode="edge"), np.hanning(slide) / np.hanning(slide).sum(), "same")[
        slide:-slide
    ]
    pitch += rng.uniform(0.1, 0.6) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t) * np.minimum(1, t / 0.4) + 0.05 * wandering(
        pitch.size, rng
    )
    phase = np.cumsum(440.0 * 2.0 ** ((pitch - 69) / 12) / RATE).astype(np.float32)
    out = np.zeros(pitch.size, dtype=np.float32)
    size, start = rng.uniform(0.9, 1.25), 0
    for k, n in enumerate(lengths):
        out[start : start + n] = vowel(phase[start : start + n], pitches[k], VOWELS[int(rng.integers(len(VOWELS)))], size, rng)
        start += n
    return np.asarray(out / max(1e-6, float(np.abs(out).max())), dtype=np.float32)


def vowel(phase: Samples, pitch: float, formants: tuple[int, ...], size: float, rng: np.random.Generator) -> Samples:
    """Return one note [shape of phase]: harmonics under formants, breath, and sometimes a consonant before it."""
    hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    cycle = np.zeros(513, dtype=np.complex128)
    k = np.arange(1, max(2, min(500, int(9_000 / hz))))
    heard = (
        sum(a / (1 + ((k * hz - f * size) / (90 + 0.05 * f)) ** 2) for f, a in zip(formants, (1.0, 0.6, 0.35), strict=True))
        + 0.01
    )
    cycle[1 : k.size + 1] = heard / k**0.7 * np.exp(2j * np.pi * rng.uniform(size=k.size) * 0.3)
    wave = np.fft.irfft(cycle)
    wave /= np.abs(wave).max()
    n = phase.size
    note = wave[(phase % 1 * 1024).astype(np.int32) % 1024].astype(np.float32)
    note += rng.uniform(0.005, 0.04) * rng.standard_normal(n, dtype=np.float32)
    t = np.arange(n, dtype=np.float32) / RATE
    note *= np.minimum(1, t / 0.03) * np.minimum(1, t[::-1] / 0.05) * np.float32(rng.uniform(0.6, 1))
    if rng.uniform() < 0.6:
        m = min(n, round(rng.uniform(0.02, 0.11) * RATE))
        note[:m] *= np.linspace(0.1, 1, m, dtype=np.float32)
        note[:m] += (
            np.float32(rng.uniform(0.05, 0.3))
            * np.diff(rng.standard_normal(m + 1, dtype=np.float32))
            * np.hanning(m).astype(np.float32)
        )
    return note


def wandering(n: int, rng: np.random.Generator) -> Samples:
    """Return a slow random line [shape=(n,)], about 1 in size."""
    points = rng.standard_normal(n // 4410 + 2)
    return np.interp(np.arange(n) / 4410, np.arange(points.size), points).astype(np.float32)

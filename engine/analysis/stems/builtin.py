"""The built-in separator: no model, no training, only what lasts, what strikes, and where it lies.

Three steps, each a soft mask on the complex spectrum of all channels:

1. Vocals. With a long window (0.37 s) a sung note wavers too much to last and goes with the strikes; with a short one
   (46 ms) it lasts and the strikes do not. So vocals are what strikes in the first and lasts in the second (Tachibana, Ono &
   Sagayama, "Singing voice enhancement in monaural music signals based on two-stage harmonic/percussive sound separation",
   IEEE/ACM TASLP 22(1), 2014), above the bass, and rather in the middle of the stereo image (after Avendano & Jot, "A
   frequency-domain approach to multichannel upmix", JAES 52(7), 2004).
2. Drums. What strikes in the rest (Fitzgerald, DAFx 2010: `engine.dsp.hpss`), and the more the higher it lies.
3. Bass and other. What lasts in the rest, split at 350 Hz.

The four add up to the song. The kernel lengths were found by coarse search on songs with known stems (`benchmarks/stems.py`).

A song is worked through in pieces with as much context on both sides as the masks can see, so that the pieces do not show.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from engine.analysis.stems.parts import STEM_IDS, stem_parts
from engine.dsp.hpss import Magnitude, harmonic_share, odd
from engine.dsp.spectra import Spectrum, istft, stft
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.separation import Provenance, Separation

VERSION = 1
PIECE_SECONDS = 20.0
MOST_PIECE_FRAMES = 1 << 21
"""Keeps a piece of a song at a very high rate small."""
UNIT_SECONDS = 0.0116
"""The shortest hop; the others are whole multiples, so that a piece that starts at a multiple of all has the song's frames."""
VOCALS_ABOVE, BASS_BELOW, STRIKING_ABOVE = 160.0, 350.0, 5000.0
"""Hz. Singing is not sought below; bass and other part here; what lies above is rather struck."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look for what lasts: the hop (a window has four) in units, the medians in seconds and Hz."""

    hop: int
    seconds: float
    hz: float

    def sizes(self, rate: int) -> tuple[int, int, int, int]:
        """Return hop and window in samples, the median over time in frames, that over frequency in bins."""
        hop = self.hop * fft.next_fast_len(round(rate * UNIT_SECONDS), real=True)
        return hop, 4 * hop, odd(self.seconds * rate / hop), odd(self.hz * 4 * hop / rate)

    def reach(self, rate: int) -> int:
        """Return how many samples away something may lie and still count."""
        hop, size, frames, _ = self.sizes(rate)
        return (frames // 2 + 1) * hop + size


CHORDS = Look(8, 3.0, 30.0)
SINGING = Look(1, 0.1, 400.0)
DRUMS = Look(4, 1.2, 45.0)


@dataclass(frozen=True, slots=True)
class BuiltinSeparator:
    """Takes any song apart, at any rate, mono or stereo. `note` says why it serves."""

    note: str = ""

    @property
    def provenance(self) -> Provenance:
        """Settings are part of the version."""
        return Provenance("builtin", VERSION, note=self.note)

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Return the four stems, piece by piece."""
        piece = min(round(PIECE_SECONDS * audio.rate), MOST_PIECE_FRAMES)
        return Separation(stem_parts(STEM_IDS), self.provenance, in_pieces(audio, piece, progress))


def in_pieces(audio: Audio, piece: int, progress: Progress = no_progress) -> Iterator[Samples]:
    """Yield drums, bass, vocals and other in blocks of about `piece` frames [shape=(4, channels, n), float32]."""
    step = CHORDS.sizes(audio.rate)[0]
    piece = -(-piece // step) * step
    context = sum(look.reach(audio.rate) for look in (CHORDS, SINGING, DRUMS))
    context = -(-context // step) * step
    for start in range(0, audio.frames, piece):
        first, stop = max(0, start - context), min(audio.frames, start + piece)

        def report(share: float, start: int = start, stop: int = stop) -> None:
            progress((start + share * (stop - start)) / audio.frames)

        four = four_stems(Audio(audio.samples[:, first : stop + context], audio.rate), report)
        yield four[..., start - first : stop - first]


def four_stems(audio: Audio, report: Callable[[float], None]) -> Samples:
    """Return drums, bass, vocals and other of a piece [shape=(4, channels, frames), float32]."""
    x, rate, n = audio.samples, audio.rate, audio.frames
    hop, size, *_ = CHORDS.sizes(rate)
    spectrum, lasting, _ = _looked_at(x, rate, CHORDS)
    moving = istft(spectrum * (1 - lasting), size, hop, n)
    report(1 / 3)

    hop, size, *_ = SINGING.sizes(rate)
    spectrum, lasting, hz = _looked_at(moving, rate, SINGING)
    sung = lasting * _above(hz, VOCALS_ABOVE, 4) * np.sqrt(_centred(spectrum))
    vocals = istft(spectrum * sung, size, hop, n)
    rest = x - vocals
    report(2 / 3)

    hop, size, *_ = DRUMS.sizes(rate)
    spectrum, lasting, hz = _looked_at(rest, rate, DRUMS)
    lasting *= 1 - _above(hz, STRIKING_ABOVE, 1)
    drums = istft(spectrum * (1 - lasting), size, hop, n)
    bass = istft(spectrum * (lasting * (1 - _above(hz, BASS_BELOW, 1))), size, hop, n)
    report(1.0)
    return np.stack([drums, bass, vocals, rest - drums - bass])


def _looked_at(x: Samples, rate: int, look: Look) -> tuple[Spectrum, Magnitude, Magnitude]:
    """Return the spectrum, the share of it that lasts, and its frequencies in Hz [shape=(bins, 1)]."""
    hop, size, frames, bins = look.sizes(rate)
    spectrum = stft(x, size, hop)
    magnitude = np.sqrt(np.mean(np.abs(spectrum) ** 2, axis=0))
    hz = (np.arange(size // 2 + 1, dtype=np.float32) * np.float32(rate / size))[:, None]
    return spectrum, harmonic_share(magnitude, frames, bins), hz


def _above(hz: Magnitude, corner: float, order: int) -> Magnitude:
    """Return the squared gain of a Butterworth high-pass: 0.5 at the corner."""
    ratio = (hz / np.float32(corner)) ** (2 * order)
    return np.asarray(ratio / (1 + ratio), dtype=np.float32)


def _centred(spectrum: Spectrum) -> Magnitude:
    """Return how alike the channels are in each bin and its neighbours: 1 in the middle, 0 at the sides or out of phase."""
    left, right = spectrum[0], spectrum[-1]
    both = ndimage.uniform_filter(2 * (left * right.conj()).real, 3)
    power = ndimage.uniform_filter(np.abs(left) ** 2 + np.abs(right) ** 2, 3)
    return np.asarray(np.clip(both / (power + np.float32(1e-20)), 0.0, 1.0), dtype=np.float32)

"""What the grid finders hear: a decimated signal, onsets in three bands, harmony.

Everything is measured in one pass over blocks of the recording, at 22 to 44 kHz whatever its rate, so memory does not grow
with the rate. Onsets and harmony cover the whole song; the signal itself is kept for at most `KEPT_S` seconds around its
middle. Onsets are rises of the compressed spectrum (Boeck & Widmer, "Maximum filter vibrato suppression", DAFx 2013, without
the filter).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import fft

from engine.model.audio import Audio, Progress, Samples, no_progress

LEAST_RATE = 22050
KEPT_S = 720.0
BLOCK_S = 20.0
HOP_S = 0.005
BANDS_HZ = ((30.0, 150.0), (200.0, 2000.0), (4000.0, 11000.0))
"""Kick and bass; snare, voice and chords; hats."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """A song as the grid finders hear it.

    `signal` [shape=(n,), float32, rms 1] at `rate` Hz begins `start` seconds into the song. `onsets` [shape=(3, frames), mean 1
    where there are any] has `fps` frames a second; frame i is centred at i / fps. `chroma` [shape=(12, chroma_frames)] likewise
    at `chroma_fps`. The song is audible from second `sound` on and `seconds` long.
    """

    signal: Samples
    rate: float
    start: float
    onsets: Floats
    fps: float
    chroma: Floats
    chroma_fps: float
    sound: float
    seconds: float


def listen(audio: Audio, progress: Progress = no_progress) -> Listening:
    """Return what the finders need of a recording of any rate and length."""
    rate = audio.rate / max(1, audio.rate // LEAST_RATE)
    level = max(float(np.sqrt(np.mean([np.mean(np.square(c)) for c in audio.samples]))) if audio.frames else 0.0, 1e-9)
    fast = _Spectra(1 << round(float(np.log2(rate * 0.046))), max(1, round(HOP_S * rate)))
    slow_size = 1 << round(float(np.log2(rate * 0.19)))
    slow = _Spectra(slow_size, slow_size // 2)
    bands, pitches = _band_weights(rate, fast.size), _pitch_weights(rate, slow_size)
    first = max(0.0, audio.seconds / 2 - KEPT_S / 2)
    kept: list[Samples] = []
    rises: list[Floats] = []
    harmony: list[Floats] = []
    before = np.zeros((2, bands.shape[0]), dtype=np.float32)
    at = 0
    for block in _decimated(audio, rate, progress):
        scaled = block / np.float32(level)
        kept.append(scaled[max(0, round(first * rate) - at) : max(0, round((first + KEPT_S) * rate) - at)])
        at += block.size
        steps = np.concatenate([before, np.log1p(fast.magnitudes(scaled))])
        before = steps[-2:]
        rises.append((np.maximum(steps[2:] - steps[:-2], 0.0) @ bands).astype(np.float64))
        harmony.append((slow.magnitudes(scaled) @ pitches).astype(np.float64))
    onsets = np.concatenate(rises).T
    onsets = onsets / np.maximum(onsets.mean(axis=1, keepdims=True), 1e-9)
    signal = np.concatenate(kept)
    return Listening(
        signal=signal,
        rate=rate,
        start=first,
        onsets=onsets,
        fps=rate / fast.hop,
        chroma=np.concatenate(harmony).T,
        chroma_fps=rate / slow.hop,
        sound=_first_sound(audio),
        seconds=audio.seconds,
    )


class _Spectra:
    """Magnitude spectra of a signal that comes block by block; frame i is centred at i * hop."""

    def __init__(self, size: int, hop: int) -> None:
        self.size, self.hop = size, hop
        self._window = np.hanning(size + 1)[:-1].astype(np.float32) * np.float32(40.0 / size)
        self._rest = np.zeros(size // 2, dtype=np.float32)

    def magnitudes(self, block: Samples) -> Samples:
        """Return the frames that this block completes [shape=(frames, size // 2 + 1)]."""
        x = np.concatenate([self._rest, block])
        count = max(0, (x.size - self.size) // self.hop + 1)
        self._rest = x[count * self.hop :]
        if count == 0:
            return np.zeros((0, self.size // 2 + 1), dtype=np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(x, self.size)[:: self.hop][:count]
        return np.asarray(np.abs(fft.rfft(frames * self._window, axis=-1)))


def _decimated(audio: Audio, rate: float, progress: Progress) -> Iterator[Samples]:
    """Yield the song as one channel at `rate`, block by block, and half a second of silence after it."""
    resampler = soxr.ResampleStream(audio.rate, rate, 1, dtype="float32", quality="MQ")
    mix = _downmix(audio)
    step = int(BLOCK_S * audio.rate)
    for start in range(0, max(audio.frames, 1), step):
        last = start + step >= audio.frames
        block = np.ascontiguousarray(mix @ audio.samples[:, start : start + step])
        if rate != audio.rate:
            block = resampler.resample_chunk(block, last=last)
        yield np.concatenate([block, np.zeros(int(rate / 2), dtype=np.float32)]) if last else block
        progress(min(1.0, (start + step) / max(audio.frames, 1)))


def _downmix(audio: Audio) -> Samples:
    """Return the weights of the channels: their mean, or the first where they cancel out."""
    mean = np.full(audio.channels, 1.0 / audio.channels, dtype=np.float32)
    if audio.channels == 1 or audio.frames == 0:
        return mean
    left, right = audio.samples
    power = float(left @ left) + float(right @ right)
    return mean if power + 2.0 * float(left @ right) > 0.02 * power else np.array([1.0, 0.0], dtype=np.float32)


def _band_weights(rate: float, size: int) -> Samples:
    """Return the weights that sum bins into bands [shape=(bins, 3)]; a band above the spectrum is empty."""
    hz = np.arange(size // 2 + 1) * rate / size
    return np.stack([((hz >= low) & (hz < high)) for low, high in BANDS_HZ], axis=1).astype(np.float32)


def _pitch_weights(rate: float, size: int) -> Samples:
    """Return the weights that sum bins from 80 to 2000 Hz into pitch classes [shape=(bins, 12)], C first."""
    hz = np.maximum(np.arange(size // 2 + 1) * rate / size, 1.0)
    pitch = 69.0 + 12.0 * np.log2(hz / 440.0)
    away = (pitch[:, None] - np.arange(12) + 6.0) % 12.0 - 6.0
    return np.asarray(np.exp(-2.0 * away**2) * ((hz > 80.0) & (hz < 2000.0))[:, None], dtype=np.float32)


def _first_sound(audio: Audio) -> float:
    """Return the second at which a sample first comes within 50 dB of the song's peak."""
    step = 1 << 16
    pieces = [audio.samples[:, i : i + step] for i in range(0, audio.frames, step)]
    peaks = [float(np.abs(piece).max(initial=0.0)) for piece in pieces]
    limit = max(peaks, default=0.0) * 10.0 ** (-50.0 / 20.0)
    for i, piece in enumerate(pieces):
        if peaks[i] > limit:
            return float(i * step + np.argmax(np.abs(piece).max(axis=0) > limit)) / audio.rate
    return 0.0

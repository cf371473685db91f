"""Non-negative matrix factorisation: a song's magnitude spectrogram as templates times activations.

Lee & Seung, "Algorithms for non-negative matrix factorization", NIPS 2001, with the Kullback-Leibler divergence
(`engine.dsp.factorise`).

Templates are learnt once, on excerpts spread over the song, grouped into stems by what they look like (`grouping`), and kept;
then each frame's activations are found by itself, so that memory is bounded and pieces do not show. The song is shared out by
the power of the groups' models.

`Nmf` begins with noise. `HarmonicNmf` begins with combs of partials for each semitone, which can become no other pitch (as in
Raczynski, Ono & Sagayama, "Multipitch analysis with harmonic nonnegative matrix approximation", ISMIR 2007), and some templates
that may be anything.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.analysis.stems.classical.grouping import Grouping
from engine.analysis.stems.classical.pieces import PIECE_SECONDS, Classical, Stretch, hop_of, in_pieces, part_of
from engine.dsp.factorise import comb_templates, nmf_kl
from engine.dsp.hpss import Magnitude
from engine.dsp.masks import TINY, magnitude
from engine.dsp.spectra import istft, stft
from engine.model.audio import Audio, Progress, Samples

LEARNING = 0.5
"""Share of the work that learning the templates is, roughly."""
Indices = NDArray[np.int64]
"""Which stem each template belongs to [shape=(components,)], as an index of `STEM_IDS`."""


@dataclass(frozen=True, slots=True)
class Learning:
    """How templates are learnt: the window (its hop is a quarter), excerpts in all and each, rounds, where chance begins."""

    window_seconds: float = 0.0929
    learnt_seconds: float = 60.0
    excerpt_seconds: float = 10.0
    iterations: int = 60
    applied_iterations: int = 30
    seed: int = 0

    def hop(self, rate: int) -> int:
        """Return the hop in frames."""
        return hop_of(rate, self.window_seconds / 4)

    def look(self, x: Samples, rate: int) -> Magnitude:
        """Return the magnitude spectrogram of all channels."""
        hop = self.hop(rate)
        return magnitude(stft(x, 4 * hop, hop))

    def excerpts(self, audio: Audio) -> list[tuple[int, int]]:
        """Return where to listen: the whole song where it is short, else stretches spread evenly [frames, on whole hops]."""
        hop = self.hop(audio.rate)
        if audio.seconds <= self.learnt_seconds:
            return [(0, audio.frames)]
        length = max(1, round(self.excerpt_seconds * audio.rate / hop)) * hop
        starts = np.linspace(0, audio.frames - length, max(1, round(self.learnt_seconds / self.excerpt_seconds)))
        return [(start, start + length) for start in (starts // hop * hop).astype(int).tolist()]


LEARNT, GROUPS = Learning(), Grouping()


@dataclass(frozen=True, slots=True)
class Factorising(Classical):
    """What all have in common that learn templates first."""

    learning: Learning = LEARNT

    @abstractmethod
    def learn(self, audio: Audio, progress: Progress) -> tuple[Magnitude, Indices]:
        """Return the templates [shape=(bins, components)] and the stem of each."""

    def first_activations(self, v: Magnitude, components: int, first: int, rate: int) -> Magnitude:  # noqa: ARG002 - a score's
        """Return where the activations of a stretch begin, and may be at all [shape=(components, frames)].

        `first` is the frame of the song at which the stretch begins.
        """
        return np.broadcast_to(v.sum(axis=0) / components, (components, v.shape[1])).astype(np.float32)

    def blocks(self, audio: Audio, progress: Progress, piece_seconds: float = PIECE_SECONDS) -> Iterator[Samples]:
        """Yield the four stems."""
        if not audio.frames:
            return
        w, stems = self.learn(audio, part_of(progress, 0, LEARNING, 1))

        def four(stretch: Stretch, report: Progress) -> Samples:
            return self._shared_out(stretch, w, stems, report)

        hop = self.learning.hop(audio.rate)
        yield from in_pieces(four, audio, piece_seconds, hop, 4 * hop, part_of(progress, LEARNING, 1, 1))

    def _shared_out(self, stretch: Stretch, w: Magnitude, stems: Indices, report: Progress) -> Samples:
        x, rate = stretch.audio.samples, stretch.audio.rate
        hop = self.learning.hop(rate)
        spectrum = stft(x, 4 * hop, hop)
        v = magnitude(spectrum)
        h = self.first_activations(v, w.shape[1], stretch.first, rate)
        _, h = nmf_kl(v, w, h, self.learning.applied_iterations, learn=False, progress=report)
        models = [np.square(w[:, stems == i] @ h[stems == i]) for i in range(4)]
        total = np.sum(models, axis=0) + TINY
        drums, bass, vocals = (istft(spectrum * (model / total), 4 * hop, hop, x.shape[1]) for model in models[:3])
        return np.stack([drums, bass, vocals, x - drums - bass - vocals])


@dataclass(frozen=True, slots=True)
class Nmf(Factorising):
    """Free: templates begin with noise."""

    NAME: ClassVar[str] = "nmf"
    components: int = 40
    grouping: Grouping = GROUPS

    def learn(self, audio: Audio, progress: Progress) -> tuple[Magnitude, Indices]:
        """Return the templates and the stem of each."""
        w = noise_templates(2 * self.learning.hop(audio.rate) + 1, self.components, self.learning.seed)
        return learnt(audio, self.learning, w, self.grouping, progress)


@dataclass(frozen=True, slots=True)
class HarmonicNmf(Factorising):
    """Templates are pitches, from the lowest to the highest MIDI number, and some that may be anything."""

    NAME: ClassVar[str] = "nmf-harmonic"
    lowest_pitch: int = 28
    highest_pitch: int = 88
    tolerance_semitones: float = 0.5
    free_components: int = 12
    grouping: Grouping = GROUPS

    def learn(self, audio: Audio, progress: Progress) -> tuple[Magnitude, Indices]:
        """Return the templates and the stem of each."""
        size = 4 * self.learning.hop(audio.rate)
        hz = pitch_hz(np.arange(self.lowest_pitch, self.highest_pitch + 1))
        combs = comb_templates(hz, size, audio.rate, self.tolerance_semitones)
        free = noise_templates(size // 2 + 1, self.free_components, self.learning.seed)
        return learnt(audio, self.learning, np.concatenate([combs, free], axis=1), self.grouping, progress)


def learnt(audio: Audio, learning: Learning, w: Magnitude, grouping: Grouping, progress: Progress) -> tuple[Magnitude, Indices]:
    """Return templates after learning on a song's excerpts, and the stem of each."""
    parts = [audio.samples[:, start:stop] for start, stop in learning.excerpts(audio)]
    v = np.concatenate([learning.look(part, audio.rate) for part in parts], axis=1)
    h = np.broadcast_to(v.sum(axis=0) / w.shape[1], (w.shape[1], v.shape[1])).astype(np.float32)
    w, h = nmf_kl(v, w, h, learning.iterations, progress=progress)
    return w, grouping.stem_of_each(w, h, 4 * learning.hop(audio.rate), audio.rate)


def noise_templates(bins: int, components: int, seed: int) -> Magnitude:
    """Return templates that may be anything [shape=(bins, components)], each adding up to 1."""
    w = np.random.default_rng(seed).uniform(0.5, 1.5, (bins, components)).astype(np.float32)
    return np.asarray(w / w.sum(axis=0), dtype=np.float32)


def pitch_hz(pitch: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the frequency of MIDI numbers in Hz."""
    return np.asarray(440.0 * 2.0 ** ((pitch - 69) / 12.0))

"""Score-informed factorisation.

Ewert & Müller, "Using score-informed constraints for NMF-based source separation", ICASSP 2012.

Every pitch of every stem in the score has two templates: a comb of partials, which may sound while one of its notes does, and
one of any shape for the attack, which may sound where a note begins; every drum has one template of any shape. Zeros stay
zeros, so that the rounds of `engine.dsp.factorise` can only move within what the score allows. Two notes of one instrument come
apart as well as two instruments.

The score has to lie on the song's own clock, within the tolerance. What it does not hold goes to other.
"""

from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numpy as np

from engine.analysis.stems.classical.nmf import Factorising, Indices, noise_templates, pitch_hz
from engine.analysis.stems.classical.pieces import flat
from engine.analysis.stems.parts import STEM_IDS
from engine.dsp.factorise import comb_templates, nmf_kl
from engine.dsp.hpss import Magnitude
from engine.dsp.spectra import frame_centre
from engine.model.audio import Audio, Progress
from engine.model.score import Score
from engine.model.separation import Provenance

COMB, ATTACK, DRUM = "comb", "attack", "drum"
Component = tuple[str, int, str]
"""Stem, pitch, kind."""


@dataclass(frozen=True, slots=True)
class Informed(Factorising):
    """Takes a song apart by its notes. Tolerances are seconds that a note may sound early or late, and semitones."""

    score: Score = field(kw_only=True)
    tolerance_seconds: float = 0.1
    attack_seconds: float = 0.1
    drum_seconds: float = 0.5
    tolerance_semitones: float = 0.5

    NAME: ClassVar[str] = "nmf-score"

    @property
    def provenance(self) -> Provenance:
        """All settings, and the digest of the score."""
        settings = {name: value for name, value in asdict(self).items() if name != "score"}
        return Provenance(self.NAME, self.VERSION, flat({**settings, "score": self.score.sha256}))

    def learn(self, audio: Audio, progress: Progress) -> tuple[Magnitude, Indices]:
        """Return the templates and the stem of each."""
        learning, rate = self.learning, audio.rate
        spectra, activations = [], []
        for start, stop in learning.excerpts(audio):
            spectra.append(learning.look(audio.samples[:, start:stop], rate))
            activations.append(self.first_activations(spectra[-1], 0, start, rate))
        w, v, h = self._templates(rate), np.concatenate(spectra, axis=1), np.concatenate(activations, axis=1)
        w, _ = nmf_kl(v, w, h, learning.iterations, progress=progress)
        return w, np.array([STEM_IDS.index(stem) for stem, *_ in self.components()], dtype=np.int64)

    def components(self) -> tuple[Component, ...]:
        """Return what each template stands for."""
        sounds = sorted({(note.stem, note.pitch) for note in self.score.notes})
        drums = [(stem, pitch, DRUM) for stem, pitch in sounds if stem == "drums"]
        return (*drums, *((stem, pitch, kind) for stem, pitch in sounds if stem != "drums" for kind in (COMB, ATTACK)))

    def first_activations(self, v: Magnitude, components: int, first: int, rate: int) -> Magnitude:  # noqa: ARG002 - its own
        """Return where the score lets each template sound [shape=(components, frames)]."""
        hop = self.learning.hop(rate)
        known = self.components()
        rows = {component: row for row, component in enumerate(known)}
        open_ = np.zeros((len(known), v.shape[1]), dtype=np.float32)
        centre = frame_centre(first / hop, 4 * hop, hop)
        for note in self.score.notes:
            for kind, begin, end in self._spans(note.stem, note.start, note.end):
                start, stop = (int((seconds * rate - centre) / hop) for seconds in (begin, end))
                open_[rows[note.stem, note.pitch, kind], max(0, start) : max(0, stop + 1)] = 1.0
        return np.asarray(open_ * (v.sum(axis=0) / np.maximum(1.0, open_.sum(axis=0))), dtype=np.float32)

    def _spans(self, stem: str, start: float, end: float) -> tuple[tuple[str, float, float], ...]:
        """Return which templates of a note may sound from when to when, in seconds."""
        early = start - self.tolerance_seconds
        if stem == "drums":
            return ((DRUM, early, start + self.drum_seconds),)
        return (COMB, early, end + self.tolerance_seconds), (ATTACK, early, start + self.attack_seconds)

    def _templates(self, rate: int) -> Magnitude:
        """Return where templates begin [shape=(bins, components)]."""
        known, size = self.components(), 4 * self.learning.hop(rate)
        w = noise_templates(size // 2 + 1, len(known), self.learning.seed)
        combs = [i for i, (_, _, kind) in enumerate(known) if kind == COMB]
        hz = pitch_hz(np.array([known[i][1] for i in combs], dtype=np.int64))
        w[:, combs] = comb_templates(hz, size, rate, self.tolerance_semitones)
        return w

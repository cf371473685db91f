"""A song's built-in stems with its drums refined, piece by piece.

Drums take from the other stems what a model says is drums, and give up what it says is not: that goes to bass and other, split
where the built-in separator splits them. So the four add up to the song. Spectra, pieces and rates are those of `small`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.stems import builtin
from engine.analysis.stems.parts import STEM_IDS, stem_parts
from engine.analysis.stems.small import (
    PIECE_FRAMES,
    SmallWeights,
    built_in,
    middle_side,
    on_its_clock,
    power_in_cells,
    sounding,
)  # fmt: skip
from engine.analysis.stems.small_net import HOP, RATE, SIZE, widths
from engine.dsp.levels import gain_to_hear
from engine.dsp.masks import above
from engine.dsp.resample import resampled
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.separation import Provenance, Separation
from engine.train.drums.refined.choice import FRAMES, features

if TYPE_CHECKING:
    from engine.train.drums.refined.generator import Generator
    from engine.train.drums.refined.models import Models

VERSION = 1
CONTEXT = 48
"""Frames on both sides that a piece is computed with: what the model sees and a window, in whole strides."""
STRETCHES = 8
"""How many stretches of a song are asked what genre it is of."""


@dataclass(frozen=True, slots=True)
class RefinedSeparator:
    """Takes any song apart, at any rate, mono or stereo. `use` names a model of the file; by default the song chooses."""

    weights: SmallWeights
    use: str = ""

    @property
    def provenance(self) -> Provenance:
        """The weights are part of it, and so is the separator whose stems they refine."""
        return Provenance("refined", VERSION, {"builtin": builtin.VERSION, "use": self.use}, model=self.weights.sha256)

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Return the four stems, piece by piece."""
        return Separation(stem_parts(STEM_IDS), self.provenance, self._blocks(audio, progress))

    def _blocks(self, audio: Audio, progress: Progress) -> Iterator[Samples]:
        wav = resampled(audio.samples, audio.rate, RATE)
        wav = np.broadcast_to(wav, (2, wav.shape[1]))
        models = loaded(self.weights)
        name = self.use or models.best(genre_of(wav, models))
        return on_its_clock(in_pieces(wav, models.generators[name], PIECE_FRAMES, progress), audio)


@lru_cache(maxsize=1)
def loaded(weights: SmallWeights) -> "Models":
    """Return the models of a file that was checked."""
    from engine.train.drums.refined.models import read

    return read(weights.file)


def genre_of(wav: Samples, models: "Models") -> str | None:
    """Return the genre that the drums of a stereo song at `RATE` seem to be of; None where there is no choice."""
    if models.choice is None:
        return None
    n = (FRAMES - 1) * HOP
    starts = np.unique(np.linspace(0, max(0, wav.shape[1] - n), STRETCHES).astype(int))
    gain = gain_to_hear(wav)
    parts = (builtin.four_stems(Audio(wav[:, s : s + n] * gain, RATE), no_progress) for s in starts.tolist())
    return models.choice.of(np.stack([features(heard(middle_side(four))) for four in parts]))


def heard(spectra: "np.ndarray[tuple[int, ...], np.dtype[np.complex64]]") -> Samples:
    """Return what a model hears of the stems' spectra [shape=(4, 2, frames, bins) -> (HEARD, frames, CELLS)]."""
    return np.concatenate([power_in_cells(spectra.sum(axis=0)), *power_in_cells(spectra)])


def in_pieces(wav: Samples, net: "Generator", piece: int, progress: Progress = no_progress) -> Iterator[Samples]:
    """Yield the four stems of a stereo song at `RATE` in blocks of `piece` spectral frames, in whole strides."""
    gain = gain_to_hear(wav)
    step, context = piece * HOP, CONTEXT * HOP
    for start, part in zip(range(0, wav.shape[1], step), built_in(wav, step, context), strict=True):
        first, stop = max(0, start - context), min(wav.shape[1], start + step)
        stems = refined(part, gain, net)
        progress(stop / wav.shape[1])
        yield stems[..., start - first : stop - first]


def refined(parts: Samples, gain: np.float32, net: "Generator") -> Samples:
    """Return the built-in stems of a piece with refined drums [shape=(4, 2, n)]; other is what is left."""
    spectra, n = middle_side(parts), parts.shape[-1]
    found = np.stack([sounding(share, spectra, n) for share in shares(net.of(heard(spectra * gain)))])
    return np.concatenate([found, (parts.sum(axis=0) - found.sum(axis=0))[None]])


def shares(drums: Samples) -> Samples:
    """Return what of each built-in stem becomes drums, bass and vocals, from what is drums [shape=(3, 4, 2, frames, CELLS)]."""
    bins = np.cumsum(widths()) - widths() / 2
    low = 1 - above((bins * (RATE / SIZE)).astype(np.float32), builtin.BASS_BELOW, 1)
    none = np.zeros_like(drums[0])
    bass = np.stack([(1 - drums[0]) * low, 1 - drums[1], none, none])
    vocals = np.stack([none, none, 1 - drums[2], none])
    return np.stack([drums, bass, vocals])

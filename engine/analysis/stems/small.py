"""Our own small separator: trained by `engine.train`, computed without torch.

Weights come with the program, and their card (what they were trained on, licences, scores) beside them.

The song is shared out among the four sources by `small_net`, in the spectrum of middle and side (93 ms windows at 44.1 kHz);
all weights but those of the causal kind hear the built-in separator's stems beside it. Other rates go to 44.1 kHz and back;
mono is taken as stereo. What is missing to the song after that (what lies above 22 kHz, rounding) is given to `other`, so that
the four add up to the song.

A song is worked through in pieces with as much context on both sides as the network can see, so that the pieces do not show.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from engine.analysis.stems import builtin
from engine.analysis.stems.parts import STEM_IDS, stem_parts
from engine.analysis.stems.small_net import HOP, RATE, SIZE, SOURCES, Shape, Weights, pooled, shares, widths
from engine.dsp.levels import gain_to_hear
from engine.dsp.resample import resampled, resampled_blocks
from engine.dsp.spectra import Spectrum, istft, stft
from engine.model.audio import Audio, Progress, Samples, no_progress
from engine.model.errors import RemixtureError
from engine.model.separation import Provenance, Separation

VERSION = 2
SHIPPED = Path(__file__).with_name("small.safetensors")
"""The weights that come with the program."""
PIECE_FRAMES = 432
"""Spectral frames in a piece: 10 s."""


@dataclass(frozen=True, slots=True)
class SmallWeights:
    """Weights that are what their card says. `sha256` of the file."""

    file: Path
    sha256: str


def checked_weights(file: Path, trained_by: str = "python -m engine.train") -> SmallWeights:
    """Return weights after checking them against the card beside them (`.json`); an error names the command that trains such.

    Raises
    ------
    RemixtureError
        If either is not there, or the checksum differs.
    """
    card = file.parent / f"{file.stem}.json"
    try:
        expected = str(json.loads(card.read_text(encoding="utf-8"))["sha256"])
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise RemixtureError(
            f"cannot read the weights {file} and their card {card.name}: train them with {trained_by}"
        ) from error
    if found != expected:
        raise RemixtureError(f"{file} is not the file that {card.name} describes: copy both again, or train anew")
    return SmallWeights(file, found)


@lru_cache(maxsize=1)
def loaded(weights: SmallWeights) -> tuple[Weights, Shape]:
    """Return the tensors as float32, and the network's shape.

    Raises
    ------
    RemixtureError
        If the file holds no such network.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights.file, framework="numpy") as tensors:
            values = {name: tensors.get_tensor(name).astype(np.float32) for name in tensors.keys()}  # noqa: SIM118 - not a dict
            told = json.loads((tensors.metadata() or {})["shape"])
            return values, _shape(told)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise RemixtureError(
            f"{weights.file} holds no network of the small separator: train one with python -m engine.train"
        ) from error


def _shape(told: dict[str, Any]) -> Shape:
    return Shape(int(told["features"]), tuple(int(d) for d in told["dilations"]), bool(told["causal"]), bool(told["guided"]))


@dataclass(frozen=True, slots=True)
class SmallSeparator:
    """Takes any song apart, at any rate, mono or stereo. `note` says why it serves."""

    weights: SmallWeights
    note: str = ""

    @property
    def provenance(self) -> Provenance:
        """The weights are part of it, and so is the separator whose stems they hear."""
        return Provenance("small", VERSION, {"builtin": builtin.VERSION}, model=self.weights.sha256, note=self.note)

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Return the four stems, piece by piece."""
        return Separation(stem_parts(STEM_IDS), self.provenance, blocks_of(audio, self.weights, PIECE_FRAMES, progress))


def blocks_of(audio: Audio, weights: SmallWeights, piece: int, progress: Progress = no_progress) -> Iterator[Samples]:
    """Yield drums, bass, vocals and other [shape=(4, channels, n), float32]; `piece` in spectral frames."""
    wav = resampled(audio.samples, audio.rate, RATE)
    return on_its_clock(in_pieces(np.broadcast_to(wav, (2, wav.shape[1])), weights, piece, progress), audio)


def on_its_clock(blocks: Iterator[Samples], audio: Audio) -> Iterator[Samples]:
    """Yield stereo stems at `RATE` at a song's own rate and channels, the last so that all add up to the song."""
    if audio.channels == 1:
        blocks = (block.mean(axis=1, keepdims=True) for block in blocks)
    start = 0
    for block in resampled_blocks(blocks, RATE, audio.rate, audio.frames):
        song = audio.samples[:, start : start + block.shape[-1]]
        block[3] = song - block[:3].sum(axis=0)
        start += block.shape[-1]
        yield block


def in_pieces(wav: Samples, weights: SmallWeights, piece: int, progress: Progress = no_progress) -> Iterator[Samples]:
    """Yield the four stems of a stereo song at `RATE` in blocks of `piece` spectral frames."""
    network, shape = loaded(weights)
    gain = gain_to_hear(wav)
    step, context = piece * HOP, (shape.reach + SIZE // HOP) * HOP
    guides = built_in(wav, step, context) if shape.guided else repeat(None)
    for start, guide in zip(range(0, wav.shape[1], step), guides, strict=False):
        first, stop = max(0, start - context), min(wav.shape[1], start + step)
        heard = wav[:, first : start + step + context] * gain
        stems = four_stems(heard, None if guide is None else guide * gain, network, shape)
        progress(stop / wav.shape[1])
        yield stems[..., start - first : stop - first] / gain


def built_in(wav: Samples, step: int, context: int) -> Iterator[Samples]:
    """Yield the built-in separator's stems of each piece with its context, each part of the song taken apart once."""
    blocks = builtin.in_pieces(Audio(wav, RATE), round(builtin.PIECE_SECONDS * RATE))
    held, begins = np.zeros((SOURCES, 2, 0), np.float32), 0
    for start in range(0, wav.shape[1], step):
        first, stop = max(0, start - context), min(wav.shape[1], start + step + context)
        while begins + held.shape[-1] < stop:
            held = np.concatenate([held, next(blocks)], axis=-1)
        held, begins = held[..., first - begins :], first
        yield held[..., : stop - first]


def four_stems(wav: Samples, guide: Samples | None, network: Weights, shape: Shape) -> Samples:
    """Return the sources of a piece [shape=(2, n) -> (4, 2, n)]; `guide` [shape=(4, 2, n)] is what the built-in one makes."""
    spectrum = middle_side(wav)
    heard = power_in_cells(spectrum)
    if guide is not None:
        heard = np.concatenate([heard, *power_in_cells(middle_side(guide))])
    return np.stack([sounding(share[None], spectrum[None], wav.shape[-1]) for share in shares(network, shape, heard)])


def sounding(share: Samples, spectra: Spectrum, n: int) -> Samples:
    """Return what the shares of the parts sound like together.

    Parameters
    ----------
    share : ndarray [shape=(parts, 2, frames, CELLS), within 0..1]
    spectra : ndarray [shape=(parts, 2, frames, bins)]
        As `middle_side` gives them.

    Returns
    -------
    ndarray [shape=(2, n), float32], left and right.
    """
    source = np.zeros_like(spectra[0])
    for own, spectrum in zip(share, spectra, strict=True):
        source += np.repeat(own, widths(), axis=-1) * spectrum
    middle, side = istft(np.swapaxes(source, -1, -2), SIZE, HOP, n)
    return np.stack([middle + side, middle - side]) * np.float32(0.5**0.5)


def middle_side(wav: Samples) -> Spectrum:
    """Return the spectra of middle and side [shape=(..., 2, n) -> (..., 2, frames, bins)]."""
    left, right = wav[..., 0, :], wav[..., 1, :]
    return np.swapaxes(stft(np.stack([left + right, left - right], axis=-2) * np.float32(0.5**0.5), SIZE, HOP), -1, -2)


def power_in_cells(spectrum: Spectrum) -> Samples:
    """Return the mean squared magnitude in each cell [shape=(..., frames, bins) -> (..., frames, CELLS)]."""
    power: Samples = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(pooled(power) / widths().astype(np.float32))

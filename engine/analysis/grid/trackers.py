"""madmom's recurrent networks, for music that does not repeat exactly.

Boeck, Krebs & Widmer, "Joint beat and downbeat tracking with recurrent neural networks", ISMIR 2016; its networks only,
on excerpts that fit in memory, decoded by a tempo curve (`follow`). Of its eight networks the first three serve: on one song
they correlated by 0.99 with all eight. The weights are licensed for non-commercial use, so they are used where a person has put
them (`$XDG_CACHE_HOME/madmom_infer` or `~/.cache/madmom_infer`) and never fetched.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.model.audio import Audio, Progress, no_progress

Floats = NDArray[np.float64]

NETWORKS = {
    "downbeats_blstm_1.pkl": "b02c4b8aa963069449422fd5cc55bd4077105fe268b0d83036b7d68b5520f38d",
    "downbeats_blstm_2.pkl": "6fa9d138ed84bed14ab5ef6f81f3a7e1a125ff8c571a255f6ce91ccf93390eee",
    "downbeats_blstm_3.pkl": "adf6a3e3bf345a9172e8252a511dae28622afe26ee653354c0d4c9e37de8f89a",
}
"""The networks that serve, and the SHA-256 that madmom_infer knows them by: they are pickles, so nothing else is loaded."""

MADMOM_RATE = 44100
MADMOM_FPS = 100
EXCERPT_S, CONTEXT_S = 30.0, 3.0
"""The networks hear this much at a time, and this much more on either side."""


def madmom_networks() -> list[Path]:
    """Return the networks' files, or none where one of them is missing or is not what it should be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "madmom_infer" / "models" / "downbeats" / "2016"
    files = [folder / name for name in NETWORKS]
    good = all(
        path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
        for path, digest in zip(files, NETWORKS.values(), strict=True)
    )
    return files if good else []


def madmom_activations(
    audio: Audio, networks: Sequence[Path], first_s: float, last_s: float, progress: Progress = no_progress
) -> Floats:
    """Return how likely each hundredth of a second is a beat, a downbeat [shape=(2, frames)], from `first_s` to `last_s`."""
    from madmom_infer.audio.signal import Signal
    from madmom_infer.ml.nn import NeuralNetworkEnsemble

    prepare = _madmom_features()
    ensemble = NeuralNetworkEnsemble.load([str(path) for path in networks])
    pieces = []
    for start in np.arange(first_s, last_s, EXCERPT_S):
        stop = min(start + EXCERPT_S, last_s)
        left, right = max(0.0, start - CONTEXT_S), min(audio.seconds, stop + CONTEXT_S)
        excerpt = audio.samples[:, round(left * audio.rate) : round(right * audio.rate)].mean(axis=0)
        if audio.rate != MADMOM_RATE:
            excerpt = soxr.resample(excerpt, audio.rate, MADMOM_RATE, quality="MQ")
        heard = np.asarray(ensemble(prepare(Signal(excerpt, sample_rate=MADMOM_RATE))), dtype=np.float64)[:, 1:].T
        skip, count = round((start - left) * MADMOM_FPS), round((stop - start) * MADMOM_FPS)
        pieces.append(heard[:, skip : skip + count])
        progress(float((stop - first_s) / (last_s - first_s)))
    return np.concatenate(pieces, axis=1)


def _madmom_features() -> Any:  # noqa: ANN401 - madmom_infer carries no types
    """Return what the networks were trained on: three filtered, logarithmic spectrograms and their differences."""
    from madmom_infer.audio.signal import FramedSignalProcessor
    from madmom_infer.audio.spectrogram import (
        FilteredSpectrogramProcessor,
        LogarithmicSpectrogramProcessor,
        SpectrogramDifferenceProcessor,
    )
    from madmom_infer.audio.stft import ShortTimeFourierTransformProcessor
    from madmom_infer.processors import ParallelProcessor, SequentialProcessor

    branches = [
        SequentialProcessor((
            FramedSignalProcessor(frame_size=size, fps=MADMOM_FPS),
            ShortTimeFourierTransformProcessor(),
            FilteredSpectrogramProcessor(num_bands=bands, fmin=30, fmax=17000, norm_filters=True),
            LogarithmicSpectrogramProcessor(mul=1, add=1),
            SpectrogramDifferenceProcessor(diff_ratio=0.5, positive_diffs=True, stack_diffs=np.hstack),
        ))
        for size, bands in ((1024, 3), (2048, 6), (4096, 12))
    ]  # fmt: skip
    return SequentialProcessor((ParallelProcessor(branches), np.hstack))

"""Whether it helps to refine the built-in separator's drums, on songs that no training heard.

    python -m benchmarks.refine WEIGHTS [--songs DIR] [--stems-dir DIR] [--seconds S]

WEIGHTS are those of `python -m engine.train.drums`. A table for each score of the drums (SDR, SI-SDR, SIR, SAR, dB): a row for
each of their models, and for each stage the model of the genre that the song was found to be of (it stands behind the song's
name); beside them the built-in drums, a quarter of the mixture, and the ideal ratio mask. Songs are stempeg's example and, with
--songs, folders of tracks, with --stems-dir folders of stems, as in `benchmarks.stems`.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks.stems import Song, cell, example, ideal_ratio_mask, quarter, songs, stem_songs
from engine.analysis.stems import StemSeparator
from engine.analysis.stems.builtin import BuiltinSeparator
from engine.analysis.stems.small import SmallWeights, checked_weights
from engine.analysis.stems.small_net import RATE
from engine.dsp.bsseval import FLOOR_DB
from engine.dsp.judge import Judge, Scores
from engine.dsp.resample import resampled
from engine.model.audio import Audio, Samples
from engine.train.drums.genres import GENRES
from engine.train.drums.refined.models import Models
from engine.train.drums.refined.separator import RefinedSeparator, genre_of, loaded

SHOWN = {"sdr": "SDR", "si_sdr": "SI-SDR", "sir": "SIR", "sar": "SAR"}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--songs", type=Path, metavar="DIR")
    parser.add_argument("--stems-dir", type=Path, metavar="DIR")
    parser.add_argument("--seconds", type=float, default=30.0, help="how much of each song (default: its first 30)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    weights = checked_weights(options.weights)
    models = loaded(weights)
    material = [example(), *(songs(options.songs, options.seconds) if options.songs else [])]
    material += stem_songs(options.stems_dir, options.seconds) if options.stems_dir else []
    material = [song for song in material if "drums" in song[2]]
    found = {}
    for song in material:
        wav = resampled(song[1].samples, song[1].rate, RATE)
        genre = genre_of(wav, models)
        found[f"{song[0]} ({genre})" if genre else song[0]] = scored(song, ways(song, models, weights, genre))
    for score, heading in SHOWN.items():
        print_table(heading, {title: {way: getattr(one, score) for way, one in rows.items()} for title, rows in found.items()})


def ways(song: Song, models: Models, weights: SmallWeights, genre: str | None) -> dict[str, Samples]:
    """Return the drums of a song by each way."""
    _, audio, truth = song
    drums = {"mixture / 4": quarter(audio, truth)["drums"], "**built-in**": drums_by(BuiltinSeparator(), audio)}
    own = {name: drums_by(RefinedSeparator(weights, name), audio) for name in models.generators}
    if genre is not None:
        known = tuple(g.name for g in GENRES)
        stages = dict.fromkeys(name.split("-", 1)[1] for name in own if name.startswith(known))
        drums |= {f"chosen genre's, {stage}": own[f"{genre}-{stage}"] for stage in stages if f"{genre}-{stage}" in own}
    return {**drums, **own, "ideal ratio mask": ideal_ratio_mask(audio, truth)["drums"]}


def drums_by(separator: StemSeparator, audio: Audio) -> Samples:
    """Return the drums that a separator finds."""
    return np.asarray(np.concatenate(list(separator.separate(audio).blocks), axis=-1)[0])


def scored(song: Song, drums: dict[str, Samples]) -> dict[str, Scores]:
    """Return the scores of each way's drums; where it has no drums, the others must not sound in them either: no score."""
    _, audio, truth = song
    judge = Judge(truth, audio.rate, audio.samples, floor_db=FLOOR_DB)
    others = {name: np.zeros_like(audio.samples) for name in truth}
    return {way: judge.scores({**others, "drums": samples})["drums"] for way, samples in drums.items()}


def print_table(heading: str, found: dict[str, dict[str, float]]) -> None:
    """Print one score of every way on every song, and its mean."""
    print(f"\n| {heading} of the drums, dB | {' | '.join(found)} | mean |\n|---|{'---|' * (len(found) + 1)}")
    for way in next(iter(found.values())):
        values = [rows.get(way, float("nan")) for rows in found.values()]
        print(f"| {way} | {' | '.join(cell(value) for value in values)} | {cell(float(np.mean(values)))} |", flush=True)


if __name__ == "__main__":
    main()

"""Loops: how well they are recovered, how long it takes, how much memory.

    python -m benchmarks.loops --quality BUILT_SONGS     songs with known loops: folders of mix.wav, stem-K.wav, truth.json
    python -m benchmarks.loops --speed SONG.wav ...      the whole `remixture prepare --stems none`, a process each

Quality is SI-SDR in dB of full-length mono tracks after the best one-to-one assignment, -30 for a loop that was not found,
means held at 30. No true bars are given. What users would pick instead is loopextractor 0.2.1: 58.6 s and 856 MB for its own
60 s example, -9.2 dB with its own bars and 2.3 with the true ones (it is not installed with this project).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from scipy.optimize import linear_sum_assignment

from engine.analysis.stems import StemChoice
from engine.dsp.levels import si_sdr_db
from engine.prepare import Settings, prepare
from engine.store.sources import read_source

LOST, BEST = -30.0, 30.0


def found(song: Path) -> list[float]:
    """Return the SI-SDR of every true loop of a built song."""
    with tempfile.TemporaryDirectory() as room:
        folder, remixset = prepare(song / "mix.wav", Path(room) / "a.remix", Settings(stems=StemChoice.NONE))
        sources = remixset.decompositions["loops"].sources[:-1]
        tracks = [read_source(source, folder, remixset.song).mean(axis=0) for source in sources]
    stems = [soundfile.read(path, always_2d=True)[0].mean(axis=1) for path in sorted(song.glob("stem-*.wav"))]
    score = np.full((len(stems), max(len(stems), len(tracks))), LOST)
    for i, stem in enumerate(stems):
        for j, track in enumerate(tracks):
            n = min(len(stem), len(track))
            score[i, j] = np.clip(si_sdr_db(track[:n], stem[:n]), LOST, 60.0)
    return [float(value) for value in score[linear_sum_assignment(-score)]]


def quality(folder: Path) -> None:
    """Print a row per song, and what they come to."""
    print("| song | each loop | mean |\n|---|---|---|")
    songs = {song.name: found(song) for song in sorted(folder.iterdir())}
    for name, each in songs.items():
        print(f"| {name} | {' '.join(f'{x:.1f}' for x in each)} | {np.minimum(each, BEST).mean():.1f} |")
    means = [np.minimum(each, BEST).mean() for each in songs.values()]
    loops = np.concatenate(list(songs.values()))
    print(
        f"\nmean {np.mean(means):.1f}, median of songs {np.median(means):.1f}, over 20 dB {np.mean(loops >= 20.0):.0%} of loops"
    )


def speed(songs: list[Path]) -> None:
    """Print seconds and peak memory of whole processes."""
    print("| song | length, s | seconds | peak memory, MB |\n|---|---|---|---|")
    for song in songs:
        with tempfile.TemporaryDirectory() as room:
            command = [sys.executable, "-m", "bridge.cli", "prepare", str(song), "-o", room, "--stems", "none"]
            begun = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            took = time.perf_counter() - begun
        result = f"{took:.1f} | {used.ru_maxrss / 1024:.0f}" if status == 0 else "failed |"
        print(f"| {song.name} | {soundfile.info(song).duration:.0f} | {result} |")


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quality", type=Path, metavar="FOLDER")
    parser.add_argument("--speed", type=Path, nargs="+", default=[], metavar="SONG")
    options = parser.parse_args()
    if options.quality:
        quality(options.quality)
    if options.speed:
        speed(options.speed)


if __name__ == "__main__":
    main()

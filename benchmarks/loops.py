"""How well and how fast the loops come apart.

    python -m benchmarks.loops [--song FILE] [--seconds 60,120,300,600] [--built FOLDER]

Speed: `remixture prepare SONG --stems none` as a process of its own, from a file to a finished set: seconds on the clock and
the most memory it held. The song is made here, or `--song` over and over until it is long enough. loopextractor has a row
where it is installed.

Quality, with `--built`: a folder of songs made of known loops (subfolders with mix.wav, stem-0.wav ..., truth.json that lists
`names` and `loop_bars`), prepared without being told tempo, bars or the number of loops. Per true loop, best one-to-one
assignment: SI-SDR in dB of the full-length mono track, held between -30 and 60; the mean caps at 30, since one exact loop must
not hide three that were lost.
"""

import argparse
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.dsp.levels import si_sdr_db

RATE = 44_100
LOWEST_DB, HIGHEST_DB, CAP_DB = -30.0, 60.0, 30.0
MEBIBYTE = 1 << 20


def measured(command: list[str]) -> tuple[float, float]:
    """Run a command; return its seconds on the clock and the most memory it held in MB."""
    begun = time.perf_counter()
    with Path(os.devnull).open("w") as nowhere:
        process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)])
        _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - begun, usage.ru_maxrss * unit / MEBIBYTE


def preparing(song: Path, folder: Path) -> list[str]:
    """Return the command that prepares the loops of a song."""
    return [sys.executable, "-m", "bridge.cli", "prepare", str(song), "-o", str(folder), "--stems", "none"]


def made_song(seconds: float) -> NDArray[np.float32]:
    """Return a song of six loops [shape=(frames, 2)], 120 bpm, each in its own four-bar blocks."""
    rng = np.random.default_rng(0)
    bar = 2 * RATE
    t = np.arange(bar) / RATE
    loops = []
    for k in range(6):
        loop = np.zeros(bar)
        for step in rng.choice(16, 5, replace=False):
            hz = 60.0 * 2.0 ** rng.integers(0, 6) * rng.choice([1.0, 1.2, 1.5])
            sound = np.sin(2 * np.pi * hz * t) if k % 2 else rng.standard_normal(bar)
            loop[step * bar // 16 :] += (sound * np.exp(-t * rng.uniform(5, 30)))[: bar - step * bar // 16]
        angle = rng.uniform(0, np.pi / 2)
        loops.append(np.outer(loop / np.abs(loop).max(), [np.cos(angle), np.sin(angle)]))
    bars = int(np.ceil(seconds / 2.0))
    on = np.repeat(rng.random((-(-bars // 4), 6)) < 0.6, 4, axis=0)[:bars]
    song = np.concatenate(
        [sum((loop for loop, plays in zip(loops, row, strict=True) if plays), np.zeros((bar, 2))) for row in on]
    )
    return (0.15 * song[: round(seconds * RATE)]).astype(np.float32)


def song_of(seconds: float, source: Path | None, folder: Path) -> Path:
    """Write a song of so many seconds; return its path."""
    if source is None:
        samples, rate = made_song(seconds), RATE
    else:
        once, rate = soundfile.read(source, dtype="float32", always_2d=True)
        samples = np.resize(once, (round(seconds * rate), once.shape[1]))
    path = folder / f"song-{seconds:g}s.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def print_speed(lengths: list[float], source: Path | None, folder: Path) -> None:
    """Print what a song of each length takes."""
    print("| job | song, s | taken, s | x length | memory, MB |\n|---|---|---|---|---|")
    for seconds in lengths:
        song = song_of(seconds, source, folder)
        jobs = {"remixture prepare --stems none": preparing(song, folder)}
        if importlib.util.find_spec("loopextractor"):
            target = str(folder / "loop")
            call = f"run_algorithm({str(song)!r}, n_templates=[0, 0, 0], output_savename={target!r})"
            code = f"import loopextractor; loopextractor.{call}"
            jobs["loopextractor"] = [sys.executable, "-c", code]
        for name, command in jobs.items():
            taken, memory = measured(command)
            print(f"| {name} | {seconds:g} | {taken:.1f} | {taken / seconds:.3f} | {memory:.0f} |", flush=True)


def mono(path: Path, scale: float = 1.0) -> NDArray[np.float64]:
    """Return the mono downmix of a file [shape=(frames,)]."""
    return np.asarray(soundfile.read(path, always_2d=True, dtype="float64")[0].mean(axis=1) * scale)


def scores(made: Path, truth: Path) -> tuple[list[float], int]:
    """Return the SI-SDR in dB of every true loop, and how many loops were found."""
    sources = json.loads((made / "set.json").read_text())["decompositions"]["loops"]["sources"]
    found = [mono(made / s["file"], s["scale"]) for s in sources if s["kind"] == "loop"]
    true = [mono(truth / f"stem-{k}.wav") for k in range(len(json.loads((truth / "truth.json").read_text())["names"]))]
    each = np.full(len(true), LOWEST_DB)
    if found:
        table = np.array([[np.clip(si_sdr_db(f, t), LOWEST_DB, HIGHEST_DB) for f in found] for t in true])
        rows, chosen = linear_sum_assignment(-table)
        each[rows] = table[rows, chosen]
    return each.tolist(), len(found)


def built_songs(folder: Path) -> Iterator[Path]:
    """Yield the folders of the songs with known loops."""
    found = sorted(path.parent for path in folder.glob("*/truth.json"))
    if not found:
        raise SystemExit(f"{folder} holds no songs with known loops (NAME/truth.json)")
    yield from found


def print_quality(built: Path, folder: Path) -> None:
    """Print how well the loops of every built song came out."""
    print("\n| song | bars of each loop | loops found | SI-SDR of each, dB | mean | s |\n|---|---|---|---|---|---|")
    means, all_scores = [], []
    for truth in built_songs(built):
        made = folder / f"{truth.name}.remix"
        taken, _ = measured(preparing(truth / "mix.wav", made))
        each, count = scores(made, truth)
        means.append(float(np.mean(np.minimum(each, CAP_DB))))
        all_scores += each
        bars = json.loads((truth / "truth.json").read_text())["loop_bars"]
        shown = " ".join(f"{value:.1f}" for value in each)
        print(f"| {truth.name} | {' '.join(map(str, bars))} | {count} | {shown} | {means[-1]:.2f} | {taken:.1f} |", flush=True)
    over = float(np.mean(np.array(all_scores) >= 20.0))
    print(f"\nMean of the songs {np.mean(means):.2f} dB, median of the songs {np.median(means):.2f} dB, ", end="")
    print(f"median of the loops {np.median(all_scores):.2f} dB, {over:.0%} of the loops over 20 dB.")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--song", type=Path)
    parser.add_argument("--seconds", default="60,120,300,600", help="lengths for the speed table, `none` for no table")
    parser.add_argument("--built", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if options.seconds != "none":
            print_speed([float(s) for s in options.seconds.split(",")], options.song, Path(place))
        if options.built:
            print_quality(options.built, Path(place))


if __name__ == "__main__":
    main()

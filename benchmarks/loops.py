"""How well and how fast the loops come apart.

    python -m benchmarks.loops [--song FILE] [--seconds 60,120,300,600] [--built FOLDER]... [--stems FOLDER]... [--ideal]

Speed: `remixture prepare SONG --stems none` as a process of its own, from a file to a finished set: seconds on the clock and
the most memory it held. The song is made here, or `--song` over and over until it is long enough. loopextractor has a row
where it is installed.

Quality is measured blind: tempo, bars and the number of loops are found from the sound alone.

- `--built`: a folder of songs made of known loops (NAME/mix.wav, stem-0.wav ..., truth.json with `group`, `layout`, `bars_s`).
  Per true loop, best one-to-one assignment: SI-SDR in dB of the full-length mono track, held between -30 and 60; means cap at
  30, since one exact loop must not hide three that were lost. Medians, means and shares are over the loops of a group.
- `--stems`: a song as a folder of stems numbered `1_bass.flac`, `2_kick.flac`, ... whose sum it is, the first 60 s. Per stem
  with at least 1 % of the energy: the best sum of found sources, the residual among them, capped at 30 dB.

Beside them stand the plain mixture and, with `--ideal`, the ideal ratio mask, which knows the truth.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.loop_quality import print_built, print_stems

RATE = 44_100
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


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--song", type=Path)
    parser.add_argument("--seconds", default="60,120,300,600", help="lengths for the speed table, `none` for no table")
    parser.add_argument("--built", type=Path, action="append", default=[])
    parser.add_argument("--stems", type=Path, action="append", default=[])
    parser.add_argument("--ideal", action="store_true", help="also what the ideal ratio mask reaches")
    options = parser.parse_args()
    if options.seconds != "none":
        with tempfile.TemporaryDirectory() as place:
            print_speed([float(s) for s in options.seconds.split(",")], options.song, Path(place))
    if options.built:
        print_built(options.built, ideal=options.ideal)
    if options.stems:
        print_stems(options.stems, ideal=options.ideal)


if __name__ == "__main__":
    main()

"""How fast is a bounce? From a prepared set to a finished file: reading, checking hashes, mixing, limiting, writing.

    python benchmarks/bounce.py SET.remix [--parts loops]

Prints a Markdown table in times faster than real time. What users would pick instead stands beside it: ffmpeg is not at hand
everywhere, so it is numpy with soundfile (read all sources, add them up, write), and pedalboard's `time_stretch` on the sum.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from pedalboard import time_stretch

from engine.bounce import Mix, SetChoice, Setting, bounce
from engine.store.setdir import open_set


def timed(job: Callable[[], object]) -> float:
    """Return the seconds of the faster of two runs, so that what is compiled or cached once does not count."""
    seconds = []
    for _ in range(2):
        begun = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def plain_sum(folder: Path, parts: str, out: Path, stretch: float = 1.0) -> None:
    """Do the same with numpy, soundfile and pedalboard: no limiter, no hashes, no loudness."""
    sources = open_set(folder).decompositions[parts].sources
    total = sum(soundfile.read(folder / s.file, dtype="float32", always_2d=True)[0] * s.scale for s in sources)
    rate = open_set(folder).song.rate
    x = np.asarray(total, dtype=np.float32)
    if stretch != 1.0:
        x = time_stretch(np.ascontiguousarray(x.T), rate, stretch_factor=stretch).T
    soundfile.write(out, x, rate, subtype="PCM_24")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--parts", default="loops")
    options = parser.parse_args()
    remixset = open_set(options.set)
    if remixset.grid is None:
        raise SystemExit(f"{options.set} has no grid")
    seconds, bpm = remixset.song.seconds, remixset.grid.bpm
    count = len(remixset.decompositions[options.parts].sources)
    choice, moved = (SetChoice(options.set, options.parts),), (Setting("gain", None, "residual", -3.0),)
    with tempfile.TemporaryDirectory() as room:
        out = Path(room) / "a.wav"
        jobs: dict[str, Callable[[], object]] = {
            "remixture render": lambda: bounce(Mix(choice, moved), out),
            "numpy + soundfile": lambda: plain_sum(options.set, options.parts, out),
            "remixture render --loudness": lambda: bounce(Mix(choice, moved, loudness_lufs=-14.0), out),
            "remixture render --tempo (R3)": lambda: bounce(Mix(choice, moved, tempo=bpm * 1.1), out),
            "numpy + pedalboard.time_stretch": lambda: plain_sum(options.set, options.parts, out, 1.1),
            "remixture render --tempo --each (R3, every source)": lambda: bounce(
                Mix(choice, moved, tempo=bpm * 1.1, each=True), out
            ),
        }
        print(f"{seconds:.0f} s of song, {count} sources\n\n| job | x real time |\n|---|---|")
        for name, job in jobs.items():
            print(f"| {name} | {seconds / timed(job):.1f} |")


if __name__ == "__main__":
    main()

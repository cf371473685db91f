"""How exact and how right the grids are, and what they cost.

    python benchmarks/grid.py FOLDER... [--methods loops,madmom,onsets,librosa] [--mp3] [--varispeed 1.03] [--excerpt SECONDS]

A FOLDER is a song: one with `truth.json` and `mix.wav` (as the loop-song builder writes them), or one with `layout.json` and
numbered stems, whose sum is the song and whose first bar starts at 0. A folder of such folders stands for all of them. Prints
a Markdown table: tempo error in parts per million, the distance of the nearest bar line from the true one in ms, seconds
taken. A row is right within 100 ppm and 20 ms. `best` is what a user gets; madmom needs its weights in the cache.
"""

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.analysis.grid import candidates, find_grid, trackers
from engine.analysis.grid.candidates import Wishes
from engine.analysis.grid.listen import listen
from engine.analysis.grid.place import Activations
from engine.model.audio import Audio, Samples
from engine.model.grid import Beatgrid

Answer = tuple[Beatgrid, str, float] | None
Song = tuple[str, Audio, float, float]
"""Name, sound, bpm, seconds of a downbeat."""


def songs(folder: Path) -> Iterator[Song]:
    """Yield the songs of a folder."""
    if (folder / "truth.json").is_file():
        truth = json.loads((folder / "truth.json").read_text())
        yield f"{folder.parent.name}/{folder.name}", sound(folder / "mix.wav"), truth["bpm"], truth["bars_s"][0]
    elif (folder / "layout.json").is_file():
        stems = [sound(path) for path in sorted(folder.glob("[0-9]*.flac"))]
        mix = np.zeros((stems[0].channels, max(stem.frames for stem in stems)), dtype=np.float32)
        for stem in stems:
            mix[:, : stem.frames] += stem.samples
        yield folder.name, Audio(mix, stems[0].rate), float(json.loads((folder / "layout.json").read_text())["bpm"]), 0.0
    else:
        for child in sorted(path for path in folder.iterdir() if path.is_dir()):
            yield from songs(child)


def sound(path: Path) -> Audio:
    """Return a file's samples."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Audio(np.ascontiguousarray(samples.T), rate)


def changed(song: Song, options: argparse.Namespace) -> Song:
    """Return a song as excerpt, at another speed, through mp3."""
    name, audio, bpm, downbeat = song
    samples: Samples = audio.samples
    if options.excerpt:
        first = int(0.37 * audio.frames)
        samples, downbeat = samples[:, first : first + int(options.excerpt * audio.rate)], downbeat - first / audio.rate
    if options.varispeed != 1.0:
        samples = np.ascontiguousarray(soxr.resample(samples.T, audio.rate * options.varispeed, audio.rate).T)
        bpm, downbeat = bpm * options.varispeed, downbeat / options.varispeed
    if options.mp3:
        file = io.BytesIO()
        soundfile.write(file, np.clip(samples.T, -1, 1), audio.rate, format="MP3")
        file.seek(0)
        samples = np.ascontiguousarray(soundfile.read(file, dtype="float32", always_2d=True)[0].T)
    return name, Audio(np.ascontiguousarray(samples), audio.rate), bpm, downbeat


def best(audio: Audio) -> Answer:
    """Return what a user gets."""
    report = find_grid(audio)
    return report.grid, report.method, report.confidence


def loops(audio: Audio) -> Answer:
    """Return what exact repetition alone says."""
    listening = listen(audio)
    meter, likely = candidates.likeliest_meter(listening, audio.rate, Wishes())
    return candidates.by_loops(listening, meter, likely, Wishes()) if meter else None


def madmom(audio: Audio) -> Answer:
    """Return what madmom's networks alone say."""
    values = trackers.madmom_activations(audio, trackers.madmom_networks(), 0.0, audio.seconds)
    return candidates.by_madmom(listen(audio), Activations(values, trackers.MADMOM_FPS, 0.0), Wishes())


def onsets(audio: Audio) -> Answer:
    """Return what the pulse of the onsets alone says."""
    return candidates.by_onsets(listen(audio), Wishes())


def librosa(audio: Audio) -> Answer:
    """Return librosa's beats, tempo by a straight line, every fourth a downbeat; not part of the program."""
    from librosa.beat import beat_track

    _, beats = beat_track(y=audio.mono(), sr=audio.rate, units="time")
    return (Beatgrid(beats), "librosa", 0.0) if len(beats) > 1 else None


METHODS: dict[str, Callable[[Audio], Answer]] = {
    "best": best,
    "loops": loops,
    "madmom": madmom,
    "onsets": onsets,
    "librosa": librosa,
}


def row(song: Song, method: str) -> tuple[str, bool]:
    """Return one line of the table, and whether it is right."""
    name, audio, bpm, downbeat = song
    began = time.perf_counter()
    answer = METHODS[method](audio)
    took = time.perf_counter() - began
    if answer is None:
        return f"| {name} | {method} | {bpm:.2f} | - | - | - | - | {took:.2f} | no |", False
    grid, by, confidence = answer
    bar = 240.0 / bpm
    away = (grid.bar_seconds(0) - downbeat + bar / 2) % bar - bar / 2
    ppm = (grid.bpm / bpm - 1.0) * 1e6
    right = abs(ppm) < 100.0 and abs(away) < 0.02 and grid.beats_per_bar == 4
    label = method if by == method else f"{method}: {by}"
    return (
        f"| {name} | {label} | {bpm:.2f} | {grid.bpm:.4f}/{grid.beats_per_bar} | {ppm:+.2f} | {away * 1e3:+.2f} "
        f"| {confidence:.2f} | {took:.2f} | {'yes' if right else 'no'} |"
    ), right


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--methods", default="best")
    parser.add_argument("--mp3", action="store_true")
    parser.add_argument("--varispeed", type=float, default=1.0)
    parser.add_argument("--excerpt", type=float, default=0.0)
    options = parser.parse_args()
    methods = options.methods.split(",")
    score = dict.fromkeys(methods, 0)
    total = 0
    print("| song | method | true bpm | found | tempo, ppm | bar line, ms | confidence | s | right |\n" + "|---" * 9 + "|")
    for song in (changed(song, options) for folder in options.folders for song in songs(folder)):
        total += 1
        for method in methods:
            line, right = row(song, method)
            score[method] += right
            print(line, flush=True)
    print("\n" + ", ".join(f"{method}: {count} of {total} right" for method, count in score.items()))


if __name__ == "__main__":
    main()

"""Tables of how well the loops come apart, on songs whose parts are known."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.separation_scores import (
    CAP_DB,
    LoopScores,
    Tracks,
    audible,
    ideal_masked,
    loop_scores,
    si_sdr_table,
    stem_scores,
)
from engine.analysis.grid import find_grid
from engine.analysis.loops import find_loops
from engine.model.audio import Audio
from engine.store.decode import decode

MOST_SECONDS = 60
GOOD_DB = 20.0


@dataclass(frozen=True, slots=True)
class BuiltResult:
    """What one song of known loops gave. `mixture` and `ideal`: SI-SDR in dB of every true loop; `ideal` may be empty."""

    group: str
    scores: LoopScores
    mixture: tuple[float, ...]
    ideal: tuple[float, ...]

    @property
    def miscount(self) -> int:
        """By how many loops the number found is off."""
        return abs(self.scores.found - len(self.scores.each))


def separated(audio: Audio) -> tuple[Tracks, float]:
    """Return the loops of a song, found blind, as mono tracks [shape=(loops, frames)], and the seconds taken."""
    begun = time.perf_counter()
    found = find_loops(audio, find_grid(audio).grid)
    blocks = [block.mean(axis=1) for block in found.blocks]
    return np.concatenate(blocks, axis=-1).astype(np.float64), time.perf_counter() - begun


def mono(path: Path) -> NDArray[np.float64]:
    """Return the mono downmix of a file [shape=(frames,)]."""
    return np.asarray(soundfile.read(path, always_2d=True, dtype="float64")[0].mean(axis=1))


def measure_built(folder: Path, *, ideal: bool) -> tuple[BuiltResult, float]:
    """Take one song of known loops apart and score it; also the seconds taken."""
    truth = json.loads((folder / "truth.json").read_text())
    audio = decode(folder / "mix.wav")
    true = np.array([mono(folder / f"stem-{k}.wav")[: audio.frames] for k in range(len(truth["names"]))])
    mix = audio.samples.mean(axis=0).astype(np.float64)[: true.shape[1]]
    tracks, taken = separated(audio)
    edges = (np.array(truth["bars_s"]) * audio.rate).astype(np.int64)
    masked = tuple(np.diag(si_sdr_table(ideal_masked(mix, true), true)).tolist()) if ideal else ()
    scores = loop_scores(tracks[:, : true.shape[1]], true, np.array(truth["layout"]), edges)
    return BuiltResult(truth["group"], scores, tuple(si_sdr_table(mix[None], true)[:, 0].tolist()), masked), taken


def print_built(folders: list[Path], *, ideal: bool) -> None:
    """Print every song as it is done, then the groups of every folder and all of it."""
    results: dict[str, list[BuiltResult]] = {}
    print("\n| song | group | loops found / true | SI-SDR of each, dB | mean | layout F1 | s |\n|---|---|---|---|---|---|---|")
    for folder in folders:
        songs = sorted(path.parent for path in folder.glob("*/truth.json"))
        if not songs:
            raise SystemExit(f"{folder} holds no songs with known loops (NAME/truth.json)")
        for song in songs:
            result, taken = measure_built(song, ideal=ideal)
            results.setdefault(folder.name, []).append(result)
            print(f"| {folder.name}/{song.name} | {result.group} | {row(result.scores)} | {taken:.1f} |", flush=True)
    heads = (
        "songs",
        "group",
        "method",
        "median, dB",
        "mean, dB",
        "over 20 dB",
        "layout F1",
        "number right",
        "off by 1-2",
        "by more",
    )
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, of_folder in results.items():
        print_groups(name, of_folder)


def print_groups(name: str, results: list[BuiltResult]) -> None:
    """Print the rows of one folder: every group, then all."""
    groups = sorted({result.group for result in results})
    for group in [*groups, "all"]:
        chosen = [result for result in results if group in (result.group, "all")]
        lead = f"| {name} | {group} |"
        print(f"{lead} mixture | {levels(value for r in chosen for value in r.mixture)} | | | | |")
        if chosen[0].ideal:
            print(f"{lead} ideal ratio mask | {levels(value for r in chosen for value in r.ideal)} | | | | |")
        f1 = np.mean([result.scores.layout_f1 for result in chosen])
        off = np.array([result.miscount for result in chosen])
        counts = f"{(off == 0).sum()} | {((off > 0) & (off <= 2)).sum()} | {(off > 2).sum()}"
        print(f"{lead} loops | {levels(value for r in chosen for value in r.scores.each)} | {f1:.2f} | {counts} |")
        if chosen[0].ideal:
            above = [mine > other for r in chosen for mine, other in zip(r.scores.each, r.ideal, strict=True)]
            print(f"{lead} loops above the mask | {np.mean(above):.0%} | | | | | | |")


def row(scores: LoopScores) -> str:
    """Return the cells of one song."""
    each = " ".join(f"{value:.1f}" for value in scores.each)
    return f"{scores.found} / {len(scores.each)} | {each} | {mean_db(scores.each):.1f} | {scores.layout_f1:.2f}"


def mean_db(values: Iterable[float]) -> float:
    """Return the mean of scores in dB, each up to 30."""
    return float(np.mean(np.minimum(list(values), CAP_DB)))


def levels(values: Iterable[float]) -> str:
    """Return three cells: median, capped mean, share that is good."""
    known = np.array(list(values))
    return f"{np.median(known):.1f} | {mean_db(known):.1f} | {np.mean(known >= GOOD_DB):.0%}"


def first_minute(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return the first 60 s of a file as stereo [shape=(2, frames)], and its rate."""
    rate = soundfile.info(path).samplerate
    samples, _ = soundfile.read(path, frames=MOST_SECONDS * rate, always_2d=True, dtype="float32")
    return np.ascontiguousarray(np.broadcast_to(samples.T, (2, len(samples)))), rate


def measure_stems(folder: Path, *, ideal: bool) -> tuple[dict[str, list[float]], int, float]:
    """Take one song apart and score it per stem by method; also the number of loops and the seconds taken."""
    files = sorted(path for path in folder.glob("[0-9]*") if path.suffix in (".flac", ".wav"))
    if not files:
        raise SystemExit(f"{folder} holds no stems (1_NAME.flac, 2_NAME.flac, ...)")
    stereo, rates = zip(*map(first_minute, files), strict=True)
    frames = min(samples.shape[1] for samples in stereo)
    audio = Audio(np.sum([samples[:, :frames] for samples in stereo], axis=0, dtype=np.float32), rates[0])
    stems = np.array([samples[:, :frames].mean(axis=0) for samples in stereo], dtype=np.float64)
    mix = stems.sum(axis=0)
    tracks, taken = separated(audio)
    methods = {"mixture": mix[None], "loops": np.concatenate([tracks, [mix - tracks.sum(axis=0)]])}
    scores = {name: stem_scores(sources, stems) for name, sources in methods.items()}
    if ideal:
        scores["ideal ratio mask"] = stem_scores(ideal_masked(mix, audible(stems)), stems)
    return scores, len(tracks), taken


def print_stems(folders: list[Path], *, ideal: bool) -> None:
    """Print how well the stems of real songs can be had as sums of the sources found."""
    gains: dict[str, list[float]] = {}
    print("\n| song | method | loops | best sum per stem, dB | mean | over the mixture | s |\n|---|---|---|---|---|---|---|")
    for folder in folders:
        scores, count, taken = measure_stems(folder, ideal=ideal)
        for name, each in scores.items():
            gain = float(np.mean(each) - np.mean(scores["mixture"]))
            gains.setdefault(name, []).append(gain)
            cells = (str(count), f"{taken:.1f}") if name == "loops" else ("", "")
            shown = " ".join(f"{value:.1f}" for value in each)
            print(
                f"| {folder.name} | {name} | {cells[0]} | {shown} | {np.mean(each):.1f} | {gain:.1f} | {cells[1]} |", flush=True
            )
    for name, values in gains.items():
        print(f"| {len(values)} songs | {name} | | | | {np.mean(values):.1f} | |")

"""`remixture demo`: the whole way on a built-in song, and how well each of its known parts was recovered."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import Screen, table

if TYPE_CHECKING:
    from engine.bounce import Bounced, Mix
    from engine.demosong import DemoSong
    from engine.model.audio import Samples
    from engine.model.remixset import RemixSet

SONG = "demo-song.wav"
REMIX = "demo-remix.wav"
FOLDER = Path("remixture-demo")


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("demo", help="take a built-in song apart and remix it", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help=f"where to write (default: {FOLDER})")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make the song, take it apart, remix it; print how well and how fast that went."""
    from engine.bounce import bounce
    from engine.demosong import demo_song
    from engine.prepare import prepare

    begun = time.perf_counter()
    with Screen("demo") as screen:
        screen.step("synthesise")
        song = demo_song()
        write_song(song, options.out)
        folder, remixset = prepare(options.out / SONG, options.out, report=screen)
        done = bounce(demo_mix(folder), options.out / REMIX, screen)
        screen.step("compare")
        found = compared(song, folder, remixset)
    print(report(found, remixset, done, screen.seconds, time.perf_counter() - begun))
    print(files(options.out, folder, done))


def write_song(song: DemoSong, folder: Path) -> None:
    """Write the song as a file, as if somebody had brought it."""
    from engine.model.errors import RemixtureError
    from engine.store.encode import audio_writer

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RemixtureError(f"cannot write {folder}: {error.strerror}") from error
    with audio_writer(folder / SONG, song.mix.rate, song.mix.channels, song.mix.frames) as write:
        write(song.mix.samples)


def demo_mix(folder: Path) -> Mix:
    """Return the remix: the voice starts almost alone, the beat drops in at bar 9, the voice falls back for the end."""
    from engine.bounce import Mix, Move, Param, SetChoice, Setting

    def to(bar: int, param: Param, source: str, value: float) -> Move:
        return Move(bar, Setting(param, "a", source, value))

    moves = (
        to(1, "mute", "drums", 1), to(1, "gain", "bass", -9), to(1, "gain", "vocals", 4), to(5, "gain", "bass", -3),
        to(9, "mute", "drums", 0), to(9, "gain", "drums", 3), to(9, "gain", "bass", 2), to(13, "gain", "other", -6),
        to(15, "gain", "vocals", -12), to(17, "gain", "drums", 0),
    )  # fmt: skip
    return Mix((SetChoice(folder, "stems"),), moves=moves, loudness_lufs=-14.0)


def compared(song: DemoSong, folder: Path, remixset: RemixSet) -> list[tuple[str, ...]]:
    """Return a row for each known part: what it was recovered as, SI-SDR of the mix and of the recovered source in dB."""
    from engine.store.sources import read_source

    rows: list[tuple[str, ...]] = []
    for name, truths in (("loops", song.loops), ("stems", song.stems)):
        parts = remixset.decompositions[name].sources[:-1]
        sources = {part.id: read_source(part, folder, remixset.song) for part in parts}
        rows += _matched(name[:-1], truths, sources, song.mix.samples)
    return rows


def _matched(kind: str, truths: Mapping[str, Samples], sources: Mapping[str, Samples], mix: Samples) -> list[tuple[str, ...]]:
    """Give every known part the source that fits it best, each source once."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    from engine.dsp.levels import si_sdr_db

    score = np.array([[si_sdr_db(source, truth) for source in sources.values()] for truth in truths.values()])
    of_source = dict(zip(*(x.tolist() for x in linear_sum_assignment(-score)), strict=True))
    rows: list[tuple[str, ...]] = []
    for i, (name, truth) in enumerate(truths.items()):
        before = f"{si_sdr_db(mix, truth):.1f}"
        j = of_source.get(i)
        rows.append(
            (kind, name, "not found" if j is None else list(sources)[j], before, "-" if j is None else f"{score[i, j]:.1f}")
        )
    return rows


def report(found: list[tuple[str, ...]], remixset: RemixSet, done: Bounced, seconds: Mapping[str, float], total: float) -> str:
    """Return the two tables and what was heard."""
    head = ("part", "", "recovered as", "SI-SDR of the mix", "of the source (dB)")
    steps = [("step", "seconds"), *((name, f"{took:.1f}") for name, took in seconds.items()), ("together", f"{total:.1f}")]
    grid = remixset.grid
    heard = "" if grid is None else f"heard: {grid.bpm:.2f} bpm (is 112), {remixset.key} (is A minor), grid by {grid.method}\n"
    makers = ", ".join(f"{name} by {parts.algorithm}" for name, parts in remixset.decompositions.items())
    return (
        f"\n{table(steps, right=(1,))}\n\n{heard}separated: {makers}\n\n{table([head, *found], right=(3, 4))}\n\n"
        f"remix: {done.seconds:.1f} s, {done.loudness_lufs:.1f} LUFS, true peak {done.true_peak_dbtp:.1f} dBTP\n"
    )


def files(out: Path, folder: Path, done: Bounced) -> str:
    """Return what to listen to and look at."""
    return table([
        ("the song", str(out / SONG)), ("its parts", str(folder)), ("its map", str(folder / "map.png")),
        ("the remix", str(done.files[0])),
    ])  # fmt: skip

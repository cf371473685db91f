"""`remixture prepare SONG...`: songs -> remix sets."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import Screen
from engine.model.errors import RemixtureError
from engine.model.loopcount import AUTO, MOST_LOOPS, loop_count
from engine.model.stemchoice import StemChoice

if TYPE_CHECKING:
    from engine.model.remixset import RemixSet
    from engine.model.score import Score
    from engine.prepare import Settings

UNSURE = 0.5
"""Confidence in the grid below which people should look."""
PRECISIONS = ("float32", "bf16")


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("prepare", help="take songs apart into remix sets", description=__doc__)
    parser.add_argument("songs", nargs="+", type=Path, metavar="SONG", help="wav aiff flac ogg opus mp3 m4a alac .stem.mp4")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder for the sets, or NAME.remix for the set itself"
    )
    parser.add_argument("--loops", default=AUTO, metavar="N", help=f"number of loops, 1 to {MOST_LOOPS} (default: auto)")
    parser.add_argument(
        "--stems", default=StemChoice.AUTO.value, choices=[choice.value for choice in StemChoice],
        help="who separates the stems (default: auto)",
    )  # fmt: skip
    parser.add_argument("--stem-model", metavar="MODEL", help="a Demucs model: a name, or a local folder or .safetensors file")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), help="where Demucs computes (default: what there is)")
    parser.add_argument("--stem-segment", type=float, metavar="SECONDS", help="shorter: less memory (default: the model's own)")
    parser.add_argument("--stem-precision", choices=PRECISIONS, default="float32", help="bf16: quicker, on CPUs that have it")
    parser.add_argument("--score", type=Path, metavar="FILE.mid", help="the song's notes, on its own clock, for --stems nmf")
    parser.add_argument(
        "--clean-drums", action="store_true",
        help="drums played again, each with its cleanest hit; what else was among them becomes a stem of its own",
    )  # fmt: skip
    parser.add_argument("--bpm", type=float, help="the tempo, if you know better")
    parser.add_argument("--downbeat", type=float, metavar="SECONDS", help="the time of any downbeat")
    parser.add_argument("--beats-per-bar", type=int, metavar="N", help="4 for 4/4, 3 for 3/4")
    parser.add_argument("--seed", type=int, default=0, help="start value of the loop search (default: 0)")
    parser.add_argument("--json", action="store_true", help="print the manifests as one JSON document")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prepare every song; go on with the next where one cannot be."""
    from engine.prepare import prepare

    settings = _settings(options)
    if options.output is not None and options.output.suffix == ".remix" and len(options.songs) > 1:
        raise RemixtureError(f"{options.output} names one set, but there are {len(options.songs)} songs: give a folder")
    done: list[tuple[Path, RemixSet]] = []
    failed: list[RemixtureError] = []
    for song in options.songs:
        try:
            with Screen(song.name[:32]) as screen:
                done.append(prepare(song, options.output, settings, screen))
        except RemixtureError as error:
            failed.append(error)
            if len(options.songs) > 1:
                print(f"remixture: {error}", file=sys.stderr)
            continue
        if not options.json:
            print(summary(*done[-1]))
    if options.json:
        _print_json(done)
    if failed:
        raise failed[0] if len(options.songs) == 1 else RemixtureError(f"{len(failed)} of {len(options.songs)} songs failed")


def _settings(options: argparse.Namespace) -> Settings:
    from engine.analysis.stems.computing import Computing, Precision
    from engine.prepare import Settings

    return Settings(
        loops=loop_count(options.loops), stems=StemChoice(options.stems), stem_model=options.stem_model,
        computing=Computing(options.device, Precision(options.stem_precision), options.stem_segment),
        bpm=options.bpm, downbeat=options.downbeat, beats_per_bar=options.beats_per_bar, seed=options.seed,
        score=_score(options), clean_drums=options.clean_drums,
    )  # fmt: skip


def _score(options: argparse.Namespace) -> Score | None:
    if options.score is None:
        return None
    if options.stems != StemChoice.NMF:
        raise RemixtureError(f"only nmf follows a score, got --stems {options.stems}: say --stems nmf, or leave --score out")
    if len(options.songs) > 1:
        raise RemixtureError(f"{options.score} is one song's score, but there are {len(options.songs)}: give one at a time")
    from engine.store.score import read_score

    return read_score(options.score)


def summary(folder: Path, remixset: RemixSet) -> str:
    """Return what was made, in a few lines for people."""
    song, grid = remixset.song, remixset.grid
    lines = [f"{folder}"]
    if grid is not None:
        steady = "steady" if grid.steady else "drifting"
        key = f", {remixset.key} ({remixset.camelot})" if remixset.key else ""
        lines.append(f"  {song.seconds:.1f} s, {grid.bpm:.2f} bpm {steady}, {grid.beats_per_bar} beats a bar{key}")
        doubt = "; listen where bar 1 falls, and say better with --bpm and --downbeat" if grid.confidence < UNSURE else ""
        lines.append(f"  grid by {grid.method}, confidence {grid.confidence:.2f}{doubt}")
    for name, parts in remixset.decompositions.items():
        lines.append(f"  {name:5} by {parts.algorithm}: {', '.join(source.id for source in parts.sources)}")
    return "\n".join(lines)


def _print_json(done: list[tuple[Path, RemixSet]]) -> None:
    import msgspec

    document = {"sets": [{"folder": str(folder), **msgspec.to_builtins(remixset)} for folder, remixset in done]}
    print(msgspec.json.encode(document).decode())

"""`remixture info SET`: what a set knows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import table

if TYPE_CHECKING:
    from engine.model.remixset import RemixSet, Source


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("info", help="show what a set knows", description=__doc__)
    parser.add_argument("set", type=Path, metavar="SET", help="a folder NAME.remix")
    parser.add_argument("--json", action="store_true", help="print the manifest")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the set."""
    from engine.store.manifest import to_json
    from engine.store.setdir import open_set

    remixset = open_set(options.set)
    print(to_json(remixset).decode() if options.json else described(remixset))


def described(remixset: RemixSet) -> str:
    """Return the set in words and columns."""
    song, grid = remixset.song, remixset.grid
    rows = [("song", song.title), ("length", f"{song.seconds:.2f} s, {song.rate} Hz, {song.channels} channels")]
    if grid is not None:
        rows += [
            ("tempo", f"{grid.bpm:.3f} bpm, {'steady' if grid.steady else 'drifting'}, {grid.beats_per_bar} beats a bar"),
            ("bar 1", f"{grid.grid().bar_seconds(0):.4f} s"),
            ("grid", f"{grid.method}: {grid.why}"),
        ]
    if remixset.key:
        rows.append(("key", f"{remixset.key} ({remixset.camelot})"))
    if remixset.loudness_lufs is not None:
        rows.append(("loudness", f"{remixset.loudness_lufs:.1f} LUFS, true peak {remixset.true_peak_dbtp:+.1f} dBTP"))
    if remixset.sections:
        rows.append(("sections", ", ".join(f"{section.label} from bar {section.bar + 1}" for section in remixset.sections)))
    text = table(rows)
    for name, parts in remixset.decompositions.items():
        text += f"\n\n{name} by {parts.algorithm} {parts.version}" + (f" ({parts.note})" if parts.note else "") + "\n"
        text += table(_rows(parts.sources))
    return text


def _facts(source: Source) -> tuple[str, str, str]:
    """Return when it repeats, how exactly, and how much of others is in it."""
    period = f"every {source.period} bars" if source.period else ""
    return period, source.confidence_text, f"crosstalk {source.crosstalk_text}" if source.crosstalk_text else ""


def _rows(sources: tuple[Source, ...]) -> list[tuple[str, ...]]:
    """Return a row for every source, without the columns that hold nothing."""
    rows = [(f"  {s.id}", s.name, *_facts(s), s.file) for s in sources]
    return list(zip(*filter(any, zip(*rows, strict=True)), strict=True))

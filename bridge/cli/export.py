"""`remixture export SET|TAKE --to FORMAT -o PATH`: what was found and played, as tracks in another program.

A set gives a track for each of its sources, on its grid. A take gives a track for each source that sounded, and the fader moves
as automation where the format has any; in the sound where it has none.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bridge.cli.screen import Screen
from bridge.daw.formats import FORMATS, Format
from engine.model.errors import RemixtureError

PARTS = ("stems", "loops")


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    formats = "\n".join(f"  {form.name:11} {form.programs} ({_target(form)})" for form in FORMATS.values())
    parser = words.add_parser(
        "export", help="hand a set or a take to a DAW", description=__doc__, epilog=f"formats:\n{formats}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("source", type=Path, metavar="SET|TAKE", help="a folder NAME.remix, or a take.jsonl")
    add("--to", required=True, choices=FORMATS, metavar="FORMAT", help=f"one of {', '.join(FORMATS)}")
    add("-o", "--output", type=Path, required=True, metavar="PATH", help="the file or folder to write")
    add("--parts", choices=PARTS, help="which sources of a set (default: stems where there are)")
    add("--looped", action="store_true", help="loops as one period that goes round, instead of as they sound in the song")
    add("--bits", choices=("24", "32f"), help="what a .wav holds (default: 24)")
    add("--aac", action="store_true", help="stem.mp4 in AAC, smaller and lossy, instead of ALAC")
    add("--recording", type=int, metavar="N", help="only what was recorded in a take; 1 is the first recording")
    add("--sets", type=Path, action="append", default=[], metavar="DIR", help="where to look for a take's sets first")
    add("--force", action="store_true", help="replace what is there already")
    add("--json", action="store_true", help="print what was made as one JSON document")
    parser.set_defaults(run=run)


def _target(form: Format) -> str:
    return " or ".join(suffix or "a folder" for suffix in form.suffixes)


def run(options: argparse.Namespace) -> None:
    """Export it."""
    from bridge.daw.export import export
    from bridge.daw.work import Options
    from engine.store.encode import BitDepth

    given = {"bits": options.bits, "aac": options.aac or None, "recording": options.recording}
    for name in (name for name, value in given.items() if value is not None and name not in FORMATS[options.to].heeds):
        able = ", ".join(form.name for form in FORMATS.values() if name in form.heeds)
        raise RemixtureError(f"--{name} means nothing to --to {options.to}: it is for {able}")
    wanted = Options(
        options.parts, options.looped, BitDepth(options.bits or "24"), "aac" if options.aac else "alac", options.recording,
        tuple(options.sets),
    )  # fmt: skip
    with Screen(options.output.name[:32]) as screen:
        done = export(options.source, options.to, options.output, wanted, screen, force=options.force)
    if options.json:
        import msgspec

        print(msgspec.json.encode(done, enc_hook=str).decode())
    else:
        print("\n".join([str(done.path), *(f"  {line}" for line in done.said)]))

"""The `remixture` command.

- `demo`     the whole way on a built-in song
- `prepare`  songs -> remix sets
- `info`     what a set knows
- `render`   sets or a take -> an audio file
- `drums`    the drums of a set or a song, clean, as a kit and as MIDI
- `export`   a set or a take -> another program's format
- `compare`  separated sources against the true ones; `tracks`, out of what they are read
- `open`     songs or sets -> sound, live; `wanted` its options, `terminal` the session as lines, `page` as the page
- `devices`  what this machine can play through
- `midi`     controllers: which there are, what they send, learning them
- `doctor`   what this machine lacks, and what brings it
- `screen`   progress, tables and errors on a terminal

Each module adds its parser and its `run`. Nothing heavy is imported before it is needed, so that `--help` answers at once.
Exit code 0, or 2 for what a person can mend (one line on stderr), 1 for a failure of ours, 130 after Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from bridge.cli import compare, demo, devices, doctor, drums, export, info, midi, prepare, render
from bridge.cli import open as open_

WORDS = (demo, prepare, info, render, export, drums, compare, open_, devices, midi, doctor)
STOPPED = 130
WHAT_IS_KEPT = "what was finished is kept, the same command goes on from there"
WHOLE_OR_NOTHING = frozenset({"drums", "export", "render"})
"""Words that keep nothing of what was not finished; the others go on where they were stopped."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="remixture",
        description="Takes music apart into stems and loops on a beat grid, and plays it again.",
        epilog="Start with: remixture demo",
    )
    words = top.add_subparsers(dest="word", required=True, metavar="WORD")
    for word in WORDS:
        word.add_parser(words)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    from engine.model.errors import RemixtureError

    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except RemixtureError as error:
        print(f"remixture: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = "nothing was written" if options.word in WHOLE_OR_NOTHING else WHAT_IS_KEPT
        print(f"remixture: stopped; {kept}", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader of our output left, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0

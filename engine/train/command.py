"""What the commands that train have in common: where they write, and how they end."""

import argparse
import sys
from collections.abc import Callable

from engine.model.errors import RemixtureError

STOPPED = 130


def obey(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None]) -> None:
    """Run a command that writes weights to `--out`.

    Raises
    ------
    SystemExit
        With 2 after a line for people about what they can mend, with 130 after Ctrl-C.
    """
    try:
        options = parser.parse_args()
        prepare(options)
        run(options)
    except RemixtureError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped: --resume goes on from the last checkpoint\n")
        raise SystemExit(STOPPED) from None


def prepare(options: argparse.Namespace) -> None:
    """See before hours of training that what is learnt can be written: card and plot lie beside it under the same name."""
    if options.out.suffix != ".safetensors":
        raise RemixtureError(f"--out takes a .safetensors file, got {options.out}")
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RemixtureError(f"cannot write to {options.out.parent}: {error.strerror or error}") from error

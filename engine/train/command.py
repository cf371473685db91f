"""What the commands that train have in common: where they write, and how they end."""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

from engine.model.errors import RemixtureError

STOPPED = 130


def parser_of(module: str, description: str | None, steps: int) -> argparse.ArgumentParser:
    """Return a parser of `python -m MODULE` with the options that all trainings have; `steps` is the default of --steps."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder with sonic_pi/ and vocadito/")
    add("--out", type=Path, required=True, help="the weights to write, .safetensors")
    add("--steps", type=int, default=steps, help=f"default: {steps}")
    add("--minutes", type=float, default=math.inf, help="break off after so many")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=2)
    add("--resume", action="store_true", help="go on from the last checkpoint")
    return parser


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

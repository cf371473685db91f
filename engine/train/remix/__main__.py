"""Train a remixing network from nothing.

    python -m engine.train.remix --data FOLDER --out FILE [--model 1|2] [--sources 2..5] [--weights 1:1|K:1|1:0|0:1]
                                 [--steps N] [--minutes N] [--seed N] [--songs N] [--shelf FOLDER] [--resume]

The loss is psi times the negative SDR of the remix plus lambda times the mean negative SDR of the sources; --weights is
psi:lambda, K the number of sources. Gains are drawn from -12 to +12 dB. The songs are made once and kept on the shelf, beside
FILE unless another is named, apart from those played with other sounds. The rate of learning falls to its end over --steps;
--minutes breaks off earlier, and --resume goes on from there. Beside FILE are written: its checkpoint
(`.checkpoint.safetensors`), the losses as a plot (`.png`), and the card (`.json`).
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from engine.model.errors import RemixtureError
from engine.train import sources
from engine.train.command import obey, parser_of

if TYPE_CHECKING:
    from engine.train.remix.multitracks import Shelf
    from engine.train.remix.training import Plan


def main() -> None:
    """Run the command."""
    parser = parser_of("engine.train.remix", __doc__, 12_000)
    add = parser.add_argument
    add("--model", type=int, choices=(1, 2), default=1, help="1 mixes decoded sources, 2 their latents (default: 1)")
    add("--sources", type=int, choices=(2, 3, 4, 5), default=4)
    add("--weights", default="1:1", metavar="PSI:LAMBDA", help="of remix and sources: 1:1, K:1, 1:0, 0:1 (default: 1:1)")
    add("--songs", type=int, default=120)
    add("--shelf", type=Path, metavar="FOLDER", help="where songs are kept (default: remix-songs beside --out)")
    obey(parser, run)


def run(options: argparse.Namespace) -> None:
    """Train and write."""
    import torch

    from engine.train.progress import Progress
    from engine.train.remix.training import train
    from engine.train.remix.written import write

    torch.set_num_threads(options.threads)
    begun = time.monotonic()
    plan, font = planned(options), sources.sound_font()
    shelf = filled_shelf(options, plan, font)
    until = begun + 60 * options.minutes
    telling = Progress(plan.steps, until)
    checkpoint = options.out.with_suffix(".checkpoint.safetensors")
    state = train(plan, shelf.song, checkpoint, resume=options.resume, until=until, told=telling.told)
    write(options.out, state, plan, sources.used(options.data, font), telling.latest)
    sys.stderr.write(f"{state.step} steps in {(time.monotonic() - begun) / 60:.1f} min: {options.out}\n")


def planned(options: argparse.Namespace) -> "Plan":
    """Return what is to be trained; RemixtureError if that is nothing."""
    from engine.analysis.remix.shape import Shape
    from engine.train.remix.loss import Weights
    from engine.train.remix.training import Plan

    if min(options.songs, options.steps) < 1:
        raise RemixtureError(f"training takes songs and steps, got --songs {options.songs} --steps {options.steps}")
    try:
        weights = Weights.told(options.weights, options.sources)
    except ValueError as error:
        raise RemixtureError(f"--weights takes two numbers such as 1:1, K:1 or 1:0, got {options.weights!r}") from error
    shape = Shape(sources=options.sources, model=options.model)
    return Plan(options.steps, weights, options.seed, songs=options.songs, shape=shape)


def filled_shelf(options: argparse.Namespace, plan: "Plan", font: Path | None) -> "Shelf":
    """Return a shelf with all songs on it, after making those that were not."""
    from engine.train import songs
    from engine.train.remix.multitracks import Shelf

    folder = (options.shelf or options.out.parent / "remix-songs") / sources.digest(options.data, font)
    shelf = Shelf(folder, lambda: songs.bank(options.data, font), plan.seed, plan.shape.sources, plan.shape.rate)
    for i in range(plan.songs):
        shelf.song(i)
        if i % 10 == 9:
            sys.stderr.write(f"song {i + 1}/{plan.songs}\n")
    return shelf


if __name__ == "__main__":
    main()

"""Train the small separator from nothing.

    python -m engine.train --data FOLDER --out FILE [--steps N] [--minutes N] [--seed N] [--resume]

The rate of learning falls to its end over --steps; --minutes breaks off earlier, and --resume goes on from there. Beside FILE
are written: its checkpoint (`.checkpoint.safetensors`), the losses as a plot (`.png`), and the card (`.json`).
"""

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.model.errors import RemixtureError


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with sonic_pi/ and vocadito/")
    parser.add_argument("--out", type=Path, required=True, help="the weights to write, .safetensors")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--causal", action="store_true", help="no frame looks ahead, and the built-in separator, which does, is no guide"
    )
    parser.add_argument("--resume", action="store_true")
    try:
        run(parser.parse_args())
    except RemixtureError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error


def run(options: argparse.Namespace) -> None:
    """Train and write."""
    import torch

    from engine.analysis.stems.small_net import Shape
    from engine.train import songs
    from engine.train.sources import sound_font
    from engine.train.training import Plan, train
    from engine.train.written import plot, write

    torch.set_num_threads(options.threads)
    begun = time.monotonic()
    plan = Plan(
        options.steps,
        options.seed,
        options.batch,
        shape=Shape(causal=options.causal, guided=not options.causal),
        device=options.device,
    )
    sys.stderr.write("Reading and rendering what songs are played with ...\n")
    bank = songs.bank(options.data, sound_font())
    first = time.monotonic()
    count, mean = 0, np.zeros(4)

    def told(step: int, loss: float, sdr: "np.ndarray[Any, np.dtype[np.float32]]") -> None:
        nonlocal count, mean
        count, mean = count + 1, 0.98 * mean + 0.02 * sdr if count else sdr.astype(np.float64)
        left = min((time.monotonic() - first) / count * (plan.steps - step), 60 * options.minutes - (time.monotonic() - begun))
        if step % 20 == 0:
            shown = " ".join(f"{x:5.1f}" for x in mean)
            sys.stderr.write(f"step {step}/{plan.steps}  loss {loss:6.3f}  dB {shown}  {left / 60:.1f} min left\n")
            sys.stderr.flush()

    checkpoint = options.out.with_suffix(".checkpoint.safetensors")
    until = begun + 60 * options.minutes
    state = train(plan, lambda i: songs.song(bank, plan.seed, i), checkpoint, resume=options.resume, until=until, told=told)
    write(options.out, state, plan, bank.used)
    plot(options.out.with_suffix(".png"), state.losses)
    sys.stderr.write(f"{state.step} steps in {(time.monotonic() - begun) / 60:.1f} min: {options.out}\n")


if __name__ == "__main__":
    main()

"""Train the small separator from nothing.

    python -m engine.train --data FOLDER --out FILE [--steps N] [--minutes N] [--seed N] [--resume]

The rate of learning falls to its end over --steps; --minutes breaks off earlier, and --resume goes on from there. Beside FILE
are written: its checkpoint (`.checkpoint.safetensors`), the losses as a plot (`.png`), and the card (`.json`).
"""

import argparse
import sys
import time
from pathlib import Path

from engine.train.command import obey, parser_of


def main() -> None:
    """Run the command."""
    parser = parser_of("engine.train", __doc__, 4000)
    add = parser.add_argument
    add("--multitracks", type=Path, help="folder of real songs, made by python -m engine.train.multitracks")
    add("--real", type=float, default=0.6, help="share of those songs (default: 0.6)")
    add("--kept", type=Path, help="folder of real songs kept from training: they tell how far to trust it")
    add("--batch", type=int, default=4)
    add("--device", default="cpu", help="cpu or cuda")
    add("--causal", action="store_true", help="no frame looks ahead, and the built-in separator, which does, is no guide")
    obey(parser, run)


def run(options: argparse.Namespace) -> None:
    """Train and write."""
    import torch

    from engine.analysis.stems.small_net import Shape
    from engine.train.material import material
    from engine.train.progress import Progress
    from engine.train.scores import scores, trusted, unseen
    from engine.train.training import Plan, train
    from engine.train.written import plot, tensors_of, write

    torch.set_num_threads(options.threads)
    begun = time.monotonic()
    shape = Shape(causal=options.causal, guided=not options.causal)
    real = options.real if options.multitracks else 0.0
    plan = Plan(options.steps, options.seed, options.batch, real=real, shape=shape, device=options.device)
    sys.stderr.write("Reading and rendering what songs are played with ...\n")
    here = material(options.data, options.multitracks, real, plan.seed)
    kept = here.kept(options.kept) if options.kept else here
    until = begun + 60 * options.minutes
    checkpoint = options.out.with_suffix(".checkpoint.safetensors")
    state = train(plan, here.make, checkpoint, resume=options.resume, until=until, told=Progress(plan.steps, until).told)
    share, heard = 1.0, {}
    if state.step:
        sys.stderr.write("Listening to songs that were kept from it ...\n")
        mixtures = unseen(kept.make, plan.seed)
        share = trusted(tensors_of(state), shape, mixtures) if options.kept else 1.0
        heard = scores(tensors_of(state, share), shape, mixtures)
    write(options.out, tensors_of(state, share), state, plan, here.licences, {"kept": share, "sdr_db": heard})
    plot(options.out.with_suffix(".png"), state.losses)
    sys.stderr.write(f"{state.step} steps in {(time.monotonic() - begun) / 60:.1f} min: {options.out}\n")


if __name__ == "__main__":
    main()

"""Train what refines drums: on pairs, then against a critic; a model for each genre, and what chooses between them.

    python -m engine.train.drums --data FOLDER --out FILE [--genre electronic|acoustic|all] [--stage common|mse|both]
                                 [--steps N] [--minutes N] [--seed N] [--resume]

A model common to all drums has --steps steps; from it each genre's model has a quarter as many on pairs, and from that as many
against the critic. --minutes breaks off earlier, and --resume goes on from there. Beside FILE are written: a checkpoint of each
of these (`.NAME.checkpoint.safetensors`), the losses as a plot (`.png`), and the card (`.json`) with the scores in dB on songs
played with drums that were held out.
"""

import argparse
import sys
import time
from functools import partial
from typing import Any

from engine.train.command import obey, parser_of

CHOICE_SONGS, EXAM_SONGS = 60, 16
"""Mixtures of each genre that the choice is learnt from, and that all is scored on."""


def main() -> None:
    """Run the command."""
    parser = parser_of("engine.train.drums", __doc__, 1000)
    add = parser.add_argument
    add("--genre", choices=["electronic", "acoustic", "all"], default="all")
    stages = "common: the common model alone; mse: not against the critic"
    add("--stage", choices=["common", "mse", "both"], default="both", help=stages)
    add("--weight", type=float, default=0.05, help="what the critic says counts so much (default: 0.05)")
    obey(parser, run)


def run(options: argparse.Namespace) -> None:
    """Train and write."""
    import torch

    from engine.train import songs
    from engine.train.drums.course import Plan, chapters, taught
    from engine.train.drums.genres import COMMON, GENRES, drums
    from engine.train.drums.written import write
    from engine.train.sources import LICENCES, sound_font
    from engine.train.written import plot

    torch.set_num_threads(options.threads)
    begun = time.monotonic()
    plan = Plan(options.steps, options.seed, weight=options.weight)
    genres = tuple(genre for genre in GENRES if options.genre in {genre.name, "all"} and options.stage != "common")
    course = chapters(plan, genres, critic=options.stage == "both")
    say("Reading and rendering what songs are played with ...")
    bank = songs.bank(options.data, sound_font())
    banks = {genre.name: drums(options.data, sound_font(), genre).playing(bank) for genre in (COMMON, *genres)}
    until = begun + 60 * options.minutes
    learnt = taught(
        plan, course, banks, lambda name: options.out.with_suffix(f".{name}.checkpoint.safetensors"),
        resume=options.resume, until=until, told=Progress(sum(chapter.steps for chapter in course), until),
    )  # fmt: skip
    losses = [loss for name in learnt.losses for loss in learnt.losses[name]]
    plot(options.out.with_suffix(".png"), losses, f"Refinement of drums: {', '.join(learnt.losses)}")
    finished = len(losses) == sum(chapter.steps for chapter in course)
    choice, scores = examined(options, plan, bank, banks, learnt.models) if finished else (None, {})
    told = {"steps": {name: len(some) for name, some in learnt.losses.items()}, "settings": plan.settings(), **scores}
    write(options.out, learnt.models, choice, plan.widths, told, {name: LICENCES[name] for name in bank.used})
    say(f"{len(losses)} steps in {(time.monotonic() - begun) / 60:.1f} min: {options.out}")


def examined(options: argparse.Namespace, plan: Any, bank: Any, banks: Any, models: Any) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401
    """Learn to choose, where there are two genres, and score everything on what was held out."""
    from engine.train import songs
    from engine.train.drums import choice, exam
    from engine.train.drums.genres import GENRES, Heard, drums
    from engine.train.drums.refined.choice import FRAMES
    from engine.train.drums.refined.models import generator
    from engine.train.sources import sound_font

    say("Choosing and scoring ...")
    held_out = {}
    for genre in GENRES:
        played = drums(options.data, sound_font(), genre, Heard.HELD_OUT).playing(bank)
        held_out[genre.name] = exam.mixtures(partial(songs.song, played, plan.seed), plan.seed, EXAM_SONGS, FRAMES)
    nets = {name: generator(plan.widths, weights) for name, weights in models.items()}
    told: dict[str, Any] = {"held_out_sdr_db": exam.scores(nets, held_out)}
    names = tuple(genre.name for genre in GENRES)
    if not all(name in banks for name in names):
        return None, told
    first, second = (
        exam.mixtures(partial(songs.song, banks[name], plan.seed), plan.seed, CHOICE_SONGS, FRAMES, exam.CHOOSING)
        for name in names
    )
    chosen = choice.learnt((names[0], names[1]), first, second)
    told["choice_accuracy_held_out"] = round(choice.accuracy(chosen, *held_out.values()), 3)
    return chosen, told


class Progress:
    """Says where training is, every 20 steps, and how long it will take."""

    def __init__(self, steps: int, until: float) -> None:
        self._left, self._until, self._begun, self._count, self._last = steps, until, time.monotonic(), 0, ("", 0)

    def __call__(self, chapter: str, step: int, steps: int, loss: float, found: Any) -> None:  # noqa: ANN401
        """Take note of a step."""
        if self._last[0] != chapter:
            self._left -= step - 1
        self._last = (chapter, step)
        self._left, self._count = self._left - 1, self._count + 1
        now = time.monotonic()
        left = min((now - self._begun) / self._count * self._left, self._until - now)
        if step % 20 == 0:
            shown = " ".join(f"{x:5.2f}" for x in found)
            say(f"{chapter} {step}/{steps}  loss {loss:6.3f}  {shown}  {left / 60:.1f} min left")


def say(line: str) -> None:
    """Write a line for people."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()

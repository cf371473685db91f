"""The lessons one after the other: a model for all drums, from it one for each genre, and each of these against the critic.

Each chapter has its checkpoint and starts from the one that it builds on; none is begun before the one before is finished, so a
course that was broken off goes on as if nothing had happened.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.model.audio import Samples
from engine.train import songs, steps
from engine.train.batches import Batch, Pool, batch, mixture
from engine.train.checkpoint import State
from engine.train.drums.critic import Critic
from engine.train.drums.genres import COMMON, Genre
from engine.train.drums.lessons import Lesson, Pair, by_critic, by_error
from engine.train.drums.real import real
from engine.train.drums.refined.generator import WIDTHS, Generator
from engine.train.songs import SECONDS, Bank
from engine.train.steps import Work

APART = 1_000_000
"""Songs of a chapter are numbered from its number times this."""
Told = Callable[[str, int, int, float, Any], None]
"""Told after each step: the chapter, the step and the last one, the loss, and what else the lesson found."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and how; see `engine.train.training.Plan`.

    The common model has `steps` steps, each genre a quarter as many in each stage. What the critic says counts `weight` times.
    """

    steps: int = 1000
    seed: int = 0
    batch: int = 4
    frames: int = 64
    pool: int = 48
    fresh: float = 0.3
    first: int = 10
    songs: int = 8
    mixture: int = 192
    rate: float = 3e-3
    weight: float = 0.05
    widths: tuple[int, ...] = WIDTHS
    song_seconds: float = SECONDS

    def settings(self) -> dict[str, Any]:
        """Return what two runs must share for one to go on with the other's checkpoint."""
        return {**asdict(self), "widths": list(self.widths)}


@dataclass(frozen=True, slots=True)
class Chapter:
    """One training. `start` names the chapter that it builds on; `rate` is its share of the plan's learning rate."""

    name: str
    genre: Genre
    steps: int
    rate: float
    number: int
    start: str | None = None
    critic: bool = False


def chapters(plan: Plan, genres: tuple[Genre, ...], *, critic: bool) -> list[Chapter]:
    """Return the chapters of a course in their order."""
    found, some = [Chapter("common", COMMON, plan.steps, 1.0, 0)], max(1, plan.steps // 4)
    for genre in genres:
        found.append(Chapter(f"{genre.name}-mse", genre, some, 0.3, len(found), "common"))
        if critic:
            found.append(Chapter(f"{genre.name}-adversarial", genre, some, 0.2, len(found), f"{genre.name}-mse", critic=True))
    return found


@dataclass(frozen=True, slots=True)
class Learnt:
    """The generators (the mean of their weights) and losses of the chapters so far."""

    models: dict[str, dict[str, Tensor]]
    losses: dict[str, list[float]]


def taught(
    plan: Plan, course: list[Chapter], banks: dict[str, Bank], place: Callable[[str], Path], *, resume: bool, until: float,
    every: int = 100, told: Told = lambda *_: None,
) -> Learnt:  # fmt: skip
    """Go through a course, to its end or until a time (`time.monotonic()`).

    Parameters
    ----------
    banks : mapping of a genre's name to what its songs are played with
    place : str -> Path
        Where the checkpoint of a chapter is kept.
    """
    learnt = Learnt({}, {})
    for chapter in course:
        if time.monotonic() >= until:
            break
        state = begun(plan, chapter, learnt)
        work = lessons(plan, chapter, banks[chapter.genre.name])

        def tell(step: int, loss: float, found: object, chapter: Chapter = chapter) -> None:
            told(chapter.name, step, chapter.steps, loss, found)

        steps.run(state, work, place(chapter.name), resume=resume, until=until, every=every, told=tell)
        learnt.losses[chapter.name] = state.losses
        learnt.models[chapter.name] = generator_of(state)
        if state.step < chapter.steps:
            break
    return learnt


def begun(plan: Plan, chapter: Chapter, learnt: Learnt) -> State:
    """Return the state in which a chapter begins."""
    torch.manual_seed(plan.seed + chapter.number)
    generator = Generator(plan.widths).to(memory_format=torch.channels_last)
    if chapter.start is not None:
        generator.load_state_dict(learnt.models[chapter.start])
    return steps.untrained(Pair(generator, Critic(plan.frames)) if chapter.critic else generator)


def generator_of(state: State) -> dict[str, Tensor]:
    """Return the mean weights of a state's generator."""
    if not isinstance(state.net, Pair):
        return state.mean
    under = "generator."
    return {name.removeprefix(under): value for name, value in state.mean.items() if name.startswith(under)}


def lessons(plan: Plan, chapter: Chapter, bank: Bank) -> Work[Any]:
    """Return what is done at each step of a chapter."""
    pool = mixtures(plan, bank, chapter.number * APART)
    settings = plan.settings() | {"chapter": chapter.name}
    if not chapter.critic:
        del settings["weight"]

    def rate(state: State) -> float:
        return steps.learning_rate(state.step, chapter.steps, plan.rate * chapter.rate)

    def pairs(number: int) -> Batch:
        return batch(pool.at(number), plan.seed, chapter.number * APART + number, plan.batch, plan.frames)

    def lesson(number: int) -> Lesson:
        at = chapter.number * APART + number
        return Lesson(pairs(number), real(bank.shots.loops, plan.seed, at, plan.batch, plan.frames))

    if chapter.critic:
        return Work(chapter.steps, settings, lesson, lambda state, here: by_critic(state, here, rate(state), plan.weight))
    return Work(chapter.steps, settings, pairs, lambda state, here: by_error(state, here, rate(state)))


def mixtures(plan: Plan, bank: Bank, first: int) -> Pool[Batch]:
    """Return the pool of mixtures of a chapter, whose songs are numbered from `first`."""

    def song(index: int) -> Samples:
        return songs.song(bank, plan.seed, first + index, plan.song_seconds)

    many = Pool(song, plan.songs, 1, plan.songs)

    def one(index: int) -> Batch:
        return mixture(many.at(index), plan.seed, first + index, plan.mixture, guided=True, asked=1)

    return Pool(one, plan.pool, plan.fresh, plan.first)

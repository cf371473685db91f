"""Takes and sets -> files while the music goes on, in a process beside.

What was played, or a recording of it, is rendered or handed to a DAW; so is a set.
"""

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bridge.daw.formats import format_of
from bridge.session.beside import Beside
from bridge.session.player import Player
from bridge.session.telling import News, Telling
from engine.model.errors import RemixtureError
from engine.store.encode import BitDepth, check_target
from engine.store.files import safe_name

COST = (1.5, 0.05)
"""Seconds that rendering takes on two cores at leisure: at once, and for each second of what was played."""
EXPORT = {"play": (1.5, 0.05), "measure": (0.2, 0.02), "write": (0.2, 0.02)}
"""The same for the steps of an export."""
WRITTEN_SECONDS = 0.1
"""What was played so long ago stands in the take."""


class BounceState(StrEnum):
    """Where a file is on its way."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class BounceJob:
    """A file or a folder that is rendered, or was: of a `recording`, or None of all that had been played, or of a set.

    `share` [0, 1] says how far it is, `left_seconds` how long the rest takes (None: nobody can know). `path` is there when
    the file is.
    """

    number: int
    recording: int | None
    name: str
    state: BounceState = BounceState.WAITING
    share: float = 0.0
    left_seconds: float | None = None
    path: Path | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Order:
    source: Path
    """A take, or a set to export."""
    target: Path
    depth: BitDepth
    recording: int | None
    seconds: float
    to: str | None = None
    """The format of a DAW, or None: an audio file."""


class Bounces:
    """Renders the take of a running session. Any thread may call its methods; only `close` may wait.

    `version` changes with every change.
    """

    def __init__(self, player: Player, folder: Path, say: Callable[[str], None]) -> None:
        """Have files go into `folder`."""
        self._player, self._folder, self._say = player, folder, say
        self._jobs: dict[int, BounceJob] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._beside: Beside[_Order] = Beside("bounce", _work, self._hear, _broke_off)
        self.version = 0

    def start(self, recording: int | None, suffix: str = ".wav", depth: BitDepth | None = None) -> int:
        """Begin to render a recording, by its number, or with None all that was played so far; return the number of the job.

        `suffix` is .wav, .flac or .mp3; `depth` is for a .wav, by default what was played, bit for bit.

        Raises
        ------
        RemixtureError
            If no take is written, or no such file can be.
        """
        take = self._player.take
        if take is None:
            raise RemixtureError("no take is written, so there is nothing to render: open without --no-take")
        depth = depth or (BitDepth.FLOAT if suffix == ".wav" else BitDepth.PCM_24)
        with self._lock:
            target = self._free(_stem(recording), suffix)
            check_target(target, self._player.rate, depth)
            job = self._new(recording, target)
        return self._add(job, _Order(take, target, depth, recording, self._so_far()))

    def export_take(self, to: str, recording: int | None) -> int:
        """Begin to hand a recording, or with None all that was played so far, to a DAW; return the number of the job.

        Raises
        ------
        RemixtureError
            If there is no such format, or no take is written.
        """
        if self._player.take is None:
            raise RemixtureError("no take is written, so there is nothing to export: open without --no-take")
        return self._export(self._player.take, _stem(recording), to, recording, self._so_far())

    def export_set(self, folder: Path, to: str, title: str, seconds: float) -> int:
        """Begin to hand a set to a DAW; return the number of the job. RemixtureError: there is no such format."""
        return self._export(folder, safe_name(title), to, None, seconds)

    def _export(self, source: Path, stem: str, to: str, recording: int | None, seconds: float) -> int:
        suffix = format_of(to).suffixes[0]
        with self._lock:
            # A folder says what is in it.
            target = self._free(stem if suffix else f"{stem} ({to})", suffix)
            job = self._new(recording, target)
        return self._add(job, _Order(source, target, BitDepth.PCM_24, recording, seconds, to))

    def _so_far(self) -> float:
        """Return how many seconds were played, and have the take say that it has come to here.

        A take that goes on ends with its last command: this one changes nothing.
        """
        self._player.set("master.quantize", self._player.value("master.quantize"))
        return self._player.status().frame / self._player.rate

    def _add(self, job: BounceJob, order: _Order) -> int:
        self._beside.add(job.number, order)
        return job.number

    def list(self) -> tuple[BounceJob, ...]:
        """Return all jobs, in the order in which they were started."""
        with self._lock:
            return tuple(self._jobs.values())

    def cancel(self, number: int) -> None:
        """Break off a job; nothing is left of it. Does nothing where it has ended."""
        with self._lock:
            if number not in self._jobs:
                raise RemixtureError(f"there is no bounce {number}")
            if self._beside.cancel(number):
                self._change(number, state=BounceState.CANCELLED, left_seconds=None)

    def close(self) -> None:
        """Break off what is being rendered."""
        self._beside.close()

    def _hear(self, news: News) -> None:
        if news.note:
            self._say(news.note)
        with self._lock:
            if self._jobs[news.number].state is BounceState.CANCELLED:
                return
            state = BounceState.FAILED if news.error else BounceState.DONE if news.done else BounceState.RUNNING
            left = None if news.last else news.left_seconds
            self._change(news.number, state=state, share=news.share, left_seconds=left, path=news.made, error=news.error)

    # What follows is called under the lock.

    def _change(self, number: int, **changes: object) -> None:
        self._jobs[number] = dataclasses.replace(self._jobs[number], **changes)  # type: ignore[arg-type]
        self.version += 1

    def _new(self, recording: int | None, target: Path) -> BounceJob:
        job = BounceJob(next(self._numbers), recording, target.name)
        self._jobs[job.number] = job
        self.version += 1
        return job

    def _free(self, stem: str, suffix: str) -> Path:
        """Return a file of that name that is not there, nor about to be."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RemixtureError(f"cannot write to {self._folder}: {error.strerror or error}") from error
        coming = {job.name for job in self._jobs.values()}
        for number in itertools.count(1):
            name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
            if name not in coming and not (self._folder / name).exists():
                return self._folder / name
        raise AssertionError


def _stem(recording: int | None) -> str:
    return "performance" if recording is None else f"recording-{recording}"


def _broke_off(order: _Order) -> str:
    return f"rendering {order.target.name} broke off; {order.source.name} is whole: start it again"


def _work(order: _Order, telling: Telling) -> Path:
    """Render or export, in the process."""
    if order.source.is_file():
        time.sleep(WRITTEN_SECONDS)
    return _bounce(order, telling) if order.to is None else _hand_over(order, order.to, telling)


def _hand_over(order: _Order, to: str, telling: Telling) -> Path:
    from bridge.daw.export import export
    from bridge.daw.work import Options

    telling.plan({step: once + each * order.seconds for step, (once, each) in EXPORT.items()})
    done = export(order.source, to, order.target, Options(depth=order.depth, recording=order.recording), telling)
    for line in done.said:
        telling.note(f"{order.target.name}: {line}")
    return done.path


def _bounce(order: _Order, telling: Telling) -> Path:
    from bridge.session.effects import opened
    from engine.bounce import Target, bounce_take

    once, each = COST
    telling.plan({"bounce": once + each * order.seconds})
    bounce_take(order.source, Target(order.target, order.depth), (), telling, opened, order.recording)
    return order.target

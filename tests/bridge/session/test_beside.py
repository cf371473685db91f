"""Real processes that do small things."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bridge.session.beside import MODEST, Beside
from bridge.session.telling import SELDOM_SECONDS, News, Telling
from engine.model.errors import RemixtureError
from tests.bridge.session.rig import alive, until

Job = tuple[str, Path]


def work(job: Job, telling: Telling) -> Path:
    """Runs in the process."""
    what, path = job
    progress = telling.step(what)
    if what == "wait":
        path.with_suffix(".part").touch()
        try:
            while not path.exists():
                time.sleep(0.01)
        finally:
            path.with_suffix(".part").unlink()
    elif what == "count":
        begin = time.monotonic()
        while (share := (time.monotonic() - begin) / (5 * SELDOM_SECONDS)) < 1.0:
            progress(share)
    elif what == "refuse":
        raise RemixtureError("this cannot be done")
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "niceness":
        telling.note(str(os.nice(0)))
    return path


class Rig:
    """A process beside, and what it said."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.threads: set[int] = set()
        self.beside: Beside[Job] = Beside("test", work, self._hear, lambda job: f"{job[0]} broke off")

    def _hear(self, news: News) -> None:
        self.news.append(news)
        self.threads.add(threading.get_ident())

    def of(self, number: int) -> list[News]:
        """What was said of a job."""
        return [one for one in self.news if one.number == number]

    def until_last(self, number: int) -> News:
        """The last that is said of a job."""
        until(lambda: self.of(number) and self.of(number)[-1].last)
        return self.of(number)[-1]


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.beside.close()


def test_jobs_are_done_one_after_the_other_in_one_process_that_gives_way(rig: Rig, tmp_path: Path) -> None:
    for number, what in enumerate(("count", "niceness", "refuse", "niceness")):
        rig.beside.add(number, (what, tmp_path))

    assert rig.until_last(3).done
    assert [one.number for one in rig.news] == sorted(one.number for one in rig.news)
    assert [one.error for one in rig.of(2) if one.last] == ["this cannot be done"]
    assert {one.note for one in rig.of(3)} >= {str(os.nice(0) + MODEST)}
    assert rig.of(0)[-1].made == tmp_path
    assert len(rig.threads) == 1


def test_progress_comes_seldom_and_ends_at_1(rig: Rig) -> None:
    shares = [one.share for one in rig.of(0)]

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert 3 <= len(shares) <= 8


def test_what_waits_is_dropped_and_what_runs_is_broken_off_and_the_rest_goes_on(rig: Rig, tmp_path: Path) -> None:
    gate, part = tmp_path / "never", tmp_path / "never.part"
    for number, job in enumerate((("wait", gate), ("count", tmp_path), ("niceness", tmp_path)), 10):
        rig.beside.add(number, job)
    until(part.exists)
    before = rig.beside.pid
    assert before is not None

    assert rig.beside.cancel(11)
    assert rig.beside.cancel(10)

    assert rig.until_last(12).done
    assert not rig.of(11)
    assert not any(one.last for one in rig.of(10))
    assert not part.exists()
    assert rig.beside.pid != before
    assert not alive(before)
    assert not rig.beside.cancel(12)


def test_a_process_that_dies_is_told_and_the_rest_goes_on(rig: Rig, tmp_path: Path) -> None:
    rig.beside.add(20, ("die", tmp_path))
    rig.beside.add(21, ("niceness", tmp_path))

    assert rig.until_last(20).error == "die broke off (the system ended it, for want of memory perhaps)"
    assert rig.until_last(21).done


def test_a_process_may_be_let_go_of_while_it_is_broken_off() -> None:
    ended: list[str] = []

    class Process:
        def terminate(self) -> None:
            ended.append("it")

    class Vanishing(Beside[Job]):
        """Its process is gone at the second look."""

        looks: ClassVar[list[Any]] = [Process(), None]
        _process = property(lambda self: self.looks.pop(0), lambda *_: None)

    Vanishing("test", work, print, str).close()

    assert ended == ["it"]


def test_closing_breaks_off_and_leaves_no_process(rig: Rig, tmp_path: Path) -> None:
    rig.beside.add(30, ("wait", tmp_path / "never"))
    until((tmp_path / "never.part").exists)
    pid = rig.beside.pid
    assert pid is not None

    rig.beside.close()
    rig.beside.close()

    assert not alive(pid)
    assert not any(one.last for one in rig.of(30))
    assert not (tmp_path / "never.part").exists()
    rig.beside.add(31, ("niceness", tmp_path))
    assert rig.beside.pid is None

"""Songs -> sets, beside the music, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.session.beside import Beside
from bridge.session.forecast import STEMS, expected
from bridge.session.telling import News, Telling
from engine.model.audio import Progress

if TYPE_CHECKING:
    from engine.model.remixset import Source
    from engine.prepare import Settings


@dataclass(frozen=True, slots=True)
class _Order:
    path: Path
    output: Path | None
    settings: "Settings"


class Workshop:
    """Prepares songs. Any thread may call its methods; `tell` is called for each piece of news, on a thread of its own.

    `News.made` is the folder of a set, and its `parts` what can be played of it: the loops come before the stems.
    """

    def __init__(self, tell: Callable[[News], None]) -> None:
        self._beside: Beside[_Order] = Beside("prepare", _prepare, tell, _broke_off)

    def add(self, number: int, path: Path, output: Path | None, settings: "Settings") -> None:
        """Have a song prepared as `engine.prepare.prepare` does, after those that wait; no other has its number."""
        self._beside.add(number, _Order(path, output, settings))

    def cancel(self, number: int) -> bool:
        """Drop a song, or break it off, and tell no more of it; False if it is neither waiting nor being prepared.

        What is finished of it stays on the disk, and the rest goes on.
        """
        return self._beside.cancel(number)

    def close(self) -> None:
        """Break everything off; what was finished is kept on disk."""
        self._beside.close()

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return self._beside.pid


def _broke_off(order: _Order) -> str:
    return f"preparing {order.path} broke off; run remixture prepare {order.path} to see why"


# What follows runs in the process.


def _prepare(order: _Order, telling: Telling) -> Path:
    from engine.prepare import prepare
    from engine.store.decode import probe
    from engine.store.setdir import set_folder

    seconds = probe(order.path).seconds
    telling.plan(expected(seconds, _separator(order.settings), clean_drums=order.settings.clean_drums))
    report = _Watching(telling, set_folder(order.path, order.output), seconds)
    return prepare(order.path, order.output, order.settings, report)[0]


def _separator(settings: "Settings") -> str | None:
    """Return who will most likely make the stems."""
    from engine.analysis.stems import StemChoice

    if settings.stems is StemChoice.NONE:
        return None
    return StemChoice.DEMUCS if settings.stems is StemChoice.AUTO else settings.stems


class _Watching:
    """A report that also tells what can be played: what the manifest holds whenever a step begins."""

    def __init__(self, telling: Telling, folder: Path, seconds: float) -> None:
        self._telling, self._folder, self._seconds = telling, folder, seconds
        self._step = ""
        self._playable: dict[str, tuple[Source, ...]] = {}

    def step(self, name: str) -> Progress:
        """Begin a step."""
        self._step = name
        progress = self._telling.step(name)
        self._look()
        return progress

    def note(self, text: str) -> None:
        """Tell a sentence."""
        if self._step == "stem model":
            # Only one thing is to be said of it: that Demucs cannot be had.
            once, each = STEMS["small"]
            self._telling.forecast.expect("stems", once + each * self._seconds)
        self._telling.note(text)

    def _look(self) -> None:
        from engine.store.manifest import NAME, read_manifest

        if not (self._folder / NAME).exists():
            return
        there = {name: found.sources for name, found in read_manifest(self._folder).decompositions.items()}
        if there and there != self._playable:
            self._telling.playable(self._folder, tuple(there))
        self._playable = there

"""A session as the terminal sees it, with songs that become ready when a test says so."""

import dataclasses
import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli.terminal import Said, Terminal
from bridge.session.songs import OpenSong, State
from tests.bridge.session.rig import until

LOOPS, STEMS = ("loops",), ("loops", "stems")


class Songs:
    """Stands for a collection."""

    def __init__(self, *_: object) -> None:
        self.now = OpenSong(0, "x", State.PREPARING)
        self.hashed, self.asked = threading.Event(), threading.Event()
        self.hashed.set()
        self.put: list[tuple[str, str | None]] = []
        self.taken_up: list[str] = []

    def listen(self, hear: Callable[[OpenSong], None]) -> None:
        """Have somebody told."""
        self.hear = hear

    def add(self, _: Path) -> int:
        """Read a file, as long as it takes."""
        self.asked.set()
        assert self.hashed.wait(10.0)
        return 0

    def song(self, _: int) -> OpenSong:
        """Return the song."""
        return self.now

    def becomes(self, **changes: object) -> None:
        """Change the song and tell it."""
        self.now = dataclasses.replace(self.now, **changes)  # type: ignore[arg-type]
        self.hear(self.now)

    def on(self, deck: str) -> int | None:
        """Return what is on a deck."""
        return 0 if deck in [one for one, _ in self.put] else None

    def put_on(self, deck: str, _: int, parts: str | None) -> None:
        """Put it on."""
        self.put.append((deck, parts))

    def take_up(self, deck: str) -> None:
        """Have a deck take up the rest."""
        self.taken_up.append(deck)


class Player:
    """Stands for a player."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def set(self, path: str, value: float) -> None:
        """Set a value."""
        self.values[path] = value


@pytest.fixture
def songs(monkeypatch: pytest.MonkeyPatch) -> Songs:
    songs = Songs()
    monkeypatch.setattr("bridge.session.collection.Collection", lambda *_: songs)
    return songs


def terminal(player: Player, parts: str | None = None) -> Terminal:
    """A session of these options."""
    options = Namespace(output=None, parts=parts, tempo=None, sync=False)
    return Terminal(options, player, Said(), None)  # type: ignore[arg-type]


def opens(terminal: Terminal) -> None:
    """Name a song on the command line."""
    terminal._open("a", Path("x.wav"), plays=True)  # noqa: SLF001 - the command line's way in plays until it is told to quit


def test_a_named_song_plays_as_soon_as_its_loops_are_there_and_stems_do_not_disturb_it(songs: Songs) -> None:
    player = Player()
    opens(terminal(player))
    songs.becomes(step="grid")
    assert not songs.put

    songs.becomes(parts=LOOPS)

    until(lambda: player.values == {"deck.a.play": 1.0}, 5.0)
    songs.becomes(parts=STEMS, state=State.READY)
    assert songs.put == [("a", None)]
    assert not songs.taken_up


def test_a_song_that_is_to_play_its_stems_waits_for_them(songs: Songs) -> None:
    player = Player()
    opens(terminal(player, "stems"))

    songs.becomes(parts=LOOPS)
    assert "put on" not in [thread.name for thread in threading.enumerate()]
    assert not songs.put
    songs.becomes(parts=STEMS, state=State.READY)

    until(lambda: player.values, 5.0)
    assert songs.put == [("a", "stems")]


def test_who_loads_it_once_more_has_the_stems_taken_up(songs: Songs) -> None:
    ours = terminal(Player())
    songs.becomes(parts=LOOPS)

    for _ in range(2):
        ours._do("load a x.wav")  # noqa: SLF001 - as typed

    assert (songs.put, songs.taken_up) == ([("a", None)], ["a"])


def test_news_of_songs_do_not_wait_for_a_file_that_is_read(songs: Songs) -> None:
    ours = terminal(Player())
    songs.hashed.clear()
    opening = threading.Thread(target=opens, args=(ours,))
    opening.start()
    assert songs.asked.wait(5.0)
    telling = threading.Thread(target=songs.becomes, kwargs={"step": "grid"})
    telling.start()

    telling.join(2.0)

    assert not telling.is_alive()
    songs.hashed.set()
    for thread in (opening, telling):
        thread.join()

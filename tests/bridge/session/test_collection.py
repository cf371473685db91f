"""Songs come in, are prepared beside the music, and go onto decks."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

from bridge.session.collection import Collection, OpenSong, State
from bridge.session.messages import Output
from bridge.session.player import Player
from engine.analysis.stems import StemChoice
from engine.model.errors import RemixtureError
from engine.prepare import Settings
from tests.bridge.session.rig import RATE, alive, make_set, until
from tests.conftest import loop_song

QUICK, STEMS = Settings(stems=StemChoice.NONE), Settings(stems=StemChoice.BUILTIN)


class Rig:
    """A session, and all that was heard of its songs."""

    def __init__(self, player: Player, room: Path) -> None:
        self.player, self.room, self.heard = player, room, list[OpenSong]()
        self.said: list[str] = []
        self.collection = Collection(player, room / "sets", self.said.append)
        self.collection.listen(self.heard.append)

    def song(self, name: str, seed: int, seconds: float = 8.0) -> Path:
        """A recording that is to be prepared."""
        path = self.room / name
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, loop_song(seconds, RATE, seed=seed).samples.T, RATE)
        return path

    def of(self, number: int) -> list[OpenSong]:
        """What was heard of a song."""
        return [song for song in self.heard if song.number == number]

    def ended(self, number: int) -> OpenSong:
        """The song when it has come to its end."""
        until(lambda: not self.collection.song(number).busy, 60.0)
        return self.collection.song(number)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    room = tmp_path_factory.mktemp("collection")
    with Player(Output("null", RATE, 512), print) as player:
        rig = Rig(player, room)
        yield rig
        rig.collection.close()


@pytest.fixture(scope="module")
def first(rig: Rig) -> int:
    """The number of a song that was prepared with loops and stems."""
    number = rig.collection.add(rig.song("first.wav", 1), STEMS)
    rig.ended(number)
    return number


@pytest.fixture(scope="module")
def second(rig: Rig, first: int) -> int:  # noqa: ARG001 - comes first
    """The number of a song of the same name that was prepared with loops alone."""
    return rig.collection.add(rig.song("other/first.wav", 3), QUICK)


def test_one_after_the_other_is_prepared_and_what_is_broken_stops_none(rig: Rig) -> None:
    # Its name is not UTF-8, and can be said all the same.
    broken = rig.room / os.fsdecode(b"brok\xe9n.wav")
    broken.write_text("no audio")
    before = rig.collection.version
    numbers = [rig.collection.add(path, STEMS) for path in (broken, rig.song("first.wav", 1))]
    assert rig.collection.add(rig.room / "first.wav", STEMS) == numbers[1]

    failed, made = map(rig.ended, numbers)

    assert failed.state is State.FAILED
    assert "brok?n.wav" in failed.error
    assert "\n" not in failed.error
    assert (made.state, made.title, made.parts) == (State.READY, "first", ("loops", "stems"))
    assert made.remixset is not None
    assert made.folder == rig.room / "sets" / "first.remix"
    assert rig.collection.version > before
    assert len(rig.collection.songs()) == 2
    with pytest.raises(RemixtureError, match=r"brok\?n: .*brok\?n\.wav"):
        rig.collection.put_on("a", failed.number)


def test_progress_never_falls_and_loops_can_be_played_before_stems(rig: Rig, first: int) -> None:
    heard = rig.of(first)

    shares = [song.share for song in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert next(song.state for song in heard if song.state is not State.WAITING) is State.PREPARING
    early = [song for song in heard if song.parts == ("loops",)]
    assert early
    assert all(song.state is State.PREPARING and song.folder is not None for song in early)
    assert {"decode", "grid", "loops", "stems"} <= {song.step for song in heard}


def test_a_set_is_ready_at_once_and_is_its_song(rig: Rig) -> None:
    folder = make_set(rig.room, seed=5)

    number = rig.collection.add(folder)

    song = rig.collection.song(number)
    assert (song.state, song.title) == (State.READY, "song-5")
    assert rig.collection.add(rig.room / "song-5.wav") == number
    with pytest.raises(RemixtureError, match="does not exist"):
        rig.collection.add(rig.room / "nothing.wav")


def test_recordings_of_one_name_have_a_set_each(rig: Rig, first: int, second: int) -> None:
    assert first != second
    assert rig.ended(second).folder == rig.room / "sets" / "first-2.remix"


def test_a_name_that_is_not_utf_8_is_shown_as_far_as_it_is(rig: Rig) -> None:
    path = rig.song("cafe.wav", 21, 4.0)
    path = path.rename(rig.room / os.fsdecode(b"caf\xe9.wav"))

    number = rig.collection.add(path, QUICK)

    assert rig.collection.song(number).title == "caf?"
    made = rig.ended(number)
    assert (made.state, made.title, made.error) == (State.READY, "caf?", "")
    assert made.remixset is not None
    assert (made.remixset.song.title, made.remixset.song.path) == ("caf?", f"{rig.room}/caf?.wav")


def test_a_deck_takes_up_the_stems_that_come_later_and_goes_on_where_it_is(
    rig: Rig, second: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, player, number = rig.collection, rig.player, second
    assert rig.ended(number).parts == ("loops",)
    for deck in "ab":
        collection.put_on(deck, number)
    player.set("deck.a.loop-1.gain", -6.0)
    player.set("deck.a.loop", 1.0)
    player.set("deck.a.play", 1.0)
    player.set("deck.b.seek", 9.0)
    until(lambda: player.status().decks["b"].beat == pytest.approx(9.0, abs=0.01))

    collection.again(number, STEMS)
    assert rig.ended(number).parts == ("loops", "stems")

    # Where it stands it is taken up by itself.
    until(lambda: "drums" in player.sources("b"))
    assert not collection.more("b")
    until(lambda: player.status().decks["b"].beat == pytest.approx(9.0, abs=0.01))
    assert "drums" not in player.sources("a")
    assert collection.more("a")
    for name in ("loop", "seek"):
        player.set(f"deck.a.{name}", 0.0)
    until(lambda: (now := player.status().decks["a"]).loop_bars == 0.0 and now.beat < 1.0)
    before, load, loads = player.status(), player.load, list[str]()

    def counted(deck: str, folder: Path, parts: str | None, *, stays: bool) -> None:
        loads.append(deck)
        load(deck, folder, parts, stays=stays)

    monkeypatch.setattr(player, "load", counted)
    with ThreadPoolExecutor(2) as pool:
        # Of two who want it at once one does it.
        list(pool.map(collection.take_up, "aa"))
    assert loads == ["a"]
    assert collection.on("a") == number
    assert not collection.more("a")
    assert "drums" in player.sources("a")
    assert player.song("a").layers[0].name == "loops"
    assert player.value("deck.a.loop-1.gain") == -6.0
    later = player.status().frame + RATE // 2
    until(lambda: player.status().frame > later)
    now = player.status()
    assert now.decks["a"].running
    beats = (now.frame - before.frame) / RATE * now.decks["a"].bpm / 60.0
    assert now.decks["a"].beat == pytest.approx(before.decks["a"].beat + beats, abs=0.01)


def test_what_is_on_a_deck_stays_on_the_list(rig: Rig) -> None:
    number = rig.collection.on("b")
    assert number is not None
    with pytest.raises(RemixtureError, match="first is on deck a, b: take it off there first"):
        rig.collection.remove(number)

    for deck in "ab":
        rig.player.unload(deck)
    until(lambda: rig.collection.on("a") is None and rig.collection.on("b") is None)
    rig.collection.remove(number)

    assert number not in [song.number for song in rig.collection.songs()]
    assert (rig.room / "sets" / "first-2.remix" / "set.json").exists()
    with pytest.raises(RemixtureError, match="there is no song"):
        rig.collection.song(number)


def test_what_is_cancelled_can_be_opened_again(rig: Rig) -> None:
    collection = rig.collection

    def stop(song: OpenSong) -> None:
        if song.title == "11" and song.step == "grid":
            collection.cancel(song.number)

    collection.listen(stop)
    running, waiting = (collection.add(rig.song(f"{seed}.wav", seed, 6.0), QUICK) for seed in (11, 12))
    collection.cancel(waiting)

    assert rig.ended(running).state is State.CANCELLED
    assert collection.song(waiting).state is State.CANCELLED
    assert not (rig.room / "sets" / "12.remix").exists()
    (rig.room / "11.wav").rename(rig.room / "eleven.wav")
    assert collection.add(rig.room / "eleven.wav", QUICK) == running
    assert collection.song(running).state is State.WAITING


def test_a_song_whose_recording_is_gone_is_not_broken_off(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.session.workshop.Workshop.add", lambda *_: None)
    collection, path = Collection(rig.player, tmp_path, rig.said.append), tmp_path / "gone.wav"
    path.write_text("it waits for ever")
    number = collection.add(path)
    path.unlink()

    with pytest.raises(RemixtureError, match="the recording is not at"):
        collection.again(number, STEMS)

    assert collection.song(number).state is State.WAITING


def test_closing_leaves_no_process(rig: Rig) -> None:
    workshop = rig.collection._workshop  # noqa: SLF001 - nobody else knows the process
    until(lambda: workshop.pid is not None)
    pid = workshop.pid
    assert pid is not None

    rig.collection.close()

    assert not alive(pid)
    assert not rig.said

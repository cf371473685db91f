"""Real engine processes, on sinks without a device."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bridge.session.link import Link
from bridge.session.messages import Output
from bridge.session.player import Player
from engine.model.errors import RemixtureError
from engine.store.take import read_take
from tests.bridge.session.rig import RATE, alive, make_set, until


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("player")


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def player(room: Path, said: list[str]) -> Iterator[Player]:
    """One session for most tests; they leave deck a playing."""
    with Player(Output("null", RATE, 256, ("master", "cue", "a.drums")), said.append, room / "take.jsonl") as player:
        player.load("a", make_set(room))
        player.set("deck.a.play", 1.0)
        until(lambda: player.status().decks["a"].running)
        yield player


def test_a_song_plays_with_its_names_and_values(player: Player) -> None:
    player.set("deck.a.drums.gain", -6.0)

    assert player.pairs == ("master", "cue", "a.drums")
    assert player.sources("a") == ("drums", "bass", "residual", "loop-1")
    assert player.sources("b") == ()
    assert player.value("deck.a.drums.gain") == -6.0
    assert player.value("deck.a.bass.gain") == 0.0
    assert player.param("deck.a.bass.gain").unit == "dB"
    with pytest.raises(RemixtureError, match="no such source"):
        player.set("deck.a.voices.gain", 0.0)
    until(lambda: player.status().peak_dbfs > -40.0)


def test_the_clock_goes_with_the_deck_that_leads(player: Player) -> None:
    until(lambda: player.beat()[2])
    first, bpm, _ = player.beat()

    assert round(bpm) == 120
    until(lambda: player.beat()[0] > first + 0.5)


def test_listeners_hear_what_takes_effect(player: Player) -> None:
    heard: list[tuple[str, float]] = []
    player.listen(lambda path, value: heard.append((path, value)))

    player.set("master.gain", -1.5)

    until(lambda: ("master.gain", -1.5) in heard)


def test_of_10000_commands_a_second_the_last_of_each_is_obeyed(player: Player, room: Path) -> None:
    paths = [f"deck.a.{source}.gain" for source in player.sources("a")]
    end = time.monotonic() + 1.0
    for k in range(10_000):
        player.set(paths[k % 4], -k / 10_000)
    time.sleep(max(0.0, end - time.monotonic()))

    def last() -> dict[str, float]:
        return {c.path: c.value for c in read_take(room / "take.jsonl").commands}

    wanted = {paths[k % 4]: -k / 10_000 for k in range(9_996, 10_000)}
    until(lambda: wanted.items() <= last().items())
    assert player.status().lost == 0


def test_more_than_the_ring_holds_arrives_in_the_end(player: Player, room: Path) -> None:
    os.kill(player.pid, signal.SIGSTOP)
    for k in range(20_000):
        player.set("deck.a.filter", -k / 20_000)
    player.set("deck.a.filter", 0.125)
    os.kill(player.pid, signal.SIGCONT)

    until(lambda: [c.value for c in read_take(room / "take.jsonl").commands if c.path == "deck.a.filter"][-1:] == [0.125])
    player.set("deck.a.filter", 0.0)


def test_a_set_deleted_while_it_plays_changes_nothing(player: Player, room: Path, said: list[str]) -> None:
    folder = make_set(room, seconds=40.0, seed=2)
    player.load("b", folder)
    player.set("deck.b.bass.cell", -7.0)
    until(lambda: player.cells("b") == {"bass": {7: False}})
    shutil.rmtree(folder)
    player.set("deck.b.play", 1.0)
    player.set("deck.b.seek", 70.0)

    until(lambda: player.status().decks["b"].beat > 71.0 and player.status().decks["b"].peak_dbfs > -40.0)

    assert not [line for line in said if "song-2" in line]
    player.unload("b")
    until(lambda: not player.sources("b"))
    assert player.cells("b") == {}
    with pytest.raises(RemixtureError, match="nothing is on deck b"):
        player.song("b")


def test_what_is_no_set_is_refused_and_the_music_goes_on(player: Player, room: Path) -> None:
    frame = player.status().frame

    with pytest.raises(RemixtureError, match="does not exist"):
        player.load("c", room / "nothing.remix")
    with pytest.raises(RemixtureError, match="there is no deck 'e'"):
        player.load("e", room / "song-0.remix")

    until(lambda: player.status().frame > frame)


def test_effects_come_and_go_with_their_knobs(player: Player, room: Path) -> None:
    player.chain("deck.a.drums", "echo-out")
    player.set("deck.a.drums.fx.1.mix", 0.75)

    until(lambda: ("deck.a.drums.fx.1.mix", 0.75) in [(c.path, c.value) for c in read_take(room / "take.jsonl").commands])
    player.chain("deck.a.drums", None)
    with pytest.raises(RemixtureError, match="there are 0 effects there"):
        player.set("deck.a.drums.fx.1.mix", 0.5)
    with pytest.raises(RemixtureError, match="there is no effect chain 'gargle'"):
        player.chain("master", "gargle")
    with pytest.raises(RemixtureError, match="no such source"):
        player.chain("deck.a.voices", "echo-out")
    assert [c.value for c in read_take(room / "take.jsonl").commands if c.path == "deck.a.drums.fx"] == [0.0, -1.0]


def test_a_killed_engine_is_started_again_and_goes_on_where_it_was(player: Player, room: Path, said: list[str]) -> None:
    player.set("deck.a.drums.gain", -7.0)
    player.chain("deck.a", "drum-punch")
    player.set("deck.a.fx.1.mix", 0.25)
    for source, bar in (("drums", -5.0), ("loop-1", 2.0), ("loop-1", -3.0), ("bass", -1.0), ("bass", 0.0)):
        player.set(f"deck.a.{source}.cell", bar)
    cells = {"drums": {5: False}, "loop-1": {2: True, 3: False}}
    until(lambda: player.cells("a") == cells)
    player.set("deck.a.seek", 4.0)
    player.set("deck.a.play", 1.0)
    until(lambda: player.status().decks["a"].beat > 4.0)
    player.set("deck.a.loop", 2.0)
    # Until it loops, its place may be that before the seek.
    until(lambda: player.status().decks["a"].loop_bars == 2.0)
    until(lambda: 5.2 < player.status().decks["a"].beat < 12.0)
    before, pid = player.status(), player.pid
    heard, samples = player.heard(0)
    assert heard >= before.frame
    assert np.abs(samples).max() > 0.01

    os.kill(pid, signal.SIGKILL)
    until(lambda: player.pid != pid)
    until(lambda: player.status().decks["a"].running)

    now = player.status().decks["a"]
    assert -0.2 < now.beat - before.decks["a"].beat < 2.0
    assert (now.loop_bars, now.loop_beat) == (2.0, 4.0)
    assert player.value("deck.a.drums.gain") == -7.0
    assert len([line for line in said if "the engine died" in line]) == 1
    until(lambda: player.status().decks["a"].peak_dbfs > -40.0)
    assert player.heard(heard)[0] > heard
    assert np.abs(player.heard(heard)[1]).max() > 0.01
    commands = [c for c in read_take(room / "take.jsonl").commands if c.path.startswith("deck.a.")]
    assert [c.value for c in commands if c.path == "deck.a.drums.gain"][-1] == -7.0
    assert commands[-1].at > before.frame
    until(
        lambda: (
            (commands := read_take(room / "take.jsonl").commands)[-1].path == "deck.a.fx.1.mix"
            and commands[-1].at > before.frame
        )
    )
    assert player.value("deck.a.fx.1.mix") == 0.25
    assert player.cells("a") == cells
    again = [c for c in read_take(room / "take.jsonl").commands if c.at > before.frame and c.path.endswith(".cell")]
    assert {(c.path, c.value) for c in again} == {
        ("deck.a.drums.cell", -5.0), ("deck.a.loop-1.cell", 2.0), ("deck.a.loop-1.cell", -3.0),
    }  # fmt: skip
    assert not alive(pid)


def test_closing_ends_the_process_and_the_take(room: Path, said: list[str]) -> None:
    player = Player(Output("null", RATE), said.append, room / "short.jsonl")
    player.start()
    until(lambda: player.status().frame > 0)

    player.close()
    player.close()

    take = read_take(room / "short.jsonl")
    assert not alive(player.pid)
    assert take.late is not None
    assert 0 < take.frames <= player.status().frame
    assert np.isfinite(player.timings("render", 0.5))


def test_who_waits_for_a_deck_goes_on_when_the_session_ends(
    room: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unanswered, undecoded = list[object](), list[object]()

    def endless(track: object) -> bool:
        undecoded.append(track)
        time.sleep(0.01)
        return True

    player, folder = Player(Output("null", RATE), said.append), make_set(room, seed=8)
    with ThreadPoolExecutor(2) as pool:
        player.start()
        monkeypatch.setattr(Link, "load", lambda *load: unanswered.append(load))
        loads = [pool.submit(player.load, "a", folder)]
        until(lambda: unanswered)
        monkeypatch.setattr("bridge.session.library._Track.step", endless)
        loads.append(pool.submit(player.load, "b", folder, stays=True))
        until(lambda: undecoded)

        player.close()

        for load in loads:
            with pytest.raises(RemixtureError, match="the session ended"):
                load.result(1.0)
    with pytest.raises(RemixtureError, match="the session ended"):
        player.load("a", folder)


def test_a_sink_that_is_not_there_is_one_line(said: list[str]) -> None:
    with pytest.raises(RemixtureError, match="no sink is called 'gramophone'"), Player(Output("gramophone", RATE), said.append):
        pass

"""What a session tells of itself while it plays: into a file here, so that what sounded is known."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.session.messages import Output
from bridge.session.player import Player
from engine.bounce import Target, bounce_take
from engine.dsp.levels import SILENCE_DB
from engine.mix.limiter import Limiter
from engine.model.audio import Samples
from engine.model.command import NEXT_BAR
from engine.model.take import recordings
from engine.store.encode import BitDepth
from engine.store.take import read_take
from tests.bridge.session.rig import RATE, make_set, until


class Listener:
    """Hears the master piece by piece, as a page would."""

    def __init__(self, player: Player) -> None:
        self._player, self.frame = player, 0
        self.pieces: list[Samples] = []

    def listen(self) -> bool:
        """Hear what is new."""
        self.frame, samples = self._player.heard(self.frame)
        self.pieces.append(samples)
        return bool(samples.size)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("told")


@pytest.fixture(scope="module")
def player(room: Path) -> Iterator[Player]:
    """Deck a plays; the last test closes it."""
    with Player(Output(f"file:{room / 'sound.wav'}", RATE, 256), print, room / "take.jsonl") as player:
        player.load("a", make_set(room))
        player.set("deck.a.play", 1.0)
        until(lambda: player.status().decks["a"].peak_dbfs > -40.0)
        yield player


@pytest.fixture(scope="module")
def listener(player: Player) -> Listener:
    return Listener(player)


def read(path: Path) -> Samples:
    return np.ascontiguousarray(soundfile.read(path, dtype="float32", always_2d=True)[0].T)


def test_each_source_has_its_peak_and_those_that_do_not_play_none(player: Player, listener: Listener) -> None:
    listener.listen()
    peaks = dict(zip(player.sources("a"), player.status().decks["a"].sources_dbfs, strict=True))

    assert peaks["loop-1"] == SILENCE_DB
    assert min(peaks["drums"], peaks["bass"]) > -60.0
    assert player.status().decks["b"].sources_dbfs == ()
    assert player.status().true_peak_dbtp > -40.0


def test_the_bare_numbers_have_names(player: Player, listener: Listener) -> None:
    listener.listen()
    names, numbers = player.numbers()
    shown = dict(zip(names, numbers, strict=True))

    assert player.numbers()[0] is names
    assert shown["session.frame"] == shown["master.frame"] > 0
    assert shown["deck.a.sources"] == 4
    assert shown["deck.a.source.0"] > -60.0
    assert shown["deck.a.source.3"] == SILENCE_DB


def test_a_value_for_the_next_bar_is_known_when_it_is_there(player: Player, listener: Listener) -> None:
    player.set("deck.a.seek", 0.5)
    player.send("deck.a.bass.gain", -3.0, NEXT_BAR)
    assert player.value("deck.a.bass.gain") == 0.0

    until(lambda: listener.listen() and player.value("deck.a.bass.gain") == -3.0)

    assert player.status().decks["a"].beat > 3.5


def test_a_recording_can_be_had_while_the_music_plays(player: Player, listener: Listener, room: Path) -> None:
    player.set("master.record", 1.0)
    until(lambda: [one.end for one in player.recordings()] == [None])
    frame = player.status().frame
    player.set("deck.a.drums.gain", 6.0)
    until(lambda: listener.listen() and player.status().frame > frame + RATE // 2)
    player.set("master.record", 0.0)
    until(lambda: player.recordings()[0].end)

    assert player.recordings() == recordings(read_take(room / "take.jsonl").commands)
    target = Target(room / "bounce.wav", BitDepth.FLOAT)
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(bounce_take, room / "take.jsonl", target, recording=1)
        until(lambda: listener.listen() and done.done(), 120.0)

    assert done.result().seconds > 0.5


def test_a_deck_that_stops_at_its_end_is_known_to_stand(player: Player, listener: Listener) -> None:
    player.set("deck.a.seek", 23.0)
    player.set("deck.a.play", 1.0)
    assert player.value("deck.a.play") == 1.0

    until(lambda: listener.listen() and player.value("deck.a.play") == 0.0)

    assert player.status().decks["a"].beat > 23.5


def test_what_was_heard_elsewhere_is_what_the_sink_got(player: Player, listener: Listener, room: Path) -> None:
    player.set("deck.a.seek", 0.0)
    player.set("deck.a.play", 1.0)
    until(lambda: listener.listen() and player.status().decks["a"].beat > 0.5)
    recording = player.recordings()[0]
    player.close()
    listener.listen()

    sound, heard = read(room / "sound.wav"), np.concatenate(listener.pieces, axis=1)

    # Up to the first look, more than the ring holds may have gone by.
    assert heard.shape[1] > 2 * RATE
    np.testing.assert_array_equal(heard, sound[:, -heard.shape[1] :])
    assert np.abs(heard[:, -10:]).max() < 0.01
    part = slice(recording.start + Limiter(RATE).latency, (recording.end or 0) + Limiter(RATE).latency)
    np.testing.assert_array_equal(read(room / "bounce.wav"), sound[:, part])

"""What was heard through JACK is what the take renders again, bit for bit."""

from pathlib import Path

import numpy as np
import soundfile

from bridge.session.messages import Output
from bridge.session.player import Player
from engine.bounce.output import Target
from engine.bounce.take import bounce_take
from engine.store.encode import BitDepth
from tests.bridge.session.rig import make_set, until
from tests.servers import Recorder, jack_server

RATE = 48_000


MOVES = (
    ("deck.a.drums.gain", -6.0), ("deck.a.tempo", 1.04), ("deck.b.eq_low", -40.0), ("deck.a.parts", 1.0),
    ("deck.a.loop", 0.5), ("master.crossfader", 0.5), ("deck.b.pitch", 2.0), ("deck.a.tempo", 1.0),
)  # fmt: skip


def perform(player: Player) -> None:
    """Play two decks in sync and move something every half second."""
    for path in ("deck.a.play", "deck.b.sync", "deck.b.play"):
        player.set(path, 1.0)
    for path, value in MOVES:
        wait(player, 0.5)
        player.set(path, value)
    wait(player, 1.0)


def wait(player: Player, seconds: float) -> None:
    """Wait for the engine's clock."""
    end = player.status().frame + seconds * RATE
    until(lambda: player.status().frame > end)


def test_a_take_in_freewheel_is_rendered_again_bit_for_bit(tmp_path: Path) -> None:
    one, other = make_set(tmp_path, 8.0, RATE, seed=1), make_set(tmp_path, 8.0, 44_100, seed=2)
    take, again = tmp_path / "take.jsonl", tmp_path / "again.wav"
    with jack_server(RATE, 256) as server, Recorder(server) as recorder:
        ports = tuple(recorder.ports)
        with Player(Output("jack", RATE, 256, ("master",), {"master": ports}), print, take) as player:
            player.load("a", one)
            player.load("b", other)
            for song in player._known.songs:  # noqa: SLF001 - in freewheel music overtakes what is still being decoded
                assert song.shelf.whole.wait(30.0)
            with recorder.freewheel():
                perform(player)
        heard = recorder.samples
    bounce_take(take, Target(again, BitDepth.FLOAT))
    rendered = soundfile.read(again, dtype="float32", always_2d=True)[0].T
    first = int(np.flatnonzero(heard.any(axis=0))[0]) - int(np.flatnonzero(rendered.any(axis=0))[0])
    n = min(rendered.shape[1], heard.shape[1] - first) - RATE // 10  # the end of the session fades
    assert n > 4 * RATE
    np.testing.assert_array_equal(heard[:, first : first + n], rendered[:, :n])

from typing import cast

from bridge.session.player import Player
from bridge.session.status import DeckStatus, Status
from bridge.session.view import status_line, status_lines, status_rows
from engine.model.params import DECKS
from tests.bridge.session.test_lines import FakePlayer


class Seen(FakePlayer):
    """A player that can be looked at; deck a runs, and nothing is heard."""

    rate, frames = 48_000, 512

    def status(self) -> Status:
        return Status(bpm=100.0, decks={deck: DeckStatus(loaded=deck == "a", running=deck == "a") for deck in DECKS})

    def timings(self, _kind: str, _share: float) -> float:
        return 0.001


def test_the_parts_that_play_are_listed_and_silence_is_no_number() -> None:
    player = Seen()
    seen = cast("Player", player)
    assert [row[6:] for row in status_rows(seen)] == [
        ("parts", "sources in dB"),
        ("stems", "drums +0.0, bass +0.0, residual +0.0"),
    ]

    player.send("deck.a.parts", 1.0, 0)
    player.send("deck.a.loop-1.mute", 1.0, 0)

    assert status_rows(seen)[1][5:] == ("-inf", "loops", "residual +0.0, loop-1 mute")
    assert "peak -inf dBFS" in status_line(seen)
    assert "master -inf dBFS, -inf LUFS" in status_lines(seen)[0]

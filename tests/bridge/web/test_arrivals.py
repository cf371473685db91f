"""Songs that come onto a deck by themselves."""

from types import SimpleNamespace
from typing import Any

import pytest

from bridge.midi.recent import Recent
from bridge.session.songs import OpenSong
from bridge.web.arrivals import Arrivals
from engine.model.errors import RemixtureError
from tests.bridge.session.rig import until


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RemixtureError("it is damaged"), "it is damaged"),
        (ZeroDivisionError("0"), "that failed, which is Remixture's fault: ZeroDivisionError('0')"),
    ],
)
def test_what_fails_on_its_way_to_a_deck_is_said(error: Exception, text: str) -> None:
    def put_on(*_: object) -> None:
        raise error

    collection = SimpleNamespace(
        listen=lambda _: None, put_on=put_on, song=lambda number: OpenSong(number, "x", parts=("loops",))
    )
    room: Any = SimpleNamespace(said=Recent(), collection=collection, player=SimpleNamespace(sources=lambda _: ()))
    arrivals = Arrivals(room)

    arrivals.expect(3)

    until(lambda: room.said.count, 5.0)
    assert room.said.since(0) == [(1, text)]
    arrivals.close()

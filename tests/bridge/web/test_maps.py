"""The server's side of the map: whose waveforms are kept."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bridge.session.library import Library, Shelf
from bridge.web import maps
from bridge.web.maps import Edges, Maps, Peaks, peaks_between
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from tests.bridge.session.rig import RATE, make_set


class Decks:
    """Stands for a player that has songs on its decks."""

    def __init__(self, **shelves: Shelf) -> None:
        self.shelves = shelves

    def shelf(self, deck: str) -> Shelf:
        """Return what is on a deck."""
        if deck not in self.shelves:
            raise RemixtureError(f"nothing is on deck {deck}")
        return self.shelves[deck]


def test_only_waveforms_of_what_is_on_a_deck_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, drawn = Library(print), list[object]()
    first, second = (library.fetch(make_set(tmp_path, 2.0, seed=seed), RATE) for seed in range(2))
    assert first.whole.wait(20.0)
    assert second.whole.wait(20.0)

    def draw(source: Samples, edges: Edges) -> Peaks:
        drawn.append(source)
        return peaks_between(source, edges)

    monkeypatch.setattr(maps, "peaks_between", draw)
    decks = Decks(a=first, b=second)
    room: Any = SimpleNamespace(player=decks, collection=SimpleNamespace(on=lambda _: 0))
    ours = Maps(room)
    client = TestClient(Starlette(routes=ours.routes))

    def costs(deck: str) -> int:
        drawn.clear()
        assert client.get(f"/api/decks/{deck}/map").status_code == 200
        return len(drawn)

    sources = len(first.parcel.names) + 1
    assert [costs(deck) for deck in "abab"] == [sources, sources, 0, 0]
    del decks.shelves["b"]
    assert costs("a") == 0
    decks.shelves["b"] = second
    assert costs("b") == sources

    ours.close()
    library.close()

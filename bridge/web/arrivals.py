"""Songs that came over the page go onto the next empty deck as soon as something of them can be played."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bridge.session.songs import OpenSong
from bridge.web.errands import said_of
from bridge.web.room import Room
from engine.model.params import DECKS


class Arrivals:
    """Each song is put on once, standing; one that comes to others follows their tempo. Where no deck is empty it waits."""

    def __init__(self, room: Room) -> None:
        self._room, self._expected = room, set[int]()
        self._pool = ThreadPoolExecutor(1, "arrivals")
        room.collection.listen(self._changed)

    def expect(self, number: int) -> None:
        """Put a song on when it is there, which it may be already."""
        self._expected.add(number)
        self._changed(self._room.collection.song(number))

    def close(self) -> None:
        """Put no more on."""
        self._expected.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _changed(self, song: OpenSong) -> None:
        if song.parts and song.number in self._expected:
            self._expected.discard(song.number)
            self._pool.submit(self._arrive, song.number)

    def _arrive(self, number: int) -> None:
        if said := said_of(partial(self._put_on, number)):
            self._room.said.add(said)

    def _put_on(self, number: int) -> None:
        room = self._room
        taken = [deck for deck in DECKS if room.player.sources(deck)]
        empty = next((deck for deck in DECKS if deck not in taken), None)
        if empty is None or any(room.collection.on(deck) == number for deck in taken):
            return
        room.collection.put_on(empty, number)
        if taken:
            room.player.set(f"deck.{empty}.sync", 1.0)

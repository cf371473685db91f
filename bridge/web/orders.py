"""What a page wants -> what the room does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Literal

import msgspec

from bridge.web.client import Client
from bridge.web.errands import said_of
from bridge.web.loads import put_on
from bridge.web.room import Room
from engine.model.command import NEXT_BAR, NEXT_BEAT
from engine.model.errors import RemixtureError

WHEN = {"now": 0, "beat": NEXT_BEAT, "bar": NEXT_BAR}
LONGEST = 500
"""Characters of a line."""


class Load(msgspec.Struct, forbid_unknown_fields=True):
    """Put a song of the collection on a deck; `only`: the source whose tile was dragged there, which alone is to sound."""

    deck: str
    song: int
    only: str | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """One message; any of its parts may be there."""

    set: list[tuple[str, float | bool]] = []
    at: Literal["now", "beat", "bar"] = "now"
    do: Annotated[str, msgspec.Meta(max_length=LONGEST)] | None = None
    load: Load | None = None
    take_up: str | None = None
    learn: str | None = None
    hidden: bool | None = None
    ping: object = None


class Orders:
    """Does what pages want; what goes wrong is said to the page that wanted it. What waits for anything has threads."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._decoder = msgspec.json.Decoder(Order)
        # Lines are done in the order in which they come.
        self._lines = ThreadPoolExecutor(1, "lines")
        self._loads = ThreadPoolExecutor(2, "loads")

    def close(self) -> None:
        """Take no more."""
        for pool in (self._lines, self._loads):
            pool.shutdown(wait=False, cancel_futures=True)

    def take(self, text: str, client: Client) -> None:
        """Obey a message; returns at once."""
        try:
            self._obey(self._decoder.decode(text), client)
        except msgspec.DecodeError as error:
            client.say(f"the page sent what is not understood: {error}")
        except RemixtureError as error:
            client.say(str(error))

    def _obey(self, order: Order, client: Client) -> None:
        room = self._room
        if order.hidden is not None:
            client.hidden = order.hidden
        if order.ping is not None:
            client.answer(order.ping)
        for path, value in order.set:
            room.player.send(path, room.player.param(path).check(float(value), path), WHEN[order.at])
        line, load, deck = order.do, order.load, order.take_up
        if line is not None:
            self._later(self._lines, lambda: room.lines.do(line), client)
        if load is not None:
            self._later(self._loads, lambda: put_on(room, load.deck, load.song, load.only), client)
        if deck is not None:
            self._later(self._loads, lambda: room.collection.take_up(deck), client)
        if order.learn is not None:
            self._learn(order.learn)

    def _later(self, pool: ThreadPoolExecutor, work: Callable[[], str | None], client: Client) -> None:
        loop = asyncio.get_running_loop()

        def run() -> None:
            if said := said_of(work):
                loop.call_soon_threadsafe(client.say, said)

        pool.submit(run)

    def _learn(self, path: str) -> None:
        if self._room.controllers is None:
            raise RemixtureError("MIDI is off (--no-midi)")
        self._room.controllers.learn(path)

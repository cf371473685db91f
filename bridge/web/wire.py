"""The WebSocket of the page: what takes effect goes out to all who look, what they want comes in.

Everything here runs in the server's loop, but `_changed`, which the player's thread calls. While nobody is connected nothing is
done.
"""

import asyncio
import contextlib
import logging
import threading

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from bridge.web.client import Client
from bridge.web.orders import Orders
from bridge.web.room import Room
from bridge.web.state import Decks, Meters, Names, hello
from bridge.web.talk import talk

LOG = logging.getLogger(__name__)
TICK_SECONDS = 0.02
"""How often the meters are read."""
FRAME_TICKS, LOOK_TICKS = 2, 6
"""Every so many ticks the meters are sent, and the decks looked at."""


class Wire:
    """Connects pages with a room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._orders = Orders(room)
        self._decks, self._meters = Decks(room), Meters(room.player)
        self._clients: set[Client] = set()
        self._fields: Names = ()
        self._learning = ""
        self._lock = threading.Lock()
        self._pending: dict[str, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.routes = [WebSocketRoute("/wire", self.connect)]
        room.player.listen(self._changed)

    def close(self) -> None:
        """Hear no more of the player."""
        self._room.player.forget(self._changed)
        self._orders.close()

    async def connect(self, socket: WebSocket) -> None:
        """Serve one page until it goes."""
        await socket.accept()
        client = Client(socket)
        self._greet(client)
        try:
            await talk(socket, client.run(), lambda text: self._orders.take(text, client))
        finally:
            self._clients.discard(client)

    def _greet(self, client: Client) -> None:
        """Tell a new page everything."""
        self._loop = asyncio.get_running_loop()
        self._clients.add(client)
        self._meters.read()
        self._look()
        client.tell("hello", hello(self._room.player, self._fields))
        client.values(self._room.player.values(), everything=True)
        client.tell("decks", self._decks.told)
        client.tell("learning", self._learning)
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick())

    def _changed(self, path: str, value: float) -> None:
        """Hear of a value, on the player's thread."""
        if not self._clients or self._loop is None:
            return
        with self._lock:
            first = not self._pending
            self._pending[path] = value
        if first:
            with contextlib.suppress(RuntimeError):
                # The loop may have ended meanwhile.
                self._loop.call_soon_threadsafe(self._spread)

    def _spread(self) -> None:
        """Hand on what was heard."""
        with self._lock:
            values, self._pending = self._pending, {}
        for client in self._clients:
            client.values(values)

    async def _tick(self) -> None:
        """Show the meters, and what else changes without being told, as long as anybody is there."""
        loop = asyncio.get_running_loop()
        due, ticks = loop.time(), 0
        while self._clients:
            ticks += 1
            try:
                self._once(ticks)
            except Exception:
                # A song may go while it is looked at; the pages must not stand still for it.
                LOG.exception("a look at the session failed")
            due = max(due + TICK_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())
        self._ticking = None

    def _once(self, ticks: int) -> None:
        if any(not client.hidden for client in self._clients):
            self._meters.read()
            if ticks % FRAME_TICKS == 0:
                self._show()
        if ticks % LOOK_TICKS == 0:
            self._look()

    def _show(self) -> None:
        frame = self._meters.message()
        if frame:
            for client in self._clients:
                client.meters(frame)

    def _look(self) -> None:
        """Tell what is different from the last look."""
        player, controllers = self._room.player, self._room.controllers
        changed, another = self._decks.look()
        learning = controllers.learning if controllers is not None else ""
        for client in self._clients:
            if self._fields != self._meters.fields:
                # The engine was not up yet when the page came.
                client.tell("hello", hello(player, self._meters.fields))
            if another:
                client.values(player.values(), everything=True)
            if changed:
                client.tell("decks", self._decks.told)
            if learning != self._learning:
                client.tell("learning", learning)
        self._fields, self._learning = self._meters.fields, learning

"""One page that is connected: what is on its way there. A slow one gets fewer messages, never a longer queue.

Values are kept by their paths, and what replaces itself by its kind; only the last of each is sent. What has to be read is kept
to the last few.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Mapping

from starlette.websockets import WebSocket

VALUES_SECONDS = 1.0 / 30.0
"""Between two messages with values; the first of a movement goes at once."""
MOST_SAID = 100

Json = Mapping[str, object]


class Client:
    """Lives in the server's loop. `hidden`: nobody looks, so meters are not sent."""

    def __init__(self, socket: WebSocket) -> None:
        self.hidden = False
        self._socket = socket
        self._values: dict[str, float] = {}
        self._all = False
        self._kinds: dict[str, Json] = {}
        self._said: deque[Json] = deque(maxlen=MOST_SAID)
        self._frame: bytes | None = None
        self._next = 0.0
        self._woken = asyncio.Event()

    def values(self, values: Mapping[str, float], *, everything: bool = False) -> None:
        """Send values; `everything`: what is not among them is at its default."""
        if everything:
            self._values, self._all = dict(values), True
        else:
            self._values.update(values)
        self._woken.set()

    def tell(self, kind: str, what: object) -> None:
        """Send what replaces the last of its kind."""
        self._kinds[kind] = {kind: what}
        self._woken.set()

    def say(self, text: str) -> None:
        """Send a line for people."""
        self._said.append({"say": text})
        self._woken.set()

    def answer(self, ping: object) -> None:
        """Answer a ping."""
        self._said.append({"pong": ping})
        self._woken.set()

    def meters(self, frame: bytes) -> None:
        """Send the meters, unless nobody looks."""
        if not self.hidden:
            self._frame = frame
            self._woken.set()

    async def run(self) -> None:
        """Send what there is, until the connection is gone."""
        loop = asyncio.get_running_loop()
        while True:
            await self._woken.wait()
            self._woken.clear()
            # While one message is on its way, the next ones become newer.
            for message in self._due(loop):
                await (self._socket.send_bytes(message) if isinstance(message, bytes) else self._socket.send_text(message))

    def _due(self, loop: asyncio.AbstractEventLoop) -> Iterator[str | bytes]:
        if "hello" in self._kinds:
            yield _text(self._kinds.pop("hello"))
        if self._values or self._all:
            wait = self._next - loop.time()
            if wait > 0.0 and not self._all:
                loop.call_later(wait, self._woken.set)
            else:
                self._next = loop.time() + VALUES_SECONDS
                values, everything = self._values, self._all
                self._values, self._all = {}, False
                yield _text({"values": values, "all": True} if everything else {"values": values})
        while self._kinds:
            yield _text(self._kinds.pop(next(iter(self._kinds))))
        while self._said:
            yield _text(self._said.popleft())
        if self._frame is not None:
            frame, self._frame = self._frame, None
            yield frame


def _text(message: Json) -> str:
    return json.dumps(message, separators=(",", ":"))

"""The master, streamed to who listens in the browser: the same samples that went to the sink, each with its place in time.

Who is too slow misses some: the frame numbers say where.
"""

import asyncio
import struct

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from bridge.session.player import Player
from bridge.web.talk import talk

SEND_SECONDS = 0.02
NUMBER = struct.Struct("<q")
CHANNELS = 2
NEVER = 2**62
"""A frame that is still to come: reading from there on tells where one is."""


class Listen:
    """Streams what a player plays; does nothing while nobody listens."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self.routes = [WebSocketRoute("/listen", self.connect)]

    async def connect(self, socket: WebSocket) -> None:
        """Send block after block until the listener goes."""
        await socket.accept()
        # Nothing is expected from there.
        await talk(socket, self._send(socket), lambda _: None)

    async def _send(self, socket: WebSocket) -> None:
        await socket.send_json({"rate": self._player.rate, "channels": CHANNELS, "sent_ms": 1000.0 * SEND_SECONDS})
        since, _ = self._player.heard(NEVER)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + SEND_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())
            since, samples = self._player.heard(since)
            if samples.shape[1]:
                first = NUMBER.pack(since - samples.shape[1])
                await socket.send_bytes(first + samples.T.astype("<f4").tobytes())

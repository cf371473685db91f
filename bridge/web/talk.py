"""A WebSocket whose two directions do not wait for each other."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from starlette.websockets import WebSocket, WebSocketDisconnect

TEXT_ONLY = 1003
"""Why it is closed on who sends bytes (RFC 6455)."""


async def talk(socket: WebSocket, sending: Coroutine[None, None, None], hear: Callable[[str], None]) -> None:
    """Run `sending` and call `hear` with each message, until the other end goes."""
    tasks = [asyncio.create_task(one) for one in (sending, _hear(socket, hear))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            # A RuntimeError: it was closed while something was on its way.
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await task


async def _hear(socket: WebSocket, hear: Callable[[str], None]) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is None:
            await socket.close(TEXT_ONLY)
            return
        hear(message["text"])

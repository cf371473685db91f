"""All of the page behind one address.

What NiceGUI serves is the same for all servers of a process (`stage`), and so is the loop; each puts it behind its own gate and
routes, and tells it whose pages it serves.
"""

import asyncio
import contextlib
import secrets
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.web.addresses import EVERY, LOOPBACK, Addresses, own_address
from bridge.web.room import Room
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from starlette.applications import Starlette

STATIC = Path(__file__).parent / "static"
LARGEST_MESSAGE = 1 << 18
"""Bytes of what a page may send over a WebSocket at once."""
QUIT_SECONDS = 2
"""How long what is under way may go on when the server closes."""
START_SECONDS = 60.0


class PageServer:
    """Serves the page of a room on this machine; with a `password` also at `host`, for others on the network.

    Port 0 is any free one.
    """

    def __init__(self, room: Room, host: str = LOOPBACK[0], port: int = 0, password: str | None = None) -> None:
        self._room, self._host, self._port, self._password = room, host, port, password
        self._sockets: list[socket.socket] = []
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._up, self._closing = threading.Event(), threading.Event()
        self._failed: Exception | None = None
        self._token = secrets.token_urlsafe(24)

    def start(self) -> None:
        """Take the port and begin; who connects before the page is there waits for it.

        Raises
        ------
        RemixtureError
            If the port or the address cannot be had, or others could come in without a password.
        """
        if Addresses(self._port, self._host).shared and not self._password:
            raise RemixtureError(f"to be seen at {self._host} the page needs a password: give it one")
        try:
            self._listen()
        except OSError as error:
            for taken in self._sockets:
                taken.close()
            raise RemixtureError(
                f"the page cannot be served at {self._host}, port {self._port} ({error.strerror}): name another port, or none"
            ) from error
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is served."""
        return self._port

    @property
    def url(self) -> str:
        """The link that lets somebody on this machine in."""
        return f"http://{LOOPBACK[0]}:{self._port}/?token={self._token}"

    @property
    def shared_url(self) -> str:
        """Where others on the network find the page; "" if they cannot."""
        if not Addresses(self._port, self._host).shared:
            return ""
        host = own_address() if self._host in EVERY else self._host
        return f"http://[{host}]:{self._port}/" if ":" in host else f"http://{host}:{self._port}/"

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until the page is there; RemixtureError if it does not come."""
        if not self._up.wait(seconds) or self._failed is not None:
            raise RemixtureError(f"the page does not start: {self._failed or f'not within {seconds:g} s'}") from self._failed

    def close(self) -> None:
        """Serve no more; what plays goes on. Closing twice is no error."""
        self._closing.set()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        for taken in self._sockets:
            taken.close()

    def _listen(self) -> None:
        """Take the port at every address that is to be served."""
        self._sockets.append(_listening(self._host, self._port))
        self._port = self._sockets[0].getsockname()[1]
        if self._host not in (LOOPBACK[0], "localhost", EVERY[0]):
            self._sockets.append(_listening(LOOPBACK[0], self._port))

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits has to know
            self._failed = error
            self._room.said.add(f"the page does not work: {error}")
        finally:
            self._up.set()

    def _serve(self) -> None:
        import uvicorn

        from bridge.web.gate import Gate
        from bridge.web.stage import stage

        frame = stage()
        gate = Gate(self._app(frame.app), Addresses(self._port, self._host), self._token, self._password)
        config = uvicorn.Config(
            gate, log_config=None, log_level="critical", access_log=False, proxy_headers=False, server_header=False,
            ws_per_message_deflate=False, ws_max_size=LARGEST_MESSAGE, timeout_graceful_shutdown=QUIT_SECONDS,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._server.should_exit = self._closing.is_set()
        frame.run(self._until_closed(self._server))
        if not self._up.is_set():
            raise RemixtureError("its server did not start")

    async def _until_closed(self, server: "uvicorn.Server") -> None:
        # uvicorn leaves the process if it cannot start; the loop is not its own.
        with contextlib.suppress(SystemExit):
            await server.serve(self._sockets)

    def _app(self, page: "FastAPI") -> "Starlette":
        from starlette.applications import Starlette
        from starlette.routing import BaseRoute, Mount
        from starlette.staticfiles import StaticFiles

        from bridge.web.arrivals import Arrivals
        from bridge.web.downloads import Downloads
        from bridge.web.listen import Listen
        from bridge.web.maps import Maps
        from bridge.web.page import Pages
        from bridge.web.songs import Songs
        from bridge.web.wire import Wire

        room = self._room
        pages, wire, maps, arrivals = Pages(room), Wire(room), Maps(room), Arrivals(room)

        @contextlib.asynccontextmanager
        async def life(_: Starlette) -> AsyncIterator[dict[str, Pages]]:
            asyncio.get_running_loop().call_soon(self._up.set)
            # Each request carries them, and NiceGUI's page asks for them.
            yield {"pages": pages}
            for part in (pages, wire, maps, arrivals):
                part.close()

        listen, songs, downloads = Listen(room.player), Songs(room, arrivals.expect), Downloads(room)
        routes: list[BaseRoute] = [route for part in (wire, listen, maps, songs, downloads) for route in part.routes]
        routes += [Mount("/static", StaticFiles(directory=STATIC)), Mount("/", page)]
        return Starlette(routes=routes, lifespan=life)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)

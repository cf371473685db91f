"""A small server that speaks the wire, for tests of the elements in a browser: what is set comes back as what took effect.

`heard` keeps what the page sent. A value for the next bar comes back with `bar()`. Parameters are the real table.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

import bridge.web
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, PARAMS, find

STATIC = Path(bridge.web.__file__).parent / "static"
MASTER = ("frame", "beat", "bpm", "peak_dbfs", "true_peak_dbtp", "momentary_lufs", "reduction_db")
PLACE = ("loaded", "running", "beat", "bpm", "tempo", "loop_bars", "loop_beat", "peak_dbfs")
DECK = (*PLACE, *(f"source.{row}" for row in range(8)))
FIELDS = (
    *(f"master.{name}" for name in MASTER),
    *(f"deck.{deck}.{name}" for deck in DECKS for name in DECK),
    *(f"session.{name}" for name in ("late", "standing", "lost")),
)
HEAD = """<!doctype html><html lang=en><head><meta charset=utf-8><title>Remixture</title>
<link rel=stylesheet href=/static/page.css><link rel=stylesheet href=/static/frame.css>
<script type=module>import {{ wire }} from "/static/wire.js"; window.wire = wire; {imports}</script>
</head><body>{body}</body></html>"""

Message = dict[str, Any]


class FakeWire:
    """Runs in a thread; `url` serves `body` with the elements of `scripts` loaded."""

    def __init__(self) -> None:
        self.body = ""
        self.scripts: tuple[str, ...] = ("index.js",)
        self.answers: dict[str, object] = {}
        self.heard: list[Message] = []
        self.values: dict[str, float] = {}
        self.decks: dict[str, Message | None] = dict.fromkeys(DECKS)
        self.echo = True
        self._waiting: dict[str, float] = {}
        self._clients: list[WebSocket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        bound = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        self._server = uvicorn.Server(uvicorn.Config(self._app(), log_level="warning", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [bound]}, daemon=True)
        self._thread.start()
        self.wait(lambda: self._server.started)

    def close(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join(5.0)

    def reset(self, body: str, **decks: Message) -> None:
        """Serve another page, and forget what was."""
        self.body, self.echo = body, True
        self.heard.clear()
        self._waiting.clear()
        self.values = {}
        self.decks = {deck: decks.get(deck) for deck in DECKS}

    def sets(self, path: str) -> list[float]:
        """Return the values that the page set a path to, in order."""
        return [value for message in self.heard for where, value in message.get("set", ()) if where == path]

    def push(self, message: Message) -> None:
        """Send to all pages."""
        self._send(json.dumps(message))

    def show(self, values: Mapping[str, float], *, everything: bool = False) -> None:
        """Say what took effect."""
        self.values.update(values)
        self.push({"values": dict(values)} | ({"all": True} if everything else {}))

    def bar(self) -> None:
        """Let the bar come for which values wait."""
        waiting, self._waiting = self._waiting, {}
        self.show(waiting)

    def meters(self, numbers: Mapping[str, float]) -> None:
        """Send one frame of meters; what is not given is silent, or 0."""
        self._send(struct.pack(f"<{len(FIELDS)}f", *(numbers.get(name, _rest(name)) for name in FIELDS)))

    def cut(self) -> None:
        """Close all connections, as a server that was started again."""
        for client in list(self._clients):
            self._run(client.close(1012))

    def wait(self, until: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, f"did not come; heard {self.heard[-5:]}"
            time.sleep(0.005)

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._page),
                WebSocketRoute("/wire", self._talk),
                Mount("/static", StaticFiles(directory=STATIC)),
                Route("/{rest:path}", self._answer),
            ]
        )

    async def _page(self, _request: Request) -> Response:
        imports = "".join(f'import "/static/{name}";' for name in self.scripts)
        return HTMLResponse(HEAD.format(imports=imports, body=self.body))

    async def _answer(self, request: Request) -> Response:
        found = self.answers.get(request.url.path)
        return JSONResponse(found if found is not None else {"error": "not here"}, 200 if found is not None else 404)

    async def _talk(self, client: WebSocket) -> None:
        await client.accept()
        self._loop = asyncio.get_running_loop()
        self._clients.append(client)
        params = {param.pattern: asdict(param) for param in PARAMS}
        hello = {"params": params, "fields": FIELDS, "rate": 48_000}
        for message in ({"hello": hello}, {"values": self.values, "all": True}, {"decks": self.decks}, {"learning": ""}):
            await client.send_text(json.dumps(message))
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                self._hear(json.loads(await client.receive_text()))
        self._clients.remove(client)

    def _hear(self, message: Message) -> None:
        self.heard.append(message)
        try:
            taken = {path: find(path).check(value, path) for path, value in message.get("set", ())}
        except RemixtureError as error:
            self.push({"say": str(error)})
            return
        if message.get("at") == "bar":
            self._waiting.update(taken)
        elif taken and self.echo:
            self.show(taken)
        if "learn" in message:
            self.push({"learning": message["learn"]})

    def _send(self, data: str | bytes) -> None:
        for client in list(self._clients):
            self._run(client.send_text(data) if isinstance(data, str) else client.send_bytes(data))

    def _run(self, coroutine: Any) -> None:  # noqa: ANN401 - any coroutine
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)


def _rest(name: str) -> float:
    return -200.0 if name.endswith(("dbfs", "dbtp", "lufs")) or ".source." in name else 120.0 if name.endswith("bpm") else 0.0


def deck(*sources: str, song: int | None = 1, bpm: float = 120.0) -> Message:
    """Return what is told of a deck that plays stems with these ids."""
    layer = [
        {"id": name, "name": name.title(), "color": "#5b6ee1", "kind": "stem", "confidence": "exact", "crosstalk_db": -38.0}
        for name in sources
    ]
    return {
        "song": song, "title": "A song", "key": "A minor", "camelot": "8A", "bpm": bpm, "beats_per_bar": 4, "parts": ["stems"],
        "layers": {"stems": layer}, "sources": list(sources), "cells": {}, "whole": True, "more": False,
    }  # fmt: skip


@contextlib.contextmanager
def fake_wire() -> Iterator[FakeWire]:
    """Run one."""
    fake = FakeWire()
    try:
        yield fake
    finally:
        fake.close()

"""A real page server in front of a real session that plays into nothing."""

import contextlib
import functools
import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from bridge.midi.controllers import Controllers
from bridge.midi.recent import Recent
from bridge.session.bounces import Bounces
from bridge.session.collection import Collection
from bridge.session.lines import Lines
from bridge.session.messages import Output
from bridge.session.player import Player
from bridge.web.room import Room
from bridge.web.server import PageServer
from engine.model.params import DECKS
from tests.bridge.midi.fake import FakeDriver
from tests.bridge.session.rig import RATE, make_set, until

SECONDS = 20.0
PADS = "Pads"
"""The MIDI controller that is there: it is in memory only."""
PLAYS = {"deck.a.play": 1.0, "deck.a.loop": 2.0}
"""The first song plays, and never comes to its end; all else is at its default."""
TLS = ssl.create_default_context()
"""Not used, but slow to make for each client."""


@dataclass(frozen=True)
class Served:
    """A session with two songs, the first one on deck a, which plays; and its server."""

    room: Room
    server: PageServer
    sets: tuple[Path, ...]
    driver: FakeDriver

    @property
    def base(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.port}"

    def http(self) -> httpx.Client:
        """Return a client that is not known yet."""
        return httpx.Client(base_url=self.base, timeout=SECONDS, verify=TLS)

    @contextlib.contextmanager
    def known(self) -> Iterator[httpx.Client]:
        """Give a client that came by the link."""
        with self.http() as client:
            assert client.get(self.server.url).status_code == 303
            yield client

    @functools.cached_property
    def cookie(self) -> str:
        """Return the header that lets somebody in."""
        with self.known() as client:
            return "; ".join(f"{name}={value}" for name, value in client.cookies.items())

    @contextlib.contextmanager
    def socket(
        self, path: str, *, cookie: str | None = None, origin: str | None = None, host: str | None = None
    ) -> Iterator[ClientConnection]:
        """Give a WebSocket, as a browser with the page open makes it unless it is told otherwise."""
        headers = {"Cookie": self.cookie if cookie is None else cookie}
        if host is not None:
            headers["Host"] = host
        named = Origin(self.base if origin is None else origin) or None
        address = self.base.replace("http", "ws") + path
        with connect(
            address, additional_headers=headers, origin=named, compression=None, open_timeout=SECONDS, max_queue=None
        ) as found:
            yield found

    def tidy(self) -> None:
        """Leave it as it was made, whatever a test did, and wherever it failed."""
        player, collection = self.room.player, self.room.collection
        for song in collection.songs()[len(self.sets) :]:
            collection.cancel(song.number)
        for deck in DECKS[1:]:
            if player.sources(deck):
                player.unload(deck)
        until(lambda: not any(map(player.sources, DECKS[1:])))
        for song in collection.songs()[len(self.sets) :]:
            collection.remove(song.number)
        for path, value in player.values().items():
            wanted = PLAYS.get(path, player.param(path).default)
            if value != wanted:
                player.set(path, wanted)
        if self.room.controllers is not None:
            self.room.controllers.learn("")

    @contextlib.contextmanager
    def page(self) -> Iterator["Page"]:
        """Give a page that is connected and has heard everything."""
        with self.socket("/wire") as socket:
            page = Page(socket)
            page.until(lambda: page.decks)
            yield page


@dataclass(slots=True)
class Page:
    """What a browser knows: all that the wire said."""

    socket: ClientConnection
    hello: dict[str, Any] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    decks: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def send(self, **message: object) -> None:
        """Send a message of the contract."""
        self.socket.send(json.dumps(message))

    def set(self, path: str, value: float, at: str = "now") -> None:
        """Set a value."""
        self.send(set=[[path, value]], at=at)

    def shows(self, path: str, value: float) -> None:
        """Listen until a value has taken effect."""
        self.until(lambda: self.values.get(path) == value)

    def has(self, deck: str, title: str | None) -> None:
        """Listen until a song is on a deck, or nothing."""
        self.until(lambda: (self.decks[deck] or {"title": None})["title"] == title)

    def until(self, true: Callable[[], object]) -> None:
        """Listen until something is true."""
        end = time.monotonic() + SECONDS
        while not true():
            self._take(self.socket.recv(timeout=max(0.0, end - time.monotonic())))

    def meters(self) -> dict[str, float]:
        """Return the next meters by their names."""
        self.frames.clear()
        self.until(lambda: self.frames)
        return dict(zip(self.hello["fields"], np.frombuffer(self.frames[-1], "<f4").tolist(), strict=True))

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames.append(message)
            return
        told = json.loads(message)
        self.messages.append(told)
        self.hello = told.get("hello", self.hello)
        self.decks = told.get("decks", self.decks)
        if "values" in told:
            self.values = told["values"] if told.get("all") else self.values | told["values"]
        if "say" in told:
            self.said.append(told["say"])


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Give a session and its server."""
    said = Recent()
    sets = tuple(make_set(folder, seed=seed) for seed in range(2))
    with contextlib.ExitStack() as stack:
        player = stack.enter_context(Player(Output("null", RATE, 512, ("master",)), said.add, folder / "take.jsonl"))
        collection, bounces = Collection(player, folder, said.add), Bounces(player, folder, said.add)
        stack.callback(collection.close)
        stack.callback(bounces.close)
        first, _ = (collection.add(one) for one in sets)
        collection.put_on("a", first)
        for path, value in PLAYS.items():
            player.set(path, value)
        driver = FakeDriver(PADS)
        controllers = stack.enter_context(Controllers(player, said.add, driver=driver, folder=folder / "midi"))
        player.listen(controllers.changed)
        room = Room(player, Lines(player), collection, bounces, folder, controllers, said)
        server = PageServer(room)
        stack.callback(server.close)
        server.start()
        server.wait()
        yield Served(room, server, sets, driver)


class Counted:
    """Stands for a function, and knows when it was called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.times: list[float] = []

    def __call__(self, *arguments: object) -> object:
        """Call it."""
        self.times.append(time.monotonic())
        return self._function(*arguments)

    def rests(self) -> bool:
        """Whether nobody has called it for a while."""
        return bool(self.times) and time.monotonic() - self.times[-1] > 0.3

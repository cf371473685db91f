"""Pages on the wire of a session that plays."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Coroutine
from functools import partial
from typing import cast

import pytest
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed

from bridge.web.client import Client
from engine.model.params import PARAMS
from tests.bridge.session.rig import until
from tests.bridge.web.rig import Counted, Page, Served


def test_a_page_is_told_everything_at_once(served: Served) -> None:
    player = served.room.player
    player.set("deck.a.bass.gain", -7.0)
    with served.page() as page:
        assert list(page.messages[0]) == ["hello"]
        assert page.messages[1]["all"] is True
        assert page.values["deck.a.bass.gain"] == -7.0
        table = page.hello["params"]
        deck = page.decks["a"]

    assert list(table) == [param.pattern for param in PARAMS]
    assert table["deck.{deck}.{source}.gain"] == {
        "low": -12.0, "high": 12.0, "default": 0.0, "unit": "dB", "curve": "linear", "text": "Level of one source.",
    }  # fmt: skip
    assert page.hello["rate"] == player.rate
    assert (deck["song"], deck["title"], deck["bpm"], deck["beats_per_bar"]) == (0, "song-0", pytest.approx(120.0), 4)
    assert (deck["parts"], deck["sources"]) == (["stems", "loops"], ["drums", "bass", "residual", "loop-1"])
    assert [source["id"] for source in deck["layers"]["loops"]] == ["loop-1", "residual"]
    assert (deck["whole"], deck["more"], deck["cells"]) == (True, False, {})
    assert [page.decks[name] for name in "bcd"] == [None] * 3


def test_what_is_set_takes_effect_and_all_pages_see_it(served: Served) -> None:
    with served.page() as one, served.page() as other:
        one.set("deck.a.drums.gain", -6.5)
        for page in (one, other):
            page.shows("deck.a.drums.gain", -6.5)
        other.send(set=[["deck.a.drums.gain", 0], ["deck.a.bass.mute", True], ["deck.a.bass.mute", 0.0]])
        one.until(lambda: one.values.get("deck.a.drums.gain") == 0.0 and one.values.get("deck.a.bass.mute") == 0.0)

    assert served.room.player.value("deck.a.drums.gain") == 0.0


def test_what_is_set_elsewhere_is_shown_too(served: Served) -> None:
    with served.page() as page:
        served.room.player.set("master.gain", -2.5)
        page.shows("master.gain", -2.5)


def test_a_value_can_wait_for_its_bar(served: Served) -> None:
    with served.page() as page:
        page.until(lambda: 0.0 < page.meters()["deck.a.beat"] % 4.0 < 2.0)
        page.set("deck.a.filter", 0.25, "bar")
        page.set("deck.a.pitch", 0.0)
        page.shows("deck.a.filter", 0.25)
        places = [
            k
            for k, message in enumerate(page.messages)
            for path in ("deck.a.pitch", "deck.a.filter")
            if path in message.get("values", {}) and not message.get("all")
        ]
        assert places == sorted(places)
        assert len(set(places)) == 2


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"set": [["deck.a.drums.gain", 13]]}, "must be within -12 to 12 dB, got 13 dB"),
        ({"set": [["deck.a.nobody.gain", 0]]}, "deck a has no such source"),
        ({"set": [["deck.z.gain", 0]]}, "no deck 'z'"),
        ({"set": [["master.gain", "loud"]]}, r"\$.set\[0\]\[1\]"),
        ({"set": [["master.gain", 1]], "at": "never"}, "never"),
        ({"dance": True}, "dance"),
        ({"do": "a sing"}, "a has no 'sing'"),
        ({"do": "a.drums"}, "gain"),
        ({"load": {"deck": "b", "song": 99}}, "no song 99"),
        ({"load": {"deck": "b", "song": 1, "only": "violins"}}, "has no violins"),
        ({"load": {"deck": "e", "song": 1}}, "no deck 'e'"),
        ({"learn": "master.volume"}, "master.volume"),
    ],
)
def test_what_cannot_be_done_is_said_to_who_wanted_it(served: Served, message: dict[str, object], said: str) -> None:
    with served.page() as page, served.page() as other:
        page.send(**message)
        page.until(lambda: page.said)
        assert len(page.said) == 1
        assert not other.said
        assert re.search(said, page.said[0]), page.said[0]


def test_all_pages_see_what_waits_for_a_control(served: Served) -> None:
    with served.page() as page, served.page() as other:
        for path in ("deck.a.drums.gain", ""):
            page.send(learn=path)
            for one in (page, other):
                one.until(partial(waits, one, path))


def waits(page: Page, path: str) -> bool:
    """Whether a page was told last that this parameter waits for a control."""
    return [message["learning"] for message in page.messages if "learning" in message][-1:] == [path]


@pytest.mark.parametrize("garbage", ["", "{", "[]", "1", '{"set":[[NaN,1]]}', "{" * 10_000])
def test_garbage_is_answered_and_the_wire_goes_on(served: Served, garbage: str) -> None:
    with served.page() as page:
        page.socket.send(garbage)
        page.until(lambda: page.said)
        page.send(ping=[1, "x"])
        page.until(lambda: {"pong": [1, "x"]} in page.messages)


def test_bytes_are_not_spoken_here(served: Served) -> None:
    with served.page() as page:
        page.socket.send(b"\x00\x01")
        with pytest.raises(ConnectionClosed, match="1003"):
            page.until(lambda: False)


def test_a_line_does_what_it_does_in_the_terminal(served: Served) -> None:
    with served.page() as page:
        page.send(do="a.drums -3")
        page.send(do="a.drums gain")
        page.until(lambda: page.said and page.values.get("deck.a.drums.gain") == -3.0)
        assert page.said == ["deck.a.drums.gain -3 dB"]
        page.send(do="a.drums 0")
        page.shows("deck.a.drums.gain", 0.0)


def test_a_song_is_put_on_and_taken_off(served: Served) -> None:
    with served.page() as page, served.page() as other:
        page.send(load={"deck": "b", "song": 1})
        for one in (page, other):
            one.has("b", "song-1")
            assert one.values["deck.b.play"] == 0.0
        page.set("deck.b.drums.gain", 3.0)
        other.shows("deck.b.drums.gain", 3.0)
        page.send(do="b eject")
        for one in (page, other):
            one.has("b", None)
            assert "deck.b.drums.gain" not in one.values


def levels(page: Page, deck: str) -> dict[str, float]:
    """The next levels of a deck's sources."""
    meters = page.meters()
    return {name: meters[f"deck.{deck}.source.{k}"] for k, name in enumerate(page.decks[deck]["sources"])}


def test_a_tile_dragged_to_a_deck_sounds_there_alone_and_in_time(served: Served) -> None:
    with served.page() as page:
        page.send(load={"deck": "c", "song": 1, "only": "loop-1"})
        page.shows("deck.c.loop-1.clip", 1.0)
        page.until(lambda: levels(page, "c")["loop-1"] > -40.0)
        page.until(lambda: max(level for name, level in levels(page, "c").items() if name != "loop-1") == -200.0)
        assert levels(page, "c")["loop-1"] > -100.0
        assert page.decks["c"]["parts"] == ["loops", "stems"]
        assert (page.values["deck.c.song"], page.values["deck.c.sync"]) == (0.0, 1.0)
        page.send(load={"deck": "c", "song": 1, "only": "drums"})
        page.shows("deck.c.drums.clip", 1.0)
        assert page.values["deck.c.parts"] == 1.0
        page.send(do="c eject")
        page.has("c", None)


def test_cells_are_told_as_they_are(served: Served) -> None:
    with served.page() as page:
        page.send(set=[["deck.a.drums.cell", -5], ["deck.a.drums.cell", -6], ["deck.a.drums.cell", 6]])
        page.until(lambda: page.decks["a"]["cells"] == {"drums": {"5": False, "6": True}})
        page.set("deck.a.drums.cell", 0)
        page.until(lambda: not any(page.decks["a"]["cells"].values()))


def test_the_meters_are_those_of_the_player(served: Served) -> None:
    with served.page() as page:
        page.until(lambda: page.meters()["master.frame"])
        shown, status = page.meters(), served.room.player.status()

    assert list(shown) == list(served.room.player.numbers()[0])
    assert shown["deck.a.loaded"] == 1.0
    assert shown["deck.a.bpm"] == pytest.approx(status.decks["a"].bpm, abs=1e-3)
    assert shown["master.frame"] == pytest.approx(status.frame, abs=served.room.player.rate)
    assert shown["session.lost"] == 0.0
    assert shown["deck.b.peak_dbfs"] == -200.0
    assert {"session.late", "session.standing", "master.true_peak_dbtp", "deck.d.source.0"} <= shown.keys()


def test_meters_come_25_times_a_second_and_rest_while_nobody_looks(served: Served) -> None:
    with served.page() as page:
        page.meters()
        began, count = time.monotonic(), 0
        while count < 20:
            count += len(page.frames)
            page.frames.clear()
            page.until(lambda: page.frames)
        assert time.monotonic() - began >= 18 * 0.04
        page.send(hidden=True)
        page.send(ping=1)
        page.until(lambda: {"pong": 1} in page.messages)
        page.frames.clear()
        page.send(ping=2)
        time.sleep(0.15)
        page.send(ping=3)
        page.until(lambda: {"pong": 3} in page.messages)
        assert not page.frames
        page.send(hidden=False)
        page.meters()


def test_without_a_page_nothing_is_built(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    read, looked = Counted(served.room.player.numbers), Counted(served.room.player.shelf)
    monkeypatch.setattr(served.room.player, "numbers", read)
    monkeypatch.setattr(served.room.player, "shelf", looked)

    with served.page() as page:
        page.meters()

    until(lambda: read.rests() and looked.rests())


class Slow:
    """A connection that takes one message, and the next ones only when it is told to."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.frames = 0
        self.flows = asyncio.Event()

    async def send_text(self, text: str) -> None:
        self.sent.append(json.loads(text))
        await self.flows.wait()

    async def send_bytes(self, _frame: bytes) -> None:
        self.frames += 1
        await self.flows.wait()


def in_a_loop(work: Coroutine[None, None, None]) -> None:
    """Run it; a browser test may have a loop of its own on this thread."""
    thread = threading.Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def test_a_slow_page_gets_the_last_of_everything_in_few_messages() -> None:
    connection = Slow()

    async def play() -> None:
        client = Client(cast(WebSocket, connection))
        task = asyncio.create_task(client.run())
        for k in range(10_000):
            client.values({f"deck.a.{k % 3}.gain": float(k)})
            client.meters(b"frame")
            client.tell("learning", str(k))
            client.say(f"line {k}")
            if k % 1000 == 0:
                await asyncio.sleep(0.0)
        assert len(connection.sent) == 1
        connection.flows.set()
        await asyncio.sleep(0.2)
        task.cancel()

    in_a_loop(play())
    told = {
        path: value
        for message in connection.sent
        for path, value in cast("dict[str, float]", message.get("values", {})).items()
    }
    assert told == {"deck.a.0.gain": 9999.0, "deck.a.1.gain": 9997.0, "deck.a.2.gain": 9998.0}
    assert {"learning": "9999"} in connection.sent
    assert {"say": "line 9999"} in connection.sent
    assert len(connection.sent) < 110
    assert connection.frames == 1


def test_values_are_sent_at_once_and_then_no_more_than_30_times_a_second() -> None:
    connection = Slow()
    connection.flows.set()
    first: list[float] = []

    async def play() -> None:
        client = Client(cast(WebSocket, connection))
        task = asyncio.create_task(client.run())
        began = time.monotonic()
        for k in range(200):
            client.values({"master.gain": float(k)})
            await asyncio.sleep(0.002)
            if connection.sent and not first:
                first.append(time.monotonic() - began)
        took = time.monotonic() - began
        await asyncio.sleep(0.05)
        task.cancel()
        assert len(connection.sent) <= 30 * took + 3

    in_a_loop(play())
    assert connection.sent[-1] == {"values": {"master.gain": 199.0}}
    assert first[0] < 0.03

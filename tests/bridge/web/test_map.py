"""The map in a browser: what hands do on it goes out as commands, what takes effect is what it shows."""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.bridge.web.fakewire import FakeWire, deck, fake_wire

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BARS, PER_BAR, LEAD_IN = 32, 4, 1
COLORS = ("#ea5202", "#4785ff", "#8a8f98")
NAMES = ("Kick", "Bass", "Residual")
LAYOUT = [1.0] * 8 + [0.0] * 8 + [1.0] * 15


def source(place: int) -> dict[str, object]:
    """Return a source of the map; the first one is silent in bars 9 to 16, the last one has no layout."""
    wave = base64.b64encode(bytes([0 if place == 2 else 40]) * (BARS * 32)).decode()
    layout = [LAYOUT, [1.0] * (BARS - LEAD_IN), None][place]
    return {"id": f"s{place}", "name": NAMES[place], "color": COLORS[place], "kind": "loop", "layout": layout, "wave": wave}


def song_map(*, whole: bool = True) -> dict[str, object]:
    """Return what the server tells of a song of 32 bars, the first of which is a lead-in."""
    return {
        "song": 1, "title": "A song", "whole": whole, "first": -LEAD_IN, "bars": BARS, "columns": 32, "beats_per_bar": PER_BAR,
        "sections": [{"bar": 0, "label": "A"}, {"bar": 16, "label": "B"}],
        "parts": [{"name": "stems", "sources": [source(place) for place in range(3)]}],
    }  # fmt: skip


class Played:
    """A map on a page, and the hands on it."""

    def __init__(self, page: "Page", fake: FakeWire) -> None:
        self.page, self.fake = page, fake
        self.area = page.locator("rx-map .area")
        self.said = page.locator("rx-map .say")

    def at(self, bar: float, lane: int = -1) -> tuple[float, float]:
        """Return where the middle of a bar of people is; lane -1 is the ruler."""
        x = self.page.evaluate("bar => document.querySelector('rx-map').view.x(bar)", bar - 0.5)
        y = self.page.evaluate("k => { const v = document.querySelector('rx-map').view; return v.y(k) + v.lane / 2 }", lane)
        box = self.area.bounding_box()
        assert box
        return box["x"] + x, box["y"] + (y if lane >= 0 else 34)

    def click(self, bar: float, lane: int = -1) -> None:
        """Click there."""
        self.page.mouse.click(*self.at(bar, lane))

    def drag(self, *ways: tuple[float, int]) -> None:
        """Drag from one place to the others."""
        self.page.mouse.move(*self.at(*ways[0]))
        self.page.mouse.down()
        for way in ways[1:]:
            self.page.mouse.move(*self.at(*way))
        self.page.mouse.up()

    def color(self, bar: int, lane: int) -> tuple[float, ...]:
        """Return the mean color of a cell of the picture, near its edge where no waveform is; opaque is 255."""
        script = """async ([bar, lane]) => {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const { context, view } = document.querySelector("rx-map");
            const { data } = context.getImageData(view.x(bar - 1) + 3, view.y(lane) + 3, view.perBar - 6, 6);
            return [0, 1, 2, 3].map((c) => data.filter((_, i) => i % 4 === c).reduce((a, b) => a + b) / (data.length / 4));
        }"""
        return tuple(self.page.evaluate(script, [bar, lane]))

    def cells(self, **cells: dict[str, bool]) -> None:
        """Say which cells are switched."""
        told: dict[str, Any] = {**self.fake.decks, "a": {**(self.fake.decks["a"] or {}), "cells": cells}}
        self.fake.push({"decks": told})

    def runs(self, beat: float, loop: float = 0.0, bpm: float = 0.01, first: float = 0.0) -> None:
        """Say where the deck is, and that it repeats `loop` bars from the beat `first` on."""
        meters = {"deck.a.loaded": 1.0, "deck.a.running": 1.0, "deck.a.beat": beat, "deck.a.bpm": bpm, "deck.a.loop_bars": loop}
        meters["deck.a.loop_beat"] = first
        self.fake.meters(meters)
        self.page.wait_for_function("beat => Math.abs(wire.meter('deck.a.beat') - beat) < 1e-3", arg=beat)

    def sent(self, text: str) -> list[dict[str, Any]]:
        """Wait for messages with a text in a path they set, and return them."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [one for one in self.fake.heard if any(text in path for path, _ in one.get("set", ()))]
            return bool(found)

        self.fake.wait(is_there)
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[FakeWire]:
    """One server for all."""
    with fake_wire() as fake:
        fake.scripts = ("map.js",)
        yield fake


@pytest.fixture(scope="module")
def tab(chromium: "Browser", server: FakeWire) -> Iterator["Page"]:
    """One page for all."""
    page = chromium.new_page(viewport={"width": 1000, "height": 500})
    server.reset("")
    page.goto(server.url)
    page.wait_for_function("window.wire?.connected")
    yield page
    page.close()


@pytest.fixture
def played(server: FakeWire, tab: "Page") -> Played:
    """A new map that is drawn, on a deck that stands at its first bar."""
    server.answers["/api/decks/a/map"] = song_map()
    server.reset("", a=deck("s0", "s1", "s2"))
    server.show({}, everything=True)
    server.meters({"deck.a.beat": 0.0})
    server.push({"decks": server.decks})
    tab.evaluate("document.body.innerHTML = '<rx-map deck=a></rx-map>'")
    tab.wait_for_function("document.querySelector('rx-map').song && wire.meter('deck.a.running') === 0")
    return Played(tab, server)


def test_a_click_on_a_cell_turns_it_over(played: Played) -> None:
    played.click(3, 0)
    played.click(10, 0)
    played.fake.wait(lambda: len(played.fake.sets("deck.a.s0.cell")) == 2)

    assert played.fake.sets("deck.a.s0.cell") == [-3, 10]


def test_a_drag_paints_every_cell_once_however_fast_it_is(played: Played) -> None:
    played.drag((2, 0), (6, 0), (6, 1))
    played.fake.wait(lambda: played.fake.sets("deck.a.s1.cell"))

    assert played.fake.sets("deck.a.s0.cell") == [-2, -3, -4, -5, -6]
    assert played.fake.sets("deck.a.s1.cell") == [-6]


def test_the_lead_in_has_no_cells(played: Played) -> None:
    played.click(0, 0)
    played.click(1, 0)

    assert played.sent(".cell") == [{"set": [["deck.a.s0.cell", -1]], "at": "now"}]


def test_the_picture_shows_what_took_effect(played: Played) -> None:
    on, off = played.color(5, 0), played.color(12, 0)
    played.cells(s0={"5": False, "6": True, "12": True})
    played.page.wait_for_function("!document.querySelector('rx-map').back.disabled")
    hollow, as_it_was, hatched = (played.color(bar, 0) for bar in (5, 6, 12))
    played.cells()
    played.page.wait_for_function("document.querySelector('rx-map').back.disabled")

    assert hollow[3] < 0.2 * on[3]
    assert as_it_was == on
    assert hatched[3] > on[3] > 2 * off[3]
    assert (played.color(5, 0), played.color(12, 0)) == (on, off)


def test_an_echo_alone_redraws_the_cell(played: Played) -> None:
    on = played.color(5, 0)
    played.fake.show({"deck.a.s0.cell": -5.0})
    played.page.wait_for_function("wire.value('deck.a.s0.cell') === -5")

    assert played.color(5, 0)[3] < on[3]


def test_a_wish_that_nobody_grants_is_taken_back(played: Played) -> None:
    played.fake.echo = False
    on = played.color(5, 0)
    played.click(5, 0)
    wished = played.color(5, 0)
    played.page.wait_for_timeout(1100)

    assert wished != on
    assert played.color(5, 0) == on


def test_a_click_on_the_ruler_jumps_on_the_next_beat(played: Played) -> None:
    played.runs(1.0)
    played.click(9)

    assert played.sent("seek") == [{"set": [["deck.a.seek", 32]], "at": "beat"}]


def test_a_deck_that_stands_jumps_at_once_and_a_section_to_its_first_bar(played: Played) -> None:
    x, y = played.at(25)
    played.page.mouse.click(x, y - 24)

    assert played.sent("seek") == [{"set": [["deck.a.seek", 64]], "at": "now"}]


def test_a_drag_on_the_ruler_loops_and_a_click_in_it_ends_that(played: Played) -> None:
    played.runs(1.0)
    played.drag((8, -1), (6, -1), (5, -1))
    asked = played.page.locator("rx-map .loop.on.pending").count()
    played.runs(16.1, loop=4, first=16)
    box = played.page.locator("rx-map .loop.on:not(.pending)").bounding_box()
    played.click(6)

    assert played.sent("loop")[0] == {"set": [["deck.a.seek", 16], ["deck.a.loop", 4]], "at": "bar"}
    assert asked == 1
    assert box
    assert box["x"] == pytest.approx(played.at(4.5)[0], abs=1)
    assert box["width"] == pytest.approx(played.at(9)[0] - played.at(5)[0], abs=1)
    played.fake.wait(lambda: played.fake.sets("deck.a.loop") == [4, 0])
    assert played.fake.sets("deck.a.seek") == [16]


def test_a_loop_from_elsewhere_is_shown_and_escape_ends_it(played: Played) -> None:
    played.runs(9.7, loop=1, first=8)
    box = played.page.locator("rx-map .loop.on").bounding_box()

    assert box
    assert box["x"] == pytest.approx(played.at(2.5)[0], abs=1)
    played.area.press("Escape")
    assert played.sent("loop") == [{"set": [["deck.a.loop", 0]], "at": "now"}]


def test_keys_go_from_cell_to_cell_and_say_what_is_there(played: Played) -> None:
    played.area.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", " "):
        played.page.keyboard.press(key)
    said = played.said.text_content()
    played.page.keyboard.press("j")
    cell = played.page.locator("rx-map [role=gridcell]")

    assert said == "Bass, bar 4, off, by hand"
    assert cell.text_content() == said
    assert cell.get_attribute("aria-colindex") == "5"
    assert played.sent(".cell") == [{"set": [["deck.a.s1.cell", -4]], "at": "now"}]
    assert played.sent("seek") == [{"set": [["deck.a.seek", 12]], "at": "now"}]
    played.page.keyboard.press("Home")
    assert played.said.text_content() == "Bass, lead-in, on"
    played.page.keyboard.press("End")
    assert played.said.text_content() == "Bass, bar 31, on"


def test_one_button_puts_all_back_as_in_the_song(played: Played) -> None:
    button = played.page.get_by_role("button", name="As in the song")
    idle = button.is_disabled()
    played.cells(s1={"4": False})
    button.click()
    played.fake.wait(lambda: played.fake.sets("deck.a.s2.cell"))

    assert idle
    assert [played.fake.sets(f"deck.a.s{k}.cell") for k in range(3)] == [[0], [0], [0]]


def test_lanes_that_do_not_sound_are_dim(played: Played) -> None:
    bright = [played.color(3, lane)[3] for lane in (0, 1)]
    played.fake.show({"deck.a.s0.solo": 1.0})
    played.page.wait_for_function("wire.value('deck.a.s0.solo') === 1")
    soloed = [played.color(3, lane)[3] for lane in (0, 1)]
    played.fake.show({"deck.a.s0.solo": 0.0, "deck.a.s0.mute": 1.0})
    played.page.wait_for_function("wire.value('deck.a.s0.mute') === 1")

    assert soloed[0] == bright[0]
    assert soloed[1] < 0.5 * bright[1]
    assert played.color(3, 0)[3] < 0.5 * bright[0]


def test_the_playhead_is_where_the_deck_is_and_a_zoomed_map_follows_it(played: Played) -> None:
    def playhead() -> float:
        played.page.wait_for_timeout(60)
        box = played.page.locator("rx-map .here").bounding_box()
        assert box
        return box["x"] + 5

    played.runs(40.0)
    fit = playhead()
    expected = played.at(10.5)[0]
    played.page.get_by_role("button", name="Zoom in").click(click_count=3)
    zoomed = playhead()
    played.page.evaluate("performance.now = () => Performance.prototype.now.call(performance) + 1e4")
    played.runs(120.0)
    box = played.area.bounding_box()
    assert fit == pytest.approx(expected, abs=6)
    assert zoomed == pytest.approx(fit, abs=6)
    assert box
    assert box["x"] <= playhead() <= box["x"] + box["width"]
    played.page.evaluate("delete performance.now")


def test_the_map_is_asked_for_again_until_the_song_is_whole(played: Played) -> None:
    played.fake.answers["/api/decks/a/map"] = song_map(whole=False)
    played.fake.push({"decks": {**played.fake.decks, "a": {**(played.fake.decks["a"] or {}), "whole": False}}})
    played.page.wait_for_function("document.querySelector('rx-map').song.whole === false")
    played.fake.answers["/api/decks/a/map"] = song_map()

    played.page.wait_for_function("document.querySelector('rx-map').song.whole")

"""The whole page in a real browser, before a real session: what a person does, and what is heard of it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from bridge.session.player import Player
from engine.model.audio import Samples
from tests.bridge.session.rig import RATE, until
from tests.bridge.web.rig import PADS, Served
from tests.conftest import loop_song

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

SIZE = {"width": 1280, "height": 800}
DRUMS = 'rx-tile[deck="a"][source="drums"]'
FAR = 1 << 60
WATCH = """(tile) => {
  const look = () => { window.waited ||= tile.hasAttribute("data-pending"); };
  new MutationObserver(look).observe(tile, { attributes: true });
}"""
"""Notes whether a tile ever waits for its bar, which may be near."""


class Listener:
    """Keeps all that the mixer gives from now on."""

    def __init__(self, player: Player) -> None:
        self._player, self._ends = player, threading.Event()
        self._next, _ = player.heard(FAR)
        self.first = self._next
        self._blocks: list[Samples] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> Samples:
        """Return it [shape=(2, frames)]."""
        self._ends.set()
        self._thread.join()
        return np.concatenate(self._blocks, axis=1)

    def _run(self) -> None:
        while not self._ends.wait(0.05):
            self._next, block = self._player.heard(self._next)
            self._blocks.append(block)


@pytest.fixture(scope="module")
def context(chromium: "Browser", house: Served) -> Iterator["BrowserContext"]:
    """A browser that came by the link."""
    context = chromium.new_context(viewport=SIZE)  # type: ignore[arg-type]
    first = context.new_page()
    first.goto(house.server.url)
    first.close()
    yield context
    context.close()


@pytest.fixture
def page(context: "BrowserContext", served: Served) -> Iterator["Page"]:
    """The page; an error in a script, or a request that leaves the machine, fails the test."""
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if _stays(request.url, served) else errors.append(request.url))
    # The song is short, and goes on and on.
    for name, value in (("loop", 0.0), ("seek", 4.0), ("play", 1.0), ("loop", 2.0)):
        served.room.player.set(f"deck.a.{name}", value)
    page.goto(served.base)
    page.wait_for_selector(DRUMS)
    yield page
    page.close()
    assert errors == []


def _stays(url: str, served: Served) -> bool:
    return url.startswith((served.base, served.base.replace("http", "ws"), "data:", "blob:"))


def _level(player: Player) -> float:
    """Return the level of what the mixer gives in the next third of a second."""
    listener = Listener(player)
    threading.Event().wait(0.35)
    return float(np.sqrt(np.mean(listener.stop() ** 2)))


def _is(served: Served, path: str, value: float) -> Callable[[], bool]:
    return lambda: served.room.player.value(path) == value


def test_a_click_on_a_tile_is_heard_from_the_next_bar_on(page: "Page", served: Served) -> None:
    player = served.room.player
    for source in ("bass", "residual"):
        player.set(f"deck.a.{source}.mute", 1.0)
    before = _level(player)
    page.locator(DRUMS).evaluate(WATCH)

    page.click(f"{DRUMS} .rx-body")
    until(_is(served, "deck.a.drums.mute", 1.0))
    assert page.evaluate("window.waited")
    threading.Event().wait(0.2)
    muted = _level(player)
    page.click(f"{DRUMS} .rx-body")
    until(_is(served, "deck.a.drums.mute", 0.0))

    assert before > 0.01
    assert muted < 1e-4


def test_what_was_recorded_is_the_bounce_sample_for_sample(page: "Page", served: Served, tmp_path: Path) -> None:
    player = served.room.player
    listener = Listener(player)
    page.click("text=● Rec")
    until(_is(served, "master.record", 1.0))
    fader = page.locator(f"{DRUMS} rx-fader")
    for key in ("Home", "End", "PageDown", "Delete"):
        fader.press(key)
        page.wait_for_timeout(150)
    page.click("text=● Rec")
    until(_is(served, "master.record", 0.0))
    page.wait_for_timeout(300)
    heard = listener.stop()

    recording, jobs = player.recordings()[-1], served.room.bounces.list()
    page.get_by_role("button", name="Takes").click()
    page.get_by_role("button", name=f"Bounce recording {recording.number}", exact=True).click()
    until(lambda: len(served.room.bounces.list()) > len(jobs))
    name = served.room.bounces.list()[-1].name
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name=f"Download {name}", exact=True).click(timeout=60_000)
    target = tmp_path / "bounce.wav"
    download.value.save_as(target)
    bounced, rate = soundfile.read(target, dtype="float32", always_2d=True)

    assert recording.end is not None
    # The limiter lets everything out later, and a bounce takes that off.
    start = recording.start - listener.first
    late = next(n for n in range(200) if np.array_equal(heard[:, start + n : start + n + 4096].T, bounced[:4096]))
    assert rate == RATE
    assert len(bounced) == recording.end - recording.start
    np.testing.assert_array_equal(heard[:, start + late : start + late + len(bounced)].T, bounced)


def test_a_bounce_is_of_the_kind_that_was_picked(page: "Page") -> None:
    page.get_by_role("button", name="Takes").click()
    page.get_by_label("Files").select_option("FLAC, 24 bit")
    page.get_by_role("button", name="Bounce all").click()

    page.get_by_role("listitem").filter(has_text=".flac").first.wait_for()


def test_a_dropped_song_gets_tiles_and_runs_in_sync(page: "Page", served: Served, tmp_path: Path) -> None:
    room = served.room
    song = tmp_path / "Another song ♥.wav"
    soundfile.write(song, loop_song(8.0, RATE, seed=7).samples.T, RATE)

    page.get_by_label("Stems").select_option("none")
    page.set_input_files("rx-drop input", song)
    page.get_by_role("progressbar").first.wait_for()
    page.wait_for_selector('rx-tile[deck="b"]', timeout=60_000)
    page.click('rx-switch[path="deck.b.play"]')
    until(lambda: room.player.status().decks["b"].running)
    page.wait_for_timeout(1500)

    decks = room.player.status().decks
    apart = (decks["a"].beat - decks["b"].beat) % 1.0
    assert min(apart, 1.0 - apart) < 0.02
    assert decks["b"].bpm == pytest.approx(decks["a"].bpm, rel=0.01)
    page.get_by_role("button", name="Eject deck b").click()
    until(lambda: not room.player.sources("b"))


def test_a_file_that_is_no_song_is_told_in_plain_words(page: "Page", tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF but nothing else")

    page.set_input_files("rx-drop input", broken)

    page.get_by_role("alert").filter(has_text="broken.wav").first.wait_for()


def test_a_control_is_learnt_by_a_click_and_a_move(page: "Page", served: Served) -> None:
    page.get_by_role("button", name="Learn").click()
    page.locator(f"{DRUMS} rx-fader").click()
    assert served.room.controllers is not None
    until(lambda: served.room.controllers and served.room.controllers.learning == "deck.a.drums.gain")
    for value in range(20, 60):
        served.driver.press(0xB0, 77, value)
    until(lambda: served.room.controllers and not served.room.controllers.learning)
    until(lambda: PADS in (served.room.controllers.names if served.room.controllers else {}))

    served.driver.press(0xB0, 77, 64)
    served.driver.press(0xB0, 77, 127)

    until(_is(served, "deck.a.drums.gain", 12.0))
    page.wait_for_selector(f'{DRUMS} rx-fader[aria-valuenow="12"]')


def test_a_scene_is_kept_and_comes_back_on_the_bar(page: "Page", served: Served) -> None:
    player = served.room.player
    player.set("deck.a.bass.gain", -6.0)
    page.get_by_role("button", name="Scenes").click()
    page.get_by_label("Name of the scene").fill("save drop 2")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="save drop 2").wait_for()
    player.set("deck.a.bass.gain", 3.0)

    page.get_by_role("button", name="save drop 2").click()

    until(_is(served, "deck.a.bass.gain", -6.0))


def test_another_browser_and_a_reload_show_the_same(page: "Page", context: "BrowserContext", served: Served) -> None:
    player, shown = served.room.player, f'{DRUMS} rx-fader[aria-valuenow="-4.5"]'
    other = context.new_page()
    other.goto(served.base)

    player.set("deck.a.drums.gain", -4.5)
    for one in (page, other):
        one.wait_for_selector(shown)
    page.reload()
    page.wait_for_selector(shown)
    other.close()

    assert player.status().decks["a"].running


def test_nobody_comes_in_without_the_link(chromium: "Browser", served: Served) -> None:
    with chromium.new_context() as context:
        stranger = context.new_page()
        answers = [stranger.goto(address) for address in (served.base, f"{served.base}/?token=guessed")]

    assert [answer.status if answer else None for answer in answers] == [403, 403]


def _press(name: str) -> Callable[["Page"], None]:
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def _menu(page: "Page", entry: str = "") -> None:
    page.get_by_role("button", name="More of song-0").first.click()
    if entry:
        page.get_by_role("menuitem", name=entry).click()


BUTTONS = ("Scenes", "Takes", "MIDI", "Messages", "Learn", "Open a prepared set ...")
STATES: dict[str, Callable[["Page"], None]] = {name: _press(name) for name in BUTTONS} | {
    "menu": _menu,
    "prepare": lambda page: _menu(page, "Prepare again"),
    "export": lambda page: _menu(page, "Export"),
    "help": lambda page: page.keyboard.press("?"),
    "muted": lambda page: page.click(f"{DRUMS} .rx-body"),
}
"""What can be seen, and the way there."""


@pytest.mark.parametrize("state", STATES)
def test_assistive_technology_finds_nothing_serious(page: "Page", state: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    STATES[state](page)
    # Until it has come in, and what is muted has gone.
    page.wait_for_timeout(700)
    if state == "muted":
        page.wait_for_selector(f"{DRUMS}[data-silent]:not([data-pending])")

    found = Axe().run(page).response["violations"]

    serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []

"""A real browser for all tests of the page."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import lacking

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.bridge.web.fakewire import FakeWire
    from tests.bridge.web.rig import Served
    from tests.bridge.web.stage import Open

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Run chromium without a window; skips where there is none, which in CI is a failure."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        lacking("chromium is not installed")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Served"]:
    """A session that plays, and the server of its page; deck a plays, the others are empty."""
    from tests.bridge.web.rig import serve

    with serve(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def served(house: "Served") -> Iterator["Served"]:
    """The same for one test, that leaves nothing behind in it."""
    yield house
    house.tidy()


@pytest.fixture(scope="session")
def fake() -> Iterator["FakeWire"]:
    """A server that speaks the wire, and serves pages of our elements."""
    from tests.bridge.web.fakewire import fake_wire
    from tests.bridge.web.stage import SCRIPTS

    with fake_wire() as running:
        running.scripts = SCRIPTS
        yield running


@pytest.fixture(scope="session")
def tab(chromium: "Browser") -> Iterator["Page"]:
    """A tab of the browser that shows one page after the other."""
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def show(fake: "FakeWire", tab: "Page") -> Iterator["Open"]:
    """Open a page with some elements; an error in a script fails the test."""
    errors: list[str] = []

    def note(error: object) -> None:
        errors.append(str(error))

    def go(body: str, values: dict[str, float] | None = None, **decks: dict[str, Any]) -> "Page":
        fake.reset(body, **decks)
        fake.values = values or {}
        tab.goto(fake.url)
        tab.wait_for_function("window.wire?.connected")
        return tab

    tab.on("pageerror", note)
    yield go
    tab.remove_listener("pageerror", note)
    assert not errors

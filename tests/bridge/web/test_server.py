"""Servers of one process: they come and go, and the pages of the others stay alive."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.web.server import PageServer
from tests.bridge.web.rig import Served, serve

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def songs(served: Served) -> list[bool]:
    """Whether the page that somebody gets shows either song."""
    with served.known() as client:
        text = client.get("/").text
    return [name in text for name in ("song-0", "song-1")]


def test_each_server_shows_its_own_room_and_leaves_the_other_alone(chromium: "Browser", served: Served, tmp_path: Path) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(served.server.url)
        page.get_by_role("listitem").nth(1).wait_for()
        with serve(tmp_path) as other:
            other.room.collection.remove(1)
            assert songs(other) == [True, False]
            assert songs(served) == [True, True]

        page.get_by_role("button", name="More of song-1").click()
        page.get_by_role("menuitem", name="Take off the list").wait_for()


def test_a_page_of_a_server_that_was_started_again_works(chromium: "Browser", served: Served) -> None:
    for _ in range(2):
        with contextlib.closing(PageServer(served.room)) as server, chromium.new_context() as context:
            server.start()
            server.wait()
            page = context.new_page()
            page.goto(server.url)
            page.get_by_role("button", name="Put song-1 on deck d").click()
            page.get_by_role("button", name="Eject deck d").click()
            page.locator("section[data-deck=d].rx-empty").wait_for()

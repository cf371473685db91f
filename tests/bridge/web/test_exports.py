"""From the page into a DAW: a song, and what was recorded, are exported beside the music and downloaded."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.session.bounces import BounceState
from tests.bridge.session.rig import until
from tests.bridge.web.rig import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: "Browser", served: Served) -> Iterator["Page"]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(served.server.url)
    page.wait_for_selector('rx-tile[deck="a"][source="drums"]')
    yield page
    context.close()


def downloaded(page: "Page", name: str, target: Path) -> Path:
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name=f"Download {name}").first.click(timeout=60_000)
    download.value.save_as(target)
    return target


def test_a_song_goes_into_a_daw(page: "Page", served: Served, tmp_path: Path) -> None:
    page.get_by_role("button", name="More of").first.click()
    page.get_by_text("Export to a DAW ...").click()
    page.get_by_role("button", name="Export as reaper").click()
    page.get_by_role("button", name="Takes").click()

    title = served.room.collection.songs()[0].title
    got = downloaded(page, f"{title} (reaper)", tmp_path / "got.zip")

    with zipfile.ZipFile(got) as archive:
        assert archive.testzip() is None
        assert sum(name.endswith(".rpp") for name in archive.namelist()) == 1
        assert f"{title} (reaper)/audio/drums.wav" in archive.namelist()


def test_a_recording_goes_into_a_daw(page: "Page", served: Served, tmp_path: Path) -> None:
    player = served.room.player
    player.set("master.record", 1.0)
    begun = player.status().frame
    until(lambda: player.status().frame > begun + player.rate)
    player.set("master.record", 0.0)
    page.get_by_role("button", name="Takes").click()
    page.get_by_role("button", name="Export recording").first.click()
    page.get_by_role("button", name="Export as dawproject").click()

    got = downloaded(page, "recording-", tmp_path / "got.dawproject")

    with zipfile.ZipFile(got) as archive:
        assert {"project.xml", "metadata.xml"} <= set(archive.namelist())
    assert all(job.state is BounceState.DONE for job in served.room.bounces.list() if job.name.endswith(".dawproject"))

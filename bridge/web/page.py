"""What is where on the page: a bar, the songs on the left, the decks, and a drawer for scenes, takes, MIDI and messages.

The frame is NiceGUI's. What people touch while they play are our own elements (`static`), which speak with the mixer over the
wire; here they are only put in their places. Every open page looks at the session a few times a second and shows what is so.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from nicegui import ui
from starlette.requests import Request

from bridge.web.bar import Bar, crossfader
from bridge.web.decks import Decks
from bridge.web.messages import Messages
from bridge.web.midi import Midi
from bridge.web.room import Room
from bridge.web.scenes import Scenes
from bridge.web.shelf import Shelf
from bridge.web.takes import Takes

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 0.3
HEAD = """
<link rel="stylesheet" href="/static/page.css">
<link rel="stylesheet" href="/static/frame.css">
<script type="module" src="/static/index.js"></script>
"""


class Panel(Protocol):
    """A part of the page that changes with the session."""

    def look(self) -> None:
        """Show what is so now; returns at once."""


class Pages:
    """The pages of a room: one for each browser window that comes by a server."""

    def __init__(self, room: Room) -> None:
        self._room, self._closed = room, False

    def make(self) -> None:
        """Put everything on a new page."""
        panels = _make(self._room)
        self._look(panels)
        ui.timer(LOOK_SECONDS, lambda: self._look(panels))

    def close(self) -> None:
        """Let them stand as they are: NiceGUI keeps a page for seconds after its browser has gone."""
        self._closed = True

    def _look(self, panels: Sequence[Panel]) -> None:
        if self._closed:
            return
        for panel in panels:
            try:
                panel.look()
            except Exception:
                # The others go on, and this one looks again.
                LOG.exception("a part of the page failed")


def build() -> None:
    """Have NiceGUI make a page for everybody who comes; of which room the server says, in the state of the request."""

    @ui.page("/", title="Remixture")
    def page(request: Request) -> None:
        ui.add_head_html(HEAD)
        request.state.pages.make()


def _make(room: Room) -> list[Panel]:
    with ui.right_drawer(value=False, bordered=True).props("width=340").classes("rx-drawer") as drawer:
        drawer.props.update({"aria-label": "Scenes, takes, MIDI, messages"})
        with ui.tabs().props("dense no-caps") as tabs:
            for name in ("Scenes", "Takes", "MIDI", "Messages"):
                ui.tab(name)
        with ui.tab_panels(tabs, value="Scenes").classes("rx-panels"):
            with ui.tab_panel("Scenes"):
                scenes = Scenes(room)
            with ui.tab_panel("Takes"):
                takes = Takes(room)
            with ui.tab_panel("MIDI"):
                midi = Midi(room)
            with ui.tab_panel("Messages"):
                messages = Messages(room)
    with ui.left_drawer(value=True, bordered=True).props("width=290 breakpoint=900").classes("rx-songs") as songs:
        songs.props.update({"aria-label": "Songs"})
        shelf = Shelf(room)
    with ui.header(elevated=False).classes("rx-bar"):
        Bar(songs, drawer, tabs)
    with ui.element("div").classes("rx-main"):
        decks = Decks(room)
    with ui.footer(elevated=False).classes("rx-foot"):
        crossfader()
    ui.element("rx-help")
    return [shelf, decks, scenes, takes, midi, messages]

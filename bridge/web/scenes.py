"""Scenes: recalled on the next bar, kept under a name."""

from collections.abc import Callable
from functools import partial

from nicegui import ui

from bridge.web.elements import button, tell
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.store.scene import scene_files

LOOKS = 5
"""Every so many looks the folders are read."""
EXPLAINED = (
    "Keeps the levels of all decks as they are now. A click recalls a scene on the next bar, and so does Alt with a digit."
)


class Scenes:
    """The list is what lies in the folders."""

    def __init__(self, room: Room) -> None:
        self._room, self._names = room, tuple[str, ...]()
        self._looks = 0
        with ui.row().classes("rx-line"):
            self._name = ui.input("Name").props('dense outlined maxlength=60 aria-label="Name of the scene"').classes("rx-grow")
            self._name.on("keydown.enter", self._keep)
            button("Keep", self._keep, strong=True)
        ui.label(EXPLAINED).classes("rx-note")
        self._list = ui.column().classes("rx-list")
        ui.on("rx-scene", lambda event: self._numbered(int(event.args["number"])))

    def look(self) -> None:
        """List them anew if there are others; they lie on the disk, which is not looked at every time."""
        self._looks += 1
        if self._looks % LOOKS != 1:
            return
        names = tuple(scene_files())
        if names == self._names:
            return
        self._names = names
        self._list.clear()
        with self._list:
            for k, name in enumerate(names):
                button(f"{k + 1}  {name}", partial(self.recall, name)).props("align=left").classes("rx-scene")

    def _numbered(self, number: int) -> None:
        """Recall the one with a number, as a key asks for."""
        if 1 <= number <= len(self._names):
            self.recall(self._names[number - 1])

    def recall(self, name: str) -> None:
        """Recall one on the next bar."""
        self._say(lambda: self._room.lines.recall_scene(name) or f"{name} comes on the next bar")

    def _keep(self) -> None:
        name = self._name.value.strip()
        if not name:
            tell("Give the scene a name first")
            return
        self._say(lambda: self._room.lines.save_scene(name))
        self._name.set_value("")

    @staticmethod
    def _say(do: Callable[[], str]) -> None:
        try:
            tell(do())
        except RemixtureError as error:
            tell(str(error))

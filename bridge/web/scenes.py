"""Scenes: recalled on the next bar, kept under a name."""

from functools import partial

from nicegui import ui

from bridge.web.elements import button, tell
from bridge.web.room import Room
from engine.model.errors import RemixtureError
from engine.store.scene import scene_files

EXPLAINED = (
    "Keeps the levels of all decks as they are now. A click recalls a scene on the next bar, and so does Alt with a digit."
)


class Scenes:
    """The list is what lies in the folders."""

    def __init__(self, room: Room) -> None:
        self._room, self._names = room, tuple[str, ...]()
        with ui.row().classes("rx-line"):
            self._name = ui.input("Name").props('dense outlined maxlength=60 aria-label="Name of the scene"').classes("rx-grow")
            self._name.on("keydown.enter", self._keep)
            button("Keep", self._keep, strong=True)
        ui.label(EXPLAINED).classes("rx-note")
        self._list = ui.column().classes("rx-list")
        ui.on("rx-scene", lambda event: self._numbered(int(event.args["number"])))

    def look(self) -> None:
        """List them anew if there are others."""
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
        self._do(f"scene {name} @bar", f"{name} comes on the next bar")

    def _keep(self) -> None:
        name = self._name.value.strip()
        if not name:
            tell("Give the scene a name first")
            return
        self._do(f"scene save {name}", "")
        self._name.set_value("")

    def _do(self, line: str, otherwise: str) -> None:
        try:
            said = self._room.lines.do(line)
        except RemixtureError as error:
            said = str(error)
        if said or otherwise:
            tell(said or otherwise)

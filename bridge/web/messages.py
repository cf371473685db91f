"""What people were told: as it comes, and all of it again in the drawer."""

from nicegui import ui

from bridge.web.elements import tell
from bridge.web.room import Room

SHOWN = 100


class Messages:
    """Only what comes after the page was opened pops up."""

    def __init__(self, room: Room) -> None:
        self._said = room.said
        self._last = room.said.count
        self._log = ui.log(max_lines=SHOWN).classes("rx-log").props("aria-label=Messages role=log")
        for _, text in room.said.since(0):
            self._log.push(text)

    def look(self) -> None:
        """Show what came."""
        for number, text in self._said.since(self._last):
            self._last = number
            self._log.push(text)
            tell(text)

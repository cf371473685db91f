"""MIDI: which port plays under which preset, what comes in, what is being learnt."""

from functools import partial

from nicegui import ui

from bridge.midi.controllers import Port
from bridge.web.elements import Pick, tell
from bridge.web.room import Room
from engine.model.errors import RemixtureError

OFF, OWN = "off", "as its name says"
SHOWN = 60
TEACH = "To teach a control: Learn, then click the fader or button here, then move the hardware."
NOBODY = "No controller is connected; one that comes is taken up."


class Midi:
    """The session's controllers."""

    def __init__(self, room: Room) -> None:
        self._controllers = room.controllers
        self._ports: tuple[Port, ...] | None = None
        if self._controllers is None:
            ui.label("MIDI is off: it was opened with --no-midi.").classes("rx-note")
            return
        self._last = self._controllers.recent.count
        self._list = ui.column().classes("rx-list")
        with ui.column().classes("rx-list"):
            ui.label(TEACH).classes("rx-note")
            self._learning = ui.label().classes("rx-learning").props("role=status")
            ui.label("What comes in").classes("rx-head")
            self._log = ui.log(max_lines=SHOWN).classes("rx-log").props('aria-label="Incoming MIDI" role=log')

    def look(self) -> None:
        """Show ports that came or went, and what came in."""
        controllers = self._controllers
        if controllers is None:
            return
        if controllers.ports != self._ports:
            self._ports = controllers.ports
            self._list.clear()
            with self._list:
                self._show(self._ports)
        for number, text in controllers.recent.since(self._last):
            self._last = number
            self._log.push(text)
        waits = f"Move what shall be {controllers.learning}" if controllers.learning else ""
        self._learning.set_text("; ".join(filter(None, (waits, waits and controllers.hint))))

    def _show(self, ports: tuple[Port, ...]) -> None:
        assert self._controllers is not None  # noqa: S101 - callers have looked
        if not ports:
            ui.label(self._controllers.why_none() or NOBODY).classes("rx-note")
        for port in ports:
            presets = self._controllers.presets
            value = OWN if not port.chosen else port.preset if port.preset in presets else OFF
            choices = {name: name for name in (OWN, OFF, *presets)}
            Pick(port.name, choices, value, partial(self._choose, port.name)).classes("rx-grow")
            if not port.chosen and port.preset:
                ui.label(f"plays as {port.preset}").classes("rx-note")

    def _choose(self, port: str, value: str) -> None:
        assert self._controllers is not None  # noqa: S101 - callers have looked
        try:
            self._controllers.choose(port, None if value == OWN else "" if value == OFF else value)
        except RemixtureError as error:
            tell(str(error))

"""The way into a DAW: a dialog with the formats, for a song or for what was played."""

from collections.abc import Callable
from functools import partial

from nicegui import ui

from bridge.daw.formats import FORMATS
from bridge.web.elements import button, dialog, tell
from engine.model.errors import RemixtureError


def choose_format(what: str, start: Callable[[str], int]) -> None:
    """Ask how `what` is to be exported, and start it; how far it is stands among the takes."""
    with dialog(f"Export {what}") as opened:

        def go(to: str) -> None:
            opened.close()
            try:
                start(to)
            except RemixtureError as error:
                tell(str(error))
            else:
                tell(f"{what} is being exported: see Takes")

        with ui.column().classes("rx-list"):
            for form in FORMATS.values():
                with ui.row().classes("rx-line"):
                    button(form.name, partial(go, form.name), label=f"Export as {form.name}", strong=True).style("width: 7em")
                    ui.label(form.programs).classes("rx-note rx-grow")
        button("Leave it", opened.close)

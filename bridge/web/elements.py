"""Our own elements as Python calls them; what each does is in `static`."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

Choices = list[tuple[str, Callable[[], object]]]
"""What a menu offers, and what each does."""


def element(tag: str, **attributes: str | float | None) -> Element:
    """Put an element; attributes of None are left away.

    Values are set as they are, so that a song's title can be anything.
    """
    made = ui.element(tag)
    made.props.update({name.replace("_", "-"): value for name, value in attributes.items() if value is not None})
    return made


def fader(path: str, label: str, *, orientation: str = "vertical") -> Element:
    """Put a fader for a parameter."""
    return element("rx-fader", path=path, label=label, orientation=orientation)


def knob(path: str, label: str, *, bpm_of: str | None = None) -> Element:
    """Put a knob for a parameter; with `bpm_of` a deck, it shows that deck's tempo."""
    return element("rx-knob", path=path, label=label, bpm_of=bpm_of)


def switch(path: str, label: str, text: str, *, mode: str = "toggle") -> Element:
    """Put a switch; `mode` press only ever turns it on."""
    return element("rx-switch", path=path, label=label, text=text, mode=mode)


def choice(path: str, label: str, labels: Sequence[str]) -> Element:
    """Put a choice among the steps of a parameter."""
    return element("rx-choice", path=path, label=label, labels=",".join(labels))


def number(path: str, label: str, *, line: str, meter: str) -> Element:
    """Put a number to type: `line` is the word that sets it in the terminal, `meter` what it shows."""
    return element("rx-number", path=path, label=label, line=line, meter=meter, compact="")


def button(text: str, do: Callable[[], object], *, label: str = "", icon: str = "", strong: bool = False) -> ui.button:
    """Put a button that does something; `label` says what where its text does not; `strong` is the usual choice."""
    made = ui.button(text, on_click=do, icon=icon or None)
    made.props("no-caps dense unelevated" if strong else "no-caps dense flat")
    if label:
        made.props.update({"aria-label": label, "title": label})
    return made


class Pick(Element):
    """A list to pick one of; `value` is what is picked."""

    def __init__(
        self,
        label: str,
        choices: Mapping[str, str],
        value: str,
        picked: Callable[[str], object] | None = None,
        *,
        name: str = "",
    ) -> None:
        """`choices` are values and what stands for them; `picked` is called with what somebody picks."""
        super().__init__("rx-pick")
        self.value, self._picked = value, picked
        self.props.update({"label": label, "choices": json.dumps(list(choices.items())), "value": value, "name": name})
        self.on("pick", self._pick, args=["detail"])

    def _pick(self, event: GenericEventArguments) -> None:
        self.value = str(event.args["detail"])
        if self._picked is not None:
            self._picked(self.value)


@contextlib.contextmanager
def dialog(title: str) -> Iterator[ui.dialog]:
    """Open a dialog and put what follows into it; it goes when it is closed."""
    # Beside what was clicked, which is built anew whenever something about it changes.
    with ui.context.client.layout, ui.dialog(value=True) as made, ui.card().classes("rx-dialog"):
        made.props.update({"aria-label": title})
        made.on("hide", made.delete)
        ui.label(title).classes("rx-head")
        yield made


class Menu(ui.button):
    """Three dots that open a list of things to do, made when it is opened: most never are."""

    def __init__(self, label: str, choices: Callable[[], Choices]) -> None:
        """`choices` are asked for each time."""
        super().__init__(icon="more_vert", on_click=self._open)
        self._choices = choices
        self.props("no-caps dense flat round size=sm")
        self.props.update({"aria-label": label, "title": label, "aria-haspopup": "menu"})
        with self:
            self._menu = ui.menu().props("no-parent-event")

    def _open(self) -> None:
        self._menu.clear()
        with self._menu:
            for text, do in self._choices():
                # Quasar calls it an item of a list, which a menu may not have.
                ui.menu_item(text, do).props("role=menuitem")
        self._menu.open()


def tell(text: str) -> None:
    """Show a line to who did it."""
    ui.notify(text, position="bottom-left", timeout=6000, close_button="close")

"""The bar on top: clock, tempo, record, the master's meters, and what opens the drawer; the cross-fader below."""

from nicegui import ui
from nicegui.elements.drawer import Drawer

from bridge.web.elements import button, choice, element, fader, number, switch


class Bar:
    """Built once; everything in it lives on the wire."""

    def __init__(self, songs: Drawer, drawer: Drawer, tabs: ui.tabs) -> None:
        button("", songs.toggle, icon="library_music", label="Songs")
        with ui.element("h1").classes("rx-logo"):
            ui.label("Remixture")
        element("rx-clock")
        number("master.tempo", "Tempo", line="tempo", meter="master.bpm")
        switch("master.record", "Record", "● Rec")
        ui.space()
        element("rx-master")
        element("rx-listen")
        element("rx-learn")
        with ui.row().classes("rx-openers"):
            for name, icon in (("Scenes", "grid_view"), ("Takes", "album"), ("MIDI", "piano"), ("Messages", "notes")):
                self._opener(name, icon, drawer, tabs)
        element("rx-help-button")

    @staticmethod
    def _opener(name: str, icon: str, drawer: Drawer, tabs: ui.tabs) -> None:
        def toggle() -> None:
            drawer.set_value(not drawer.value or tabs.value != name)
            tabs.set_value(name)

        button("", toggle, icon=icon, label=name)


def crossfader() -> None:
    """Put what is below the decks: who is left and right, how they fade, when clips start, how loud all is."""
    fader("master.crossfader", "Crossfader", orientation="horizontal")
    choice("master.curve", "Crossfader curve", ("power", "linear", "cut"))
    with ui.column().classes("rx-labelled"):
        ui.label("Clips start on").classes("rx-note")
        choice("master.quantize", "Clips start on", ("off", "beat", "bar", "period"))
    fader("master.gain", "Master", orientation="horizontal")
    fader("master.cue_mix", "Phones: cue to master", orientation="horizontal")
    fader("master.cue_gain", "Phones", orientation="horizontal")

"""Values of the desk -> lights, rings and motors of one controller: only what changed, at most `RATE` times a second."""

from collections import defaultdict
from collections.abc import Container

from bridge.midi.binding import Binding, Feedback
from bridge.midi.control import Control
from bridge.midi.desk import LOST, Desk, resolve
from bridge.midi.ports import OutPort
from engine.model.params import DECKS

RATE = 30.0
"""Times a second that one control is told."""


class Echo:
    """Tells one controller where its values stand.

    `changed` may be called from any thread and only makes a note; `send` is called `RATE` times a second and sends.
    """

    def __init__(self, bindings: tuple[Binding, ...], desk: Desk, port: OutPort) -> None:
        self._bindings = tuple(b for b in bindings if b.feedback is not None)
        self._desk = desk
        self._port = port
        self._sent: dict[Control, bytes] = {}
        self._dirty: set[str] = set()
        self._sources: tuple[tuple[str, ...], ...] = ()
        self._by_path: dict[str, list[Binding]] = {}
        self._waiting: list[Binding] = []

    def changed(self, path: str) -> None:
        """Note that a parameter has another value."""
        if path in self._by_path:
            self._dirty.add(path)

    def send(self, hands: Container[Control] = ()) -> None:
        """Send what is not as the controller shows it.

        Parameters
        ----------
        hands
            Touch controls that a hand is on; motors of those stand still, and go where they should afterwards.

        Raises
        ------
        OSError
            If the port is gone.
        """
        sources = tuple(self._desk.sources(deck) for deck in DECKS)
        if sources != self._sources or not self._by_path:
            self._sources = sources
            self._index()
        due, self._waiting = self._waiting, []
        while self._dirty:
            due += self._by_path.get(self._dirty.pop(), [])
        for binding in due:
            if binding.touch is not None and binding.touch in hands:
                self._waiting.append(binding)
            else:
                self._show(binding)

    def dark(self) -> None:
        """Switch every light off that was lit; motors stay where they are. OSError if the port is gone."""
        for binding in self._bindings:
            shown = binding.feedback
            if shown is not None and shown.control.kind != "pitchbend" and shown.control in self._sent:
                self._tell(shown, 0.0)

    def _index(self) -> None:
        """Find out which paths the bindings mean with the sources that are there now; all of them are due."""
        by_path: dict[str, list[Binding]] = defaultdict(list)
        for binding in self._bindings:
            by_path[resolve(binding.path, self._desk) or ""].append(binding)
        self._by_path = dict(by_path)
        self._waiting = list(self._bindings)

    def _show(self, binding: Binding) -> None:
        if binding.feedback is None:
            return
        path = resolve(binding.path, self._desk)
        try:
            share = 0.0 if path is None else shown_share(binding, self._desk, path)
        except LOST:
            # What is not there now, such as an effect that is not loaded, is dark.
            share = 0.0
        self._tell(binding.feedback, share)

    def _tell(self, shown: Feedback, share: float) -> None:
        data = shown.data(share)
        if self._sent.get(shown.control) != data:
            self._port.send(data)
            self._sent[shown.control] = data


def shown_share(binding: Binding, desk: Desk, path: str) -> float:
    """Return what a controller shows of a value: how far it is on the control's way; on or off for a button."""
    value = desk.value(path)
    if binding.mode == "trigger":
        return float(value == binding.value)
    share = binding.way(desk.param(path)).unmap(value)
    return share if binding.mode in {"absolute", "relative"} else float(share >= 0.5)

"""One port that is open: messages in, feedback out, under one preset."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from bridge.midi.binding import Binding
from bridge.midi.control import move_of
from bridge.midi.desk import LOST, Desk
from bridge.midi.feedback import Echo
from bridge.midi.learn import Learner
from bridge.midi.mapping import Mapping
from bridge.midi.ports import Driver, InPort, OutPort, Receive
from bridge.midi.preset import Preset

Say = Callable[[str], None]


class Controller:
    """A controller on its port.

    `full` and `shown_on` are the full names of the input and of the output; without an output it plays without lights.
    `listen` gets every message as well, `seen` a line about it. While something is to be learnt, what comes is not played.
    OSError if the input does not open.
    """

    def __init__(
        self,
        name: str,
        preset: Preset,
        desk: Desk,
        driver: Driver,
        full: str,
        say: Say,
        seen: Say,
        listen: Receive | None = None,
    ) -> None:
        import mido

        self.name = name
        self.preset = preset
        self.full = full
        self.shown_on: str | None = None
        self._desk = desk
        self._driver = driver
        self._say = say
        self._seen, self._listen = seen, listen
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._learner: Learner | None = None
        self._learnt: Binding | None = None
        self._output: OutPort | None = None
        self._echo: Echo | None = None
        self._parser: Any = mido.Parser()
        self._mapping = Mapping(preset, desk)
        self._input: InPort = driver.open_input(full, self._came)

    def show_on(self, full: str | None) -> None:
        """Show values on an output from now on; None for none."""
        self.shown_on = full
        self._dark()
        if full is None or not (self.preset.start or any(b.feedback for b in self.preset.bindings)):
            return
        try:
            self._output = self._driver.open_output(full)
            for data in self.preset.start:
                self._output.send(data)
        except OSError as error:
            self._complain(f"{self.name}: no lights ({error})")
        else:
            self._echo = Echo(self.preset.bindings, self._desk, self._output)

    def changed(self, path: str) -> None:
        """Note that a parameter has another value; from any thread."""
        echo = self._echo
        if echo is not None:
            echo.changed(path)

    def send(self) -> None:
        """Show what changed."""
        if self._echo is None:
            return
        try:
            self._echo.send(self._mapping.hands)
        except OSError as error:
            self._complain(f"{self.name}: lights do not answer ({error}); it plays on without")
            self._echo = None

    def learn(self, learner: Learner | None) -> None:
        """Learn from what comes instead of playing it; None ends that."""
        with self._lock:
            self._learner, self._learnt = learner, None

    @property
    def hint(self) -> str:
        """What is still wanted of the control that is to be learnt; "" if nothing."""
        learner = self._learner
        return learner.hint if learner is not None else ""

    def poll_learnt(self, seconds: float) -> Binding | None:
        """Return what was learnt until a monotonic time; None while it is not clear yet."""
        with self._lock:
            if self._learner is not None:
                self._learnt = self._learnt or self._learner.wait(seconds)
            return self._learnt

    def close(self) -> None:
        """Put the lights out and let go of the ports."""
        self._input.close()
        self._dark()

    def _dark(self) -> None:
        """Put the lights out and let go of the output."""
        echo, self._echo = self._echo, None
        output, self._output = self._output, None
        if echo is not None:
            with contextlib.suppress(OSError):
                echo.dark()
        if output is not None:
            output.close()

    def _came(self, data: bytes, seconds: float) -> None:
        """Take what the driver's thread brings; nothing may be raised into it."""
        if self._listen is not None:
            self._listen(data, seconds)
        with self._lock:
            self._parser.feed(data)
            for message in self._parser:
                move = move_of(message)
                if move is not None:
                    self._seen(f"{self.name}: {move.control} at {move.count}")
                self._take(message, seconds)

    def _take(self, message: Any, seconds: float) -> None:  # noqa: ANN401 (mido has no types)
        learner = self._learner
        if learner is not None:
            self._learnt = self._learnt or learner.take(message, seconds)
            return
        try:
            self._mapping.take(message)
        except LOST as error:
            self._complain(f"{self.name}: {error}")

    def _complain(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

"""One port that is open: messages in, feedback out, under one preset."""

import threading
from collections.abc import Callable
from typing import Any

from bridge.midi.binding import Binding
from bridge.midi.desk import LOST, Desk
from bridge.midi.feedback import Echo
from bridge.midi.learn import Learner
from bridge.midi.mapping import Mapping
from bridge.midi.ports import Driver, InPort, OutPort, Receive
from bridge.midi.preset import Preset

Pair = tuple[str, str | None]
Say = Callable[[str], None]


class Controller:
    """A controller on its port.

    While `learner` is one, what comes is learnt from instead of played. `ports` are the full names of the input and of the
    output, if it has one; `listen` gets every message as well. OSError if the input does not open; without an output it plays
    without lights.
    """

    def __init__(
        self, name: str, preset: Preset, desk: Desk, driver: Driver, ports: Pair, say: Say, listen: Receive | None = None
    ) -> None:
        import mido

        self.name = name
        self.preset = preset
        self.ports = ports
        self.learner: Learner | None = None
        self.learnt: Binding | None = None
        self._listen = listen
        self._say = say
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._parser: Any = mido.Parser()
        self._mapping = Mapping(preset, desk)
        self._input: InPort = driver.open_input(ports[0], self._came)
        self._output, self._echo = self._open_output(driver, ports[1], desk)

    def changed(self, path: str) -> None:
        """Note that a parameter has another value; from any thread."""
        if self._echo is not None:
            self._echo.changed(path)

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
            self.learner, self.learnt = learner, None

    def poll_learnt(self, seconds: float) -> Binding | None:
        """Return what was learnt until a monotonic time; None while it is not clear yet."""
        with self._lock:
            if self.learner is not None:
                self.learnt = self.learnt or self.learner.wait(seconds)
            return self.learnt

    def close(self) -> None:
        """Put the lights out and let go of the ports."""
        self._input.close()
        if self._echo is not None:
            try:
                self._echo.dark()
            except OSError:
                self._echo = None
        if self._output is not None:
            self._output.close()

    def _open_output(self, driver: Driver, full: str | None, desk: Desk) -> tuple[OutPort | None, Echo | None]:
        if full is None or not (self.preset.start or any(b.feedback for b in self.preset.bindings)):
            return None, None
        try:
            output = driver.open_output(full)
            for data in self.preset.start:
                output.send(data)
        except OSError as error:
            self._complain(f"{self.name}: no lights ({error})")
            return None, None
        return output, Echo(self.preset.bindings, desk, output)

    def _came(self, data: bytes, seconds: float) -> None:
        """Take what the driver's thread brings; nothing may be raised into it."""
        if self._listen is not None:
            self._listen(data, seconds)
        with self._lock:
            self._parser.feed(data)
            for message in self._parser:
                self._take(message, seconds)

    def _take(self, message: Any, seconds: float) -> None:  # noqa: ANN401 (mido has no types)
        learner = self.learner
        if learner is not None:
            self.learnt = self.learnt or learner.take(message, seconds)
            return
        try:
            self._mapping.take(message)
        except LOST as error:
            self._complain(f"{self.name}: {error}")

    def _complain(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

"""A desk and a MIDI driver in memory, behind the same protocols as the real ones."""

from collections.abc import Callable

from bridge.midi.ports import Receive
from engine.model.params import DECKS, Param, find

STEMS = ("drums", "bass", "vocals", "other")


class FakeDesk:
    """Holds values; `log` is what was set, in order."""

    def __init__(self, **sources: tuple[str, ...]) -> None:
        self.on = {deck: sources.get(deck, ()) for deck in DECKS}
        self.values: dict[str, float] = {}
        self.log: list[tuple[str, float]] = []
        self.clock: Callable[[], tuple[float, float, bool]] = lambda: (0.0, 120.0, False)
        self.heard: Callable[[str, float], None] = lambda _path, _value: None

    def set(self, path: str, value: float) -> None:
        param = self.param(path)
        assert param.check(value, path) == value
        self.values[path] = value
        self.log.append((path, value))
        self.heard(path, value)

    def value(self, path: str) -> float:
        return self.values.get(path, self.param(path).default)

    def param(self, path: str) -> Param:
        words = path.split(".")
        if len(words) == 4 and words[2] not in self.on[words[1]]:
            raise KeyError(path)
        return find(path)

    def sources(self, deck: str) -> tuple[str, ...]:
        return self.on[deck]

    def beat(self) -> tuple[float, float, bool]:
        return self.clock()


class FakePort:
    def __init__(self, driver: "FakeDriver", full: str, receive: Receive | None = None) -> None:
        self.driver = driver
        self.full = full
        self.receive = receive
        self.sent: list[bytes] = []
        self.open = True

    def send(self, data: bytes) -> None:
        if self.full not in self.driver.outputs:
            raise OSError("unplugged")
        self.sent.append(data)

    def close(self) -> None:
        self.open = False


class FakeDriver:
    """Ports are plugged and unplugged by changing `inputs` and `outputs`."""

    api = "alsa"

    def __init__(self, *names: str) -> None:
        self.inputs = list(names)
        self.outputs = list(names)
        self.opened: list[FakePort] = []
        self.closed = False

    def names(self) -> tuple[list[str], list[str]]:
        return list(self.inputs), list(self.outputs)

    def open_input(self, full: str, receive: Receive) -> FakePort:
        return self._open(full, self.inputs, receive)

    def open_output(self, full: str) -> FakePort:
        return self._open(full, self.outputs, None)

    def _open(self, full: str, names: list[str], receive: Receive | None) -> FakePort:
        if full not in names:
            raise OSError(f"no port {full}")
        self.opened.append(FakePort(self, full, receive))
        return self.opened[-1]

    def why_none(self) -> str:
        return ""

    def close(self) -> None:
        self.closed = True

    def press(self, *data: int, seconds: float = 0.0) -> None:
        """Let the controller send."""
        for port in self.opened:
            if port.open and port.receive is not None:
                port.receive(bytes(data), seconds)

    def sent(self) -> list[bytes]:
        """What was sent to controllers, and forget it."""
        out = [data for port in self.opened for data in port.sent]
        for port in self.opened:
            port.sent.clear()
        return out

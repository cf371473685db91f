"""The real thing: python-rtmidi over a JACK server without a sound card, between processes."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from bridge.midi.controllers import Controllers
from bridge.midi.ports import open_driver
from tests.bridge.midi.fake import STEMS, FakeDesk
from tests.conftest import ROOT
from tests.servers import jack_server

DEVICE = """
import sys, time, rtmidi
name = sys.argv[1]
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
out.open_virtual_port("MIDI 1")
into = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name)
into.open_virtual_port("MIDI 1")
into.set_callback(lambda event, _: print("got", bytes(event[0]).hex(" "), flush=True))
print("ready", flush=True)
for line in sys.stdin:
    for data in line.split(","):
        out.send_message(bytes.fromhex(data))
for port in out, into:
    port.close_port()
    port.delete()
"""

PLAYER = """
import sys
from pathlib import Path
from bridge.midi.controllers import Controllers
from bridge.midi.ports import open_driver
from tests.bridge.midi.fake import STEMS, FakeDesk
desk = FakeDesk(a=STEMS)
desk.heard = lambda path, value: print("set", path, value, flush=True)
with Controllers(desk, lambda text: print("said", text, flush=True), driver=open_driver("jack"), folder=Path(sys.argv[1])):
    sys.stdin.readline()
print("closed", flush=True)
"""


class Process:
    """A Python program that is told lines and prints lines; it is gone when the context ends."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.process.communicate(timeout=3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def tell(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def hear(self, wanted: str) -> str:
        """Return the next line that has `wanted` in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if wanted in line:
                return line.strip()
        raise AssertionError(f"{wanted!r} never came; the program ended with {self.process.wait()}")


@contextlib.contextmanager
def device(name: str = "nanoKONTROL2") -> Iterator[Process]:
    with Process(DEVICE, name) as process:
        process.hear("ready")
        yield process


@contextlib.contextmanager
def controllers(desk: FakeDesk, folder: Path) -> Iterator[Controllers]:
    with Controllers(desk, lambda _text: None, driver=open_driver("jack"), folder=folder) as running:
        desk.heard = running.changed
        yield running


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_controller_over_jack_comes_and_goes_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.midi.controllers.LOOK", 0.1)
    desk = FakeDesk(a=STEMS)
    with jack_server(), controllers(desk, tmp_path) as running:
        for _ in range(2):
            desk.values.clear()
            desk.log.clear()
            with device() as box:
                wait_until(lambda: len(running.names) == 1)
                for sweep in range(1, 4):
                    box.tell(",".join(f"b0 00 {value:02x}" for value in [*range(60, 128), *range(126, -1, -1)]))
                    # The first two do not reach the value, which stands in the middle.
                    wait_until(lambda sweep=sweep: len(desk.log) == sweep * 195 - 2)  # type: ignore[misc]
                    assert desk.value("deck.a.drums.gain") == -12.0
                box.tell("b0 30 7f")
                box.hear("got b0 30 7f")
            wait_until(lambda: not running.names)


def test_a_server_that_dies_takes_nobody_with_it(tmp_path: Path) -> None:
    with jack_server() as first, Process(PLAYER, str(tmp_path)) as player:
        with device():
            player.hear("said nanoKONTROL2:MIDI 1: Korg nanoKONTROL2")
            first.process.send_signal(signal.SIGKILL)
            first.stop()
            player.hear("is gone")
        with jack_server(name=first.name), device() as box:
            player.hear("said nanoKONTROL2:MIDI 1: Korg nanoKONTROL2")
            box.tell("b0 00 40")
            assert player.hear("set") == "set deck.a.drums.gain 0.0"
            player.tell("end")
            player.hear("closed")
            assert player.process.wait(10) == 0


def test_without_a_server_there_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "remixture-nobody")
    driver = open_driver("jack")

    assert driver.names() == ([], [])
    assert driver.why_none().startswith("no MIDI: no JACK server runs")
    driver.close()

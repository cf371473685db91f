"""Real servers for tests: a JACK server without a sound card, and a client that records what reaches it."""

import contextlib
import ctypes.util
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pytest

from engine.model.audio import Samples

_numbers = itertools.count()


def need(program: str) -> None:
    """Skip the test where `program` is not installed; in CI that is a failure."""
    if shutil.which(program) is None:
        lacking(f"{program} is not installed")


def need_library(name: str) -> None:
    """Skip the test where the shared library (`jack`, `portaudio`) is not installed; in CI that is a failure."""
    if ctypes.util.find_library(name) is None:
        lacking(f"lib{name} is not installed")


def lacking(reason: str) -> None:
    """Skip the test, or fail it in CI, where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(slots=True)
class JackServer:
    """A running server; `JACK_DEFAULT_SERVER` names it to everything in this process and its children."""

    name: str
    rate: int
    period: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it and wait for that; stopping twice is no error."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.crash()

    def crash(self) -> None:
        """Kill it as it plays."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def jack_server(rate: int = 48_000, period: int = 256, name: str | None = None, ports: int = 2) -> Iterator[JackServer]:
    """Run a JACK server with no sound card and `ports` system ports in and out; it is gone when the context ends.

    `name` brings a server back under the name of one that was stopped.
    """
    need("jackd")
    need_library("jack")
    name = name or f"remixture-{os.getpid()}-{next(_numbers)}"
    server = JackServer(name, rate, period, _jackd(name, rate, period, ports))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        patch.setenv("JACK_NO_START_SERVER", "1")
        try:
            _wait_until_up(server)
            yield server
        finally:
            server.stop()
            if server.process.returncode != 0:
                _forget(server)


def _jackd(name: str, rate: int = 48_000, period: int = 256, ports: int = 2) -> subprocess.Popen[bytes]:
    # Even a killed pytest leaves no server behind where util-linux can see to it.
    guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    driver = ["-d", "dummy", "-r", str(rate), "-p", str(period), "-C", str(ports), "-P", str(ports)]
    environment = os.environ | {"JACK_NO_AUDIO_RESERVATION": "1"}
    return subprocess.Popen(
        [*guard, "jackd", "-n", name, "-r", *driver], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _forget(killed: JackServer) -> None:
    """Free the place of a killed server: JACK has eight for all servers of a user, and only the same name gets one back."""
    again = JackServer(killed.name, killed.rate, killed.period, _jackd(killed.name))
    with contextlib.suppress(RuntimeError):
        _wait_until_up(again)
    again.stop()


def _wait_until_up(server: JackServer, seconds: float = 20.0) -> None:
    import jack

    jack.set_error_function(lambda _text: None)
    jack.set_info_function(lambda _text: None)
    end = time.monotonic() + seconds
    while server.process.poll() is None:
        with contextlib.suppress(jack.JackOpenError), jack.Client("probe", servername=server.name, no_start_server=True):
            return
        if time.monotonic() > end:
            raise TimeoutError(f"jackd {server.name} did not answer within {seconds:g} s")
        time.sleep(0.02)
    raise RuntimeError(f"jackd {server.name} ended with {server.process.returncode}: are there eight servers already?")


class Recorder:
    """A JACK client that keeps every frame and MIDI event that reaches its ports `in_1`, `in_2` ... and `midi`.

    Recording starts when it is made; use it as a context manager.
    """

    def __init__(self, server: JackServer, channels: int = 2, name: str = "recorder") -> None:
        import jack

        self.client = jack.Client(name, servername=server.name, no_start_server=True)
        self.events: list[tuple[int, bytes]] = []
        self._blocks: list[Samples] = []
        self._period = 0
        self._lost = False
        self._ports = [self.client.inports.register(f"in_{i + 1}") for i in range(channels)]
        self._midi = self.client.midi_inports.register("midi")
        self.client.set_process_callback(self._keep)
        self.client.set_shutdown_callback(self._shut_down)
        self.client.activate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # libjack crashes when a client of a dead server is deactivated.
        if not self._lost:
            self.client.deactivate()
        self.client.close()

    @property
    def ports(self) -> list[str]:
        """Full names of the audio ports."""
        return [p.name for p in self._ports]

    @property
    def midi_port(self) -> str:
        """Full name of the MIDI port."""
        return str(self._midi.name)

    @property
    def samples(self) -> Samples:
        """What came so far [shape=(channels, frames)]; frame 0 is that from which `events` count."""
        return np.concatenate(self._blocks, axis=1) if self._blocks else np.zeros((len(self._ports), 0), np.float32)

    def wait_for(self, frames: int, seconds: float = 60.0) -> None:
        """Wait until so many frames are recorded."""
        end = time.monotonic() + seconds
        while sum(b.shape[1] for b in list(self._blocks)) < frames:
            if time.monotonic() > end:
                raise TimeoutError(f"{frames} frames were not recorded within {seconds:g} s")
            time.sleep(0.005)

    @contextlib.contextmanager
    def freewheel(self) -> Iterator[None]:
        """Let the server run as fast as its clients can follow."""
        self.client.set_freewheel(True)
        try:
            yield
        finally:
            if not self._lost:
                self.client.set_freewheel(False)

    def _shut_down(self, _status: object, _reason: str) -> None:
        self._lost = True

    def _keep(self, frames: int) -> None:
        self.events += [(self._period + offset, bytes(data)) for offset, data in self._midi.incoming_midi_events()]
        self._blocks.append(np.stack([port.get_array() for port in self._ports]).astype(np.float32))
        self._period += frames

import numpy as np
import pytest

from bridge.audio.sink import SinkLost
from bridge.session import outlet as module
from bridge.session.messages import Output
from bridge.session.outlet import Outlet
from engine.model.audio import Samples
from engine.model.errors import RemixtureError


class Device:
    """A device that can be pulled out: every sink on it is lost then, and none can be opened."""

    def __init__(self) -> None:
        self.there, self.heard, self.rate, self.late = True, [0.0], 48_000, 3
        self.frames, self.pairs = 64, ("master",)

    def open(self, *_: object, **__: object) -> "Device":
        if not self.there:
            raise RemixtureError("no such device")
        return self

    def write(self, block: Samples) -> None:
        if not self.there:
            raise SinkLost("the device is gone")
        self.heard.append(float(block[0, 0]))

    def lead(self, blocks: int) -> None:
        """A device without room."""

    def close(self) -> None:
        """Nothing is in flight."""


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    device = Device()
    monkeypatch.setattr(module, "open_sink", device.open)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(module, "LISTEN_SECONDS", 0.01)
    return device


def block(value: float) -> Samples:
    return np.full((2, 64), value, dtype=np.float32)


def test_a_lost_sink_is_opened_again_and_no_block_is_skipped(device: Device) -> None:
    said: list[str] = []
    outlet = Outlet(Output(), said.append)
    outlet.write(block(1.0), lambda: True)
    device.there = False
    looks = iter(range(100))

    def meanwhile() -> bool:
        device.there = next(looks) > 5
        assert outlet.standing
        return True

    outlet.write(block(2.0), meanwhile)
    outlet.write(block(3.0), lambda: True)

    assert device.heard == [0.0, 1.0, 2.0, 3.0]
    assert said == ["the device is gone", "the sink is back"]
    assert not outlet.standing
    assert outlet.late == 6


def test_a_sink_that_comes_back_at_another_rate_is_not_played_to(device: Device) -> None:
    outlet = Outlet(Output(), lambda _: None)
    device.there = False

    def meanwhile() -> bool:
        device.there, device.rate = True, 44_100
        return next(looks) < 10

    looks = iter(range(100))
    outlet.write(block(1.0), meanwhile)

    assert device.heard == [0.0]


def test_waiting_for_a_sink_ends_when_there_is_no_sense_in_it_any_more(device: Device) -> None:
    outlet = Outlet(Output(), lambda _: None)
    device.there = False

    outlet.write(block(1.0), lambda: False)
    outlet.close()

    assert outlet.standing

"""Ableton Link between two processes."""

import time

import pytest

from bridge.midi.link import QUANTUM, LinkClock
from tests.bridge.midi.fake import FakeDesk
from tests.bridge.midi.test_jack import Process
from tests.servers import lacking

OTHER = """
import asyncio, sys, time
from aalink import Link
link = Link(float(sys.argv[1]), asyncio.new_event_loop())
link.quantum = 4
link.enabled = True
print("ready", flush=True)
for line in sys.stdin:
    if line.strip():
        link.tempo = float(line)
    print("beat", link.beat % 4, link.tempo, time.monotonic(), flush=True)
"""


class RunningDesk(FakeDesk):
    """Its clock runs at the tempo that is set; `leads` puts deck a at its head."""

    def __init__(self, bpm: float, *, leads: bool = False) -> None:
        super().__init__()
        self.values |= {"master.clock": float(leads), "master.tempo": bpm}
        self._beat, self._since = 1.3, time.monotonic()
        self.clock = lambda: (self._now(), self.values["master.tempo"], True)

    def set(self, path: str, value: float) -> None:
        self._beat, self._since = self._now(), time.monotonic()
        if path == "master.beat":
            self._beat = value
        super().set(path, value)

    def at(self, seconds: float) -> float:
        return self._beat + (seconds - self._since) * self.values["master.tempo"] / 60

    def _now(self) -> float:
        return self.at(time.monotonic())


def joined(desk: RunningDesk, other: Process) -> LinkClock:
    other.hear("ready")
    link = LinkClock(desk)
    end = time.monotonic() + 10
    while not link.peers and time.monotonic() < end:
        time.sleep(0.05)
    if not link.peers:
        link.close()
        lacking("Link finds nobody on this machine's network")
    return link


def polled(link: LinkClock, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        link.poll()
        time.sleep(1 / 30)


def distance(desk: RunningDesk, other: Process) -> tuple[float, float]:
    """How many beats the desk is ahead of the other, and the other's tempo."""
    other.tell("")
    _, beat, bpm, seconds = other.hear("beat").split()
    ahead = (desk.at(float(seconds)) - float(beat) + QUANTUM / 2) % QUANTUM - QUANTUM / 2
    return ahead, float(bpm)


def test_a_deck_that_leads_takes_the_others_along() -> None:
    desk = RunningDesk(120.0, leads=True)
    with Process(OTHER, "98") as other:
        link = joined(desk, other)
        polled(link, 1.0)
        ahead, bpm = distance(desk, other)
        link.close()

    assert desk.log == []
    assert abs(ahead) < 0.05
    assert bpm == pytest.approx(120.0)


def test_the_desks_own_clock_goes_with_the_others_until_a_hand_changes_the_tempo() -> None:
    desk = RunningDesk(120.0)
    with Process(OTHER, "98") as other:
        link = joined(desk, other)
        polled(link, 1.5)
        ahead, bpm = distance(desk, other)
        followed = desk.values["master.tempo"]
        desk.set("master.tempo", 140.0)
        polled(link, 0.5)
        _, after = distance(desk, other)
        link.close()

    assert abs(ahead) < 0.05
    assert bpm == pytest.approx(followed, rel=0.03)
    assert after == pytest.approx(140.0, rel=1e-3)


def test_alone_it_takes_the_desks_tempo_and_beat() -> None:
    desk = RunningDesk(133.0)
    link = LinkClock(desk)

    polled(link, 0.3)

    assert desk.log == []
    assert link._link.tempo == pytest.approx(133.0)  # noqa: SLF001
    assert link._link.beat % QUANTUM == pytest.approx(desk.beat()[0] % QUANTUM, abs=0.05)  # noqa: SLF001
    link.close()

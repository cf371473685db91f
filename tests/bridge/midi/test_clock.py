import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.clock import CONTINUE, POSITION, START, STOP, TICK, TICKS, ClockIn, ClockOut, ClockSender, ticks_between
from bridge.midi.follow import ClockFollower, Follower
from engine.mix.bank import Bank
from engine.mix.livemixer import LiveMixer
from engine.mix.record import Record
from engine.model.command import Command
from engine.model.grid import Beatgrid
from tests.bridge.midi.fake import STEMS, FakeDesk, FakeDriver, FakePort

RATE = 48_000


def ticks(beat0: float, beat1: float, frames: int) -> list[int]:
    offsets = np.zeros(1000, np.int64)
    return [int(n) for n in offsets[: ticks_between(beat0, beat1, frames, offsets)]]


def played(clock: ClockOut, start: float, bpm: float, blocks: list[int], running: bool = True) -> list[tuple[int, bytes]]:  # noqa: FBT001, FBT002
    """Frames and bytes that blocks of a steady clock give."""
    events, frame = [], 0
    per_frame = bpm / 60 / RATE
    for frames in blocks:
        beat0, beat1 = start + frame * per_frame, start + (frame + frames) * per_frame
        count = clock.block(beat0, beat1, frames, running=running)
        events += [(frame + int(clock.offsets[i]), clock.data[i, : clock.size[i]].tobytes()) for i in range(count)]
        frame += frames
    return events


@given(st.floats(-4, 1e5), st.floats(20, 400), st.lists(st.integers(1, 4096), min_size=1, max_size=40))
def test_every_tick_comes_once_however_blocks_are_cut(start: float, bpm: float, blocks: list[int]) -> None:
    edges = start + np.concatenate([[0], np.cumsum(blocks)]) * bpm / 60 / RATE

    cut = sum(len(ticks(a, b, n)) for a, b, n in zip(edges[:-1], edges[1:], blocks, strict=True))

    expected = np.ceil(edges[-1] * TICKS) - np.ceil(edges[0] * TICKS)
    assert cut == expected


@given(st.floats(-4, 1e3), st.floats(20, 400), st.integers(1, 8192))
def test_a_tick_lies_on_the_frame_of_its_beat(start: float, bpm: float, frames: int) -> None:
    end = start + frames * bpm / 60 / RATE

    for i, offset in enumerate(ticks(start, end, frames)):
        beat = (np.ceil(start * TICKS) + i) / TICKS
        assert abs((beat - start) * 60 / bpm * RATE - offset) <= 1.001
        assert 0 <= offset < frames


def test_a_clock_that_stands_has_no_ticks() -> None:
    assert ticks(1.0, 1.0, 256) == ticks(2.0, 1.0, 256) == []


def test_it_starts_on_beat_0_and_is_even() -> None:
    events = played(ClockOut(), -0.01, 125.0, [256] * 200)

    assert [data for _, data in events][:3] == [bytes([START]), bytes([TICK]), bytes([TICK])]
    frames = [frame for frame, data in events if data == bytes([TICK])]
    assert set(np.diff(frames)) <= {959, 960, 961}
    assert abs(frames[0] - 0.01 * 60 / 125 * RATE) <= 1


def test_it_joins_on_the_next_sixteenth() -> None:
    events = played(ClockOut(), 33.3, 120.0, [128] * 200)

    said = [data for _, data in events]
    at = said.index(bytes([CONTINUE]))
    assert said[at - 1] == bytes([POSITION, 134 & 127, 134 >> 7])
    frame = events[at][0]
    assert abs(33.3 + frame * 120 / 60 / RATE - 134 / 4) < 1e-3
    assert events[at + 1] == (frame, bytes([TICK]))


def test_a_stop_and_a_jump_are_told() -> None:
    clock = ClockOut()
    played(clock, 0.0, 120.0, [4800])

    stopped = played(clock, 0.2, 120.0, [4800], running=False)
    assert stopped[0] == (0, bytes([STOP]))
    assert all(data == bytes([TICK]) for _, data in stopped[1:])
    played(clock, 8.0, 120.0, [4800])
    jumped = [data[0] for _, data in played(clock, 16.0, 120.0, [4800])]
    assert jumped[:4] == [STOP, POSITION, CONTINUE, TICK]


def fed(clock: ClockIn, bpm: float, count: int, jitter: float = 0.0, start: float = 0.0, seed: int = 1) -> float:
    """Send ticks; return the time of the last, as the sender has it."""
    rng = np.random.default_rng(seed)
    each = 60 / bpm / TICKS
    for i in range(count):
        clock.take(bytes([TICK]), start + i * each + abs(rng.normal(0, jitter)))
    return start + (count - 1) * each


@pytest.mark.parametrize("bpm", [60.0, 123.4, 174.0])
def test_the_tempo_of_a_jittery_clock(bpm: float) -> None:
    clock = ClockIn()
    clock.take(bytes([START]), 0.0)

    end = fed(clock, bpm, 96, jitter=0.001)

    assert clock.bpm == pytest.approx(bpm, rel=3e-4)
    assert clock.beat(end) == pytest.approx(95 / TICKS, abs=0.003)


def test_ticks_that_come_late_do_not_move_the_tempo() -> None:
    clock, each = ClockIn(), 60 / 120 / TICKS
    for i in range(96):
        clock.take(bytes([TICK]), i * each + (0.03 if i % 11 == 5 else 0.0))

    assert clock.bpm == pytest.approx(120.0, rel=1e-4)


def test_a_new_tempo_is_found_within_a_beat() -> None:
    clock = ClockIn()
    end = fed(clock, 120.0, 96)

    fed(clock, 132.0, 24, start=end + 60 / 132 / TICKS)

    assert clock.bpm == pytest.approx(132.0, rel=2e-3)


def test_position_and_continue_move_the_beat() -> None:
    clock = ClockIn()
    end = fed(clock, 120.0, 48)

    clock.take(bytes([POSITION, 16, 1]), end)
    clock.take(bytes([CONTINUE]), end)
    fed(clock, 120.0, 1, start=end + 60 / 120 / TICKS)

    assert clock.running
    assert clock.beat(end + 60 / 120 / TICKS) == pytest.approx((16 + 128) / 4, abs=1e-6)


class Simulated:
    """A desk whose clock runs at the tempo that is set."""

    def __init__(self, bpm: float, beat: float) -> None:
        self.desk = FakeDesk(a=STEMS)
        self.desk.values["master.clock"] = 0.0
        self.desk.values["master.tempo"] = bpm
        self.now, self._at = 0.0, beat
        self.desk.clock = lambda: (self._at, self.desk.value("master.tempo"), True)
        self.desk.heard = self._set

    def _set(self, path: str, value: float) -> None:
        if path == "master.beat":
            self._at = value

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._at += seconds * self.desk.value("master.tempo") / 60


@pytest.mark.parametrize("off", [0.1, -0.2, 7.0])
def test_a_follower_comes_onto_the_beat_and_stays(off: float) -> None:
    rig = Simulated(100.0, 10.0)
    follower = Follower(rig.desk)

    for _ in range(600):
        rig.wait(1 / 30)
        follower.follow(10.0 + off + rig.now * 2.0, 120.0)

    assert rig.desk.beat()[0] == pytest.approx(10.0 + off + rig.now * 2.0, abs=0.002)
    assert rig.desk.value("master.tempo") == pytest.approx(120.0, rel=1e-3)


def test_a_clock_that_stands_takes_the_tempo_only() -> None:
    rig = Simulated(100.0, 10.0)
    rig.desk.clock = lambda: (10.0, 100.0, False)

    for beat in range(20, 40):
        Follower(rig.desk).follow(float(beat), 90.0)

    assert rig.desk.log == [("master.tempo", 90.0)]


def test_a_deck_that_leads_is_left_alone() -> None:
    rig = Simulated(100.0, 10.0)
    rig.desk.values["master.clock"] = 1.0

    Follower(rig.desk).follow(50.0, 90.0)

    assert rig.desk.log == []


def test_start_and_stop_play_the_decks_that_have_a_song() -> None:
    rig = Simulated(120.0, 3.0)
    follower = ClockFollower(rig.desk)

    rig.desk.values["master.clock"] = 1.0
    follower.take(b"\x90\x40\x40", 0.0)
    assert rig.desk.log == []
    follower.take(bytes([START]), 0.0)
    assert rig.desk.log == [("master.clock", 0.0)]
    follower.take(bytes([TICK]), 0.02)
    follower.take(bytes([STOP]), 0.03)

    assert rig.desk.log[1:] == [("master.beat", 0.0), ("deck.a.play", 1.0), ("deck.a.play", 0.0)]


def test_a_sender_sends_in_order_not_early_and_knows_its_jitter() -> None:
    port = FakePort(FakeDriver("box"), "box")
    sender = ClockSender(port)
    start = time.monotonic()

    for i in range(20):
        sender.put(start + 0.005 * i, bytes([i]))
    while len(port.sent) < 20:
        time.sleep(0.002)
    sender.close()

    assert port.sent == [bytes([i]) for i in range(20)]
    assert time.monotonic() - start >= 0.005 * 19
    median, worst = sender.jitter()
    assert 0 <= median <= worst


def test_ticks_of_a_mixer_come_24_a_beat_and_on_the_beat() -> None:
    beat, mixer = RATE // 2, LiveMixer(RATE)
    song = Bank(("s0",), np.zeros((1, 2, 6 * RATE), dtype=np.float32), RATE, Beatgrid.steady_at(120.0, 0.0, 6.0))
    mixer.load("a", Record({"stems": song}))
    mixer.send(Command(0, "deck.a.play", 1.0))
    found, before = [], 0.0
    for block in range(400):
        mixer.render(np.zeros((2, 200), dtype=np.float32))
        found += [block * 200 + offset for offset in ticks(before, mixer.beat, 200)]
        before = mixer.beat
    exact = np.arange(len(found)) * beat / 24
    assert len(found) >= 80_000 // (beat // 24)
    assert np.abs(np.array(found) - exact).max() <= 1.0

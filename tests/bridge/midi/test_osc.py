import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.midi.osc import OscIn, OscOut, address_of, path_of
from engine.model.errors import RemixtureError
from tests.bridge.midi.fake import STEMS, FakeDesk


def packet(address: str, *arguments: float | str | bool) -> bytes:
    message = OscMessageBuilder(address)
    for argument in arguments:
        message.add_arg(argument)
    return bytes(message.build().dgram)


class Line:
    """A listener on a real socket, and one that sends to it."""

    def __init__(self) -> None:
        self.desk = FakeDesk(a=STEMS)
        self.said: list[str] = []
        self.listener = OscIn(self.desk, 0, self.said.append)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, *packets: bytes) -> list[tuple[str, float]]:
        """Send packets, wait until they are done, return what was set."""
        for data in (*packets, packet("/master/cue_gain", 1.0)):
            self.socket.sendto(data, ("127.0.0.1", self.listener.port))
        end = time.monotonic() + 5
        while ("master.cue_gain", 1.0) not in self.desk.log:
            assert time.monotonic() < end
            time.sleep(0.002)
        return self.desk.log[:-1]


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.listener.close()
    line.listener.close()
    line.socket.close()


def test_addresses_are_paths(line: Line) -> None:
    sent = packet("/deck/a/drums/gain", 6.0), packet("/deck/a/2/mute", *[True]), packet("/deck/a/jump", -4)

    assert line.send(*sent) == [("deck.a.drums.gain", 6.0), ("deck.a.bass.mute", 1.0), ("deck.a.jump", -4.0)]
    assert line.listener.bad == 0


def test_values_out_of_range_are_clamped(line: Line) -> None:
    sent = [packet("/deck/a/drums/gain", 99.0), packet("/deck/a/play", 0.2), packet("/master/quantize", 1.7)]

    assert line.send(*sent) == [("deck.a.drums.gain", 12.0), ("deck.a.play", 0.0), ("master.quantize", 2.0)]


def test_a_bundle_is_its_messages(line: Line) -> None:
    bundle = OscBundleBuilder(IMMEDIATELY)
    for value in (1.0, 2.0):
        message = OscMessageBuilder("/deck/a/gain")
        message.add_arg(value)
        bundle.add_content(message.build())

    assert line.send(bundle.build().dgram) == [("deck.a.gain", 1.0), ("deck.a.gain", 2.0)]


def test_bad_messages_are_counted_and_said_once(line: Line) -> None:
    nan = packet("/deck/a/gain", float("nan"))
    bad = [
        b"\x00\xff",
        b"/deck",
        b"#bundle\x00junk",
        packet("/deck/a/gain"),
        packet("/deck/a/gain", "loud"),
        nan,
        packet("/no/such", 1.0),
    ]

    assert line.send(*bad, *bad, packet("/deck/b/drums/gain", 1.0)) == []
    assert line.listener.bad == 2 * len(bad) + 1
    assert len(line.said) == len(set(line.said)) == 6
    assert all("\n" not in text for text in line.said)


@given(st.lists(st.tuples(st.integers(0, 100), st.sampled_from([*b"/#,.fabs1", 0, 255])), max_size=8), st.integers(0, 60))
def test_no_packet_hurts(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(packet("/deck/a/2/gain", 1.0) + packet("/deck/a/drums/mute", 1))[:length]
    for place, byte in changes:
        if place < len(data):
            data[place] = byte
    said = list[str]()
    listener = OscIn(FakeDesk(a=STEMS), 0, said.append)

    listener.take(bytes(data))

    listener.close()
    assert len(said) <= 1


def test_addresses_that_only_look_like_paths(line: Line) -> None:
    odd = [
        packet(f"/deck/{words}", 1.0) for words in ("a/#x/gain", "a/#0/gain", "z/#1/gain", "a/0/gain", "#/#/#", "a/99999/gain")
    ]

    assert line.send(*odd) == []
    assert line.listener.bad == len(odd)


def test_python_oscs_own_complaints_stay_away(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.send(b"junk", b"#bundle\x00" + bytes(8) + b"\x00\x00\x00\x04junk")

    assert caplog.records == []


def test_a_port_that_is_taken_is_named(line: Line) -> None:
    with pytest.raises(RemixtureError, match=f"port {line.listener.port}"):
        OscIn(line.desk, line.listener.port, line.said.append)


def test_only_this_machine_is_heard(line: Line) -> None:
    assert line.listener._socket.getsockname()[0] == "127.0.0.1"  # noqa: SLF001


def test_changes_go_out_once_with_their_last_value(line: Line) -> None:
    out = OscOut("127.0.0.1", line.listener.port)
    for count in range(100):
        out.changed("deck.a.drums.gain", count / 100)

    out.send()
    out.send()
    out.close()

    sent = line.send()
    assert [path for path, _ in sent] == ["deck.a.drums.gain"]
    assert sent[0][1] == pytest.approx(0.99)


def test_nobody_listening_is_no_error() -> None:
    out = OscOut("127.0.0.1", 9)
    for _ in range(3):
        out.changed("master.gain", 1.0)
        out.send()
    out.close()


def test_a_path_and_its_address() -> None:
    assert address_of("deck.a.loop-1.gain") == "/deck/a/loop-1/gain"
    assert path_of("/deck/a/loop-1/gain/") == "deck.a.loop-1.gain"
    assert path_of("/deck/a/10/gain") == "deck.a.#10.gain"
    assert path_of("/deck/a/fx/1/mix") == "deck.a.fx.1.mix"

import socket
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.controller import Controller
from bridge.midi.controllers import Controllers
from bridge.midi.follow import ClockFollower
from bridge.midi.ports import NoMidi, list_ports, open_driver, plain_names
from bridge.midi.preset import our_folder, read_preset
from bridge.midi.recent import Recent
from engine.model.errors import RemixtureError
from tests.bridge.midi.fake import STEMS, FakeDesk, FakeDriver

NANO = "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0"
PLAIN = "nanoKONTROL2:nanoKONTROL2 MIDI 1"


class Rig:
    """Controllers on fakes, polled by hand: `poll` goes on by a second."""

    def __init__(self, folder: Path, *names: str, clock: str = "") -> None:
        self.desk = FakeDesk(a=STEMS, b=STEMS)
        self.driver = FakeDriver(*names)
        self.said: list[str] = []
        self.controllers = Controllers(self.desk, self.said.append, driver=self.driver, folder=folder, clock=clock)
        self.desk.heard = self.controllers.changed
        self.now = 0.0
        self.poll()

    def poll(self) -> None:
        self.now += 1.0
        self.controllers.poll(self.now)

    def turn(self, number: int, value: int) -> list[tuple[str, float]]:
        self.desk.log.clear()
        self.driver.press(0xB0, number, value)
        return list(self.desk.log)


def test_a_controller_is_taken_up_by_its_name(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)

    assert rig.controllers.names == {"nanoKONTROL2:nanoKONTROL2 MIDI 1": "Korg nanoKONTROL2"}
    assert rig.turn(0, 64) == [("deck.a.drums.gain", 0.0)]
    assert rig.turn(48, 127) == [("deck.a.drums.mute", 1.0)]


def test_it_shows_what_it_and_others_set(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)
    rig.driver.sent()

    rig.turn(48, 127)
    rig.desk.set("deck.b.vocals.solo", 1.0)
    rig.controllers.poll(rig.now)

    assert sorted(data.hex(" ") for data in rig.driver.sent()) == ["b0 26 7f", "b0 30 7f"]


def test_pulled_out_and_put_back_under_another_number_it_works(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)
    rig.desk.set("deck.a.drums.mute", 1.0)

    rig.driver.inputs, rig.driver.outputs = [], []
    rig.poll()
    assert rig.turn(0, 64) == []
    rig.driver.sent()
    rig.driver.inputs = rig.driver.outputs = [NANO.replace("20:0", "24:0")]
    rig.poll()

    assert rig.turn(0, 64) == [("deck.a.drums.gain", 0.0)]
    rig.controllers.poll(rig.now)
    assert b"\xb0\x30\x7f" in rig.driver.sent()
    assert [text.split(": ")[-1] for text in rig.said] == [
        "Korg nanoKONTROL2",
        "nanoKONTROL2:nanoKONTROL2 MIDI 1 is gone; when it comes back it goes on",
        "Korg nanoKONTROL2",
    ]


def test_an_output_that_comes_later_gets_its_lights(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.driver.inputs = [NANO]
    rig.poll()
    assert rig.turn(48, 127) == [("deck.a.drums.mute", 1.0)]

    rig.driver.outputs = [NANO]
    rig.poll()

    assert b"\xb0\x30\x7f" in rig.driver.sent()
    assert rig.turn(48, 127) == [("deck.a.drums.mute", 0.0)]


def test_lights_that_fail_do_not_stop_the_faders(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)

    rig.driver.outputs = []
    rig.desk.set("deck.a.drums.mute", 1.0)
    rig.controllers.poll(rig.now)
    rig.poll()

    assert rig.turn(0, 64) == [("deck.a.drums.gain", 0.0)]
    assert len([text for text in rig.said if "lights" in text]) == 1


def test_a_path_that_is_not_there_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text(
        'schema = "remixture/midi/1"\nname = "box"\nports = ["Box"]\n'
        '[[bind]]\ncontrol = "cc"\nnumber = 7\nchannel = 1\npath = "deck.a.flute.gain"\n'
    )
    rig = Rig(tmp_path, "Box")

    for value in range(20):
        assert rig.turn(7, value) == []

    assert len(rig.said) == 2


@pytest.mark.parametrize(("clock", "waits"), [("NOPE", True), ("Drum", False)])
def test_a_clock_that_is_not_there_is_waited_for(tmp_path: Path, clock: str, waits: bool) -> None:  # noqa: FBT001
    rig = Rig(tmp_path, "Drum Machine", clock=clock)

    with rig.controllers:
        line = f"no MIDI port has {clock!r} in its name yet; its clock leads when it comes"
        assert (line in rig.said) is waits


def test_a_clock_leads_from_the_port_that_was_named(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "Drum Machine", clock="drum")

    rig.driver.press(0xFA)
    for i in range(96):
        rig.driver.press(0xF8, seconds=rig.now + i * 60 / 90 / 24)
    rig.controllers.poll(rig.now + 95 * 60 / 90 / 24)

    assert rig.desk.value("master.tempo") == pytest.approx(90.0, rel=0.04)
    assert ("deck.a.play", 1.0) in rig.desk.log
    assert rig.said[-1].endswith("its clock leads")


def test_a_control_is_learnt_while_the_session_runs(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)

    rig.controllers.learn("master.crossfader")
    assert [rig.turn(23, value) for value in range(20)] == [[]] * 20
    rig.poll()

    assert rig.turn(23, 64) == [("master.crossfader", 0.0)]
    assert rig.turn(0, 64) == [("deck.a.drums.gain", 0.0)]
    assert len(list(tmp_path.iterdir())) == 1


def test_another_preset_or_none_can_be_chosen(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)
    rig.poll()
    own = rig.controllers.names[PLAIN]

    rig.controllers.choose(PLAIN, "")
    rig.poll()
    off = rig.turn(0, 64)
    ports = rig.controllers.ports
    rig.controllers.choose(PLAIN, own)
    rig.poll()

    assert off == []
    assert [(port.name, port.preset, port.chosen) for port in ports] == [(PLAIN, "", True)]
    assert rig.controllers.names == {PLAIN: own}
    with pytest.raises(RemixtureError, match="no preset 'nothing'"):
        rig.controllers.choose(PLAIN, "nothing")


def test_what_a_controller_sends_can_be_seen(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)
    rig.poll()

    rig.turn(0, 64)

    assert [text for _, text in rig.controllers.recent.since(0)] == [f"{PLAIN}: cc 0 on channel 1 at 64"]


def test_learning_can_be_given_up(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)

    rig.controllers.learn("master.crossfader")
    rig.controllers.learn("")

    assert rig.turn(0, 64) == [("deck.a.drums.gain", 0.0)]
    with pytest.raises(RemixtureError):
        rig.controllers.learn("master.nothing")


def test_closing_lets_go_of_everything(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NANO)

    rig.controllers.close()
    rig.controllers.close()

    assert not any(port.open for port in rig.driver.opened)
    assert rig.driver.closed


def test_no_midi_is_a_line(tmp_path: Path) -> None:
    said: list[str] = []

    with Controllers(FakeDesk(), said.append, driver=NoMidi("no MIDI here"), folder=tmp_path):
        pass

    assert said == ["no MIDI here"]


def test_the_driver_of_this_machine_opens_whatever_there_is() -> None:
    driver = open_driver()
    inputs, outputs = list_ports(driver)
    why = driver.why_none()
    driver.close()

    assert "\n" not in why
    assert not (why and (inputs or outputs))


def test_a_machine_where_rtmidi_does_not_load_has_no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bridge.midi.rtmidi", None)

    driver = open_driver()

    assert driver.names() == ([], [])
    assert driver.why_none().startswith("no MIDI: python-rtmidi does not load here")
    with pytest.raises(OSError, match="no MIDI input 'x'"):
        driver.open_input("x", lambda _data, _seconds: None)


def test_an_unknown_api_is_named() -> None:
    with pytest.raises(RemixtureError, match="there is no MIDI API 'oss'; there are alsa, jack, core, winmm"):
        open_driver("oss")


def test_names_stay_and_alike_ports_are_numbered() -> None:
    full = ["Box:Box MIDI 1 20:0", "Box:Box MIDI 1 24:0", "remixture in:midi", "a2j:Box [20] (capture): x"]
    assert list(plain_names(full)) == [
        "Box:Box MIDI 1", "Box:Box MIDI 1 (2)", "a2j:Box (capture): x",
    ]  # fmt: skip
    assert list(plain_names(["nanoKONTROL2 1"], "winmm")) == ["nanoKONTROL2"]


def test_osc_in_and_out_of_a_running_session(tmp_path: Path) -> None:
    desk, said = FakeDesk(a=STEMS), list[str]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(5)
        settings = {"driver": NoMidi(""), "folder": tmp_path, "osc": 0, "osc_to": other.getsockname()}
        with Controllers(desk, said.append, **settings) as controllers:
            desk.heard = controllers.changed
            assert controllers.osc_in is not None
            other.sendto(b"/deck/a/drums/gain\x00\x00,f\x00\x00\x40\xc0\x00\x00", ("127.0.0.1", controllers.osc_in.port))
            assert other.recv(1000) == b"/deck/a/drums/gain\x00\x00,f\x00\x00\x40\xc0\x00\x00"
    assert desk.log == [("deck.a.drums.gain", 6.0)]
    assert not [t for t in threading.enumerate() if t.name in {"controllers", "osc in"}]


NANO_PRESET = read_preset(our_folder() / "korg-nanokontrol2.toml")


@given(st.lists(st.binary(min_size=1, max_size=8), max_size=30))
def test_no_bytes_hurt(messages: list[bytes]) -> None:
    desk, driver, said = FakeDesk(a=STEMS, b=STEMS), FakeDriver(NANO), list[str]()
    clock = ClockFollower(desk)
    controller = Controller("nano", NANO_PRESET, desk, driver, NANO, said.append, Recent().add, clock.take)
    controller.show_on(NANO)

    for data in messages:
        driver.press(*data)
    controller.send()
    clock.poll(0.0)
    for value in (0, 127):
        driver.press(0xB0, 0, value)

    assert desk.value("deck.a.drums.gain") == 12.0
    assert said == []

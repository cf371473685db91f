from bridge.midi.binding import Binding, Feedback
from bridge.midi.control import Control
from bridge.midi.feedback import Echo
from tests.bridge.midi.fake import STEMS, FakeDesk, FakeDriver, FakePort

MUTE = Control("note", 1, 16)
FADER = Control("pitchbend", 3)
TOUCH = Control("note", 1, 104)


def echoed(*bindings: Binding) -> tuple[Echo, FakeDesk, FakePort]:
    desk = FakeDesk(a=STEMS)
    port = FakePort(FakeDriver("box"), "box")
    echo = Echo(bindings, desk, port)
    desk.heard = lambda path, _value: echo.changed(path)
    echo.send()
    return echo, desk, port


def told(echo: Echo, port: FakePort, *hands: Control) -> list[str]:
    port.sent.clear()
    echo.send(hands)
    return [data.hex(" ") for data in port.sent]


def test_lights_show_the_start_and_then_only_changes() -> None:
    echo, desk, port = echoed(Binding(MUTE, "deck.a.#1.mute", "toggle", feedback=Feedback(MUTE, 12, 60)))
    assert [data.hex(" ") for data in port.sent] == ["90 10 0c"]

    desk.set("deck.a.drums.mute", 1.0)
    desk.set("deck.a.drums.gain", 1.0)

    assert told(echo, port) == ["90 10 3c"]
    assert told(echo, port) == []


def test_many_changes_are_one_message() -> None:
    echo, desk, port = echoed(Binding(FADER, "deck.a.drums.gain", feedback=Feedback(FADER, 0, 16383)))

    for i in range(1000):
        desk.set("deck.a.drums.gain", -12 + 24 * i / 999)

    assert told(echo, port) == ["e2 7f 7f"]


def test_a_motor_waits_for_the_hand() -> None:
    echo, desk, port = echoed(Binding(FADER, "deck.a.drums.gain", feedback=Feedback(FADER, 0, 16383), touch=TOUCH))

    desk.set("deck.a.drums.gain", -12.0)

    assert told(echo, port, TOUCH) == []
    assert told(echo, port) == ["e2 00 00"]


def test_a_trigger_is_lit_while_its_value_stands() -> None:
    echo, desk, port = echoed(Binding(MUTE, "deck.a.loop", "trigger", value=4.0, feedback=Feedback(MUTE)))

    desk.set("deck.a.loop", 4.0)
    assert told(echo, port) == ["90 10 7f"]
    desk.set("deck.a.loop", 8.0)
    assert told(echo, port) == ["90 10 00"]


def test_another_song_shows_its_own_sources() -> None:
    echo, desk, port = echoed(Binding(MUTE, "deck.a.#4.mute", "toggle", feedback=Feedback(MUTE)))
    desk.set("deck.a.other.mute", 1.0)
    assert told(echo, port) == ["90 10 7f"]

    desk.on["a"] = ("loop-1",)

    assert told(echo, port) == ["90 10 00"]


def test_what_is_not_there_is_dark_and_hides_nothing() -> None:
    echo, desk, port = echoed(
        Binding(Control("note", 1, 1), "deck.a.flute.mute", "toggle", feedback=Feedback(Control("note", 1, 1))),
        Binding(MUTE, "deck.a.drums.mute", "toggle", feedback=Feedback(MUTE)),
    )
    assert [data.hex(" ") for data in port.sent] == ["90 01 00", "90 10 00"]

    desk.set("deck.a.drums.mute", 1.0)
    assert told(echo, port) == ["90 10 7f"]


def test_lights_go_out_at_the_end_and_motors_stay() -> None:
    echo, desk, port = echoed(
        Binding(MUTE, "deck.a.drums.mute", "toggle", feedback=Feedback(MUTE)),
        Binding(FADER, "deck.a.drums.gain", feedback=Feedback(FADER, 0, 16383)),
    )
    desk.set("deck.a.drums.mute", 1.0)
    echo.send()
    port.sent.clear()

    echo.dark()

    assert [data.hex(" ") for data in port.sent] == ["90 10 00"]

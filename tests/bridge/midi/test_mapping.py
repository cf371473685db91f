import mido
import pytest

from bridge.midi.binding import Binding, Way
from bridge.midi.control import Control
from bridge.midi.mapping import Mapping
from bridge.midi.preset import Preset
from engine.model.params import find
from tests.bridge.midi.fake import STEMS, FakeDesk

KNOB = Control("cc", 1, 7)
PAD = Control("note", 1, 36)


def mapped(*bindings: Binding, **sources: tuple[str, ...]) -> tuple[Mapping, FakeDesk]:
    desk = FakeDesk(**(sources or {"a": STEMS}))
    return Mapping(Preset("box", ("*",), "", bindings), desk), desk


def turn(mapping: Mapping, *values: int) -> None:
    for value in values:
        mapping.take(mido.Message("control_change", control=7, value=value))


def press(mapping: Mapping, velocity: int = 127) -> None:
    mapping.take(mido.Message("note_on", note=36, velocity=velocity))
    mapping.take(mido.Message("note_off", note=36))


def test_a_fader_rides_the_level_of_a_source() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.#2.gain"))

    turn(mapping, 64, 127, 0)

    assert desk.log == [("deck.a.bass.gain", value) for value in (0.0, 12.0, -12.0)]


def test_the_nth_source_is_that_of_the_song_that_lies_there_now() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.#2.gain", takeover="jump"))

    desk.on["a"] = ("loop-1",)
    turn(mapping, 127)
    desk.on["a"] = ("loop-1", "loop-2")
    turn(mapping, 127)

    assert desk.log == [("deck.a.loop-2.gain", 12.0)]


def test_a_fader_that_stands_elsewhere_waits() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.drums.gain"))
    desk.values["deck.a.drums.gain"] = 6.0

    turn(mapping, 0, 30, 60)
    assert desk.log == []
    turn(mapping, 127)
    assert desk.log == [("deck.a.drums.gain", 12.0)]


def test_three_ends_put_the_middle_in_the_middle() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.eq_low", takeover="jump", ends=(-40.0, 0.0, 12.0)))

    turn(mapping, 0, 32, 64, 127)

    assert [value for _, value in desk.log] == [-40.0, -20.0, 0.0, 12.0]


@pytest.mark.parametrize("ends", [(-40.0, 0.0, 12.0), (12.0, -40.0), (-6.0, 6.0), (3.0, 1.0, -9.0)])
def test_a_way_and_back(ends: tuple[float, ...]) -> None:
    param = find("deck.a.eq_low")
    way = Binding(KNOB, "deck.a.eq_low", ends=ends).way(param)

    for share in (0.0, 0.2, 0.5, 0.9, 1.0):
        assert way.unmap(way.map(share)) == pytest.approx(share)
    assert [way.unmap(end) for end in (ends[0], ends[-1])] == [0.0, 1.0]
    assert Way(param, (0.0, 1.0)).unmap(-400.0) == 0.0


@pytest.mark.parametrize(("encoding", "left", "right"), [("twos", 127, 1), ("offset", 63, 65), ("sign", 65, 1)])
def test_an_encoder_goes_on_from_where_the_value_is(encoding: str, left: int, right: int) -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.drums.gain", "relative", encoding=encoding, step=0.5))  # type: ignore[arg-type]
    desk.values["deck.a.drums.gain"] = 11.5

    turn(mapping, right, right, left, left)

    assert [value for _, value in desk.log] == [12.0, 12.0, 11.5, 11.0]


def test_an_encoder_steps_through_whole_numbers() -> None:
    mapping, desk = mapped(Binding(KNOB, "master.quantize", "relative", encoding="twos"))

    turn(mapping, 127, 1, 1)

    assert [value for _, value in desk.log] == [1.0, 2.0, 3.0]


def test_a_wheel_jumps_again_and_again() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.jump", "relative", encoding="offset", step=0.25))

    turn(mapping, 65, 65, 62)

    assert desk.log == [("deck.a.jump", 0.25), ("deck.a.jump", 0.25), ("deck.a.jump", -0.5)]


def test_buttons() -> None:
    mapping, desk = mapped(
        Binding(PAD, "deck.a.drums.mute", "toggle"),
        Binding(PAD, "deck.a.loop", "trigger", value=4.0),
        Binding(PAD, "deck.a.slip", "momentary"),
        Binding(PAD, "deck.a.bass.gain", "toggle", ends=(0.0, -12.0)),
    )

    press(mapping)
    press(mapping)

    assert [value for path, value in desk.log if path.endswith("mute")] == [1.0, 0.0]
    assert [value for path, value in desk.log if path.endswith("loop")] == [4.0, 4.0]
    assert [value for path, value in desk.log if path.endswith("slip")] == [1.0, 0.0, 1.0, 0.0]
    assert [value for path, value in desk.log if path.endswith("gain")] == [-12.0, 0.0]


def test_velocity_sets_and_release_does_not() -> None:
    mapping, desk = mapped(Binding(PAD, "deck.a.drums.gain"))

    press(mapping, 64)

    assert desk.log == [("deck.a.drums.gain", 0.0)]


def test_a_knob_as_a_button_presses_once() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.play", "toggle"))

    turn(mapping, *range(128), *range(126, -1, -1))

    assert desk.log == [("deck.a.play", 0.0)]


def test_a_button_that_tells_no_release_presses_each_time() -> None:
    mapping, desk = mapped(Binding(KNOB, "deck.a.play", "toggle"))

    turn(mapping, 127, 127, 127)

    assert [value for _, value in desk.log] == [0.0, 1.0, 0.0]


def test_a_log_parameter_on_14_bits() -> None:
    mapping, desk = mapped(Binding(Control("pitchbend", 1), "deck.a.tempo", takeover="jump", ends=(0.92, 1.0, 1.08)))

    for pitch in (-8192, 0, 8191):
        mapping.take(mido.Message("pitchwheel", pitch=pitch))

    assert [value for _, value in desk.log] == pytest.approx([0.92, 1.0, 1.08])

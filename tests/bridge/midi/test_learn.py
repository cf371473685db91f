import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.binding import Binding
from bridge.midi.control import ENCODINGS, Control, Encoding
from bridge.midi.learn import Learner
from engine.model.params import find

GAIN, MUTE = "deck.a.drums.gain", "deck.a.drums.mute"
Message = mido.Message


def learnt(path: str, messages: list[mido.Message]) -> Binding | None:
    """Play messages 10 ms apart, then wait."""
    learner = Learner(path, find(path))
    for i, message in enumerate(messages):
        binding = learner.take(message, 0.01 * i)
        if binding is not None:
            return binding
    return learner.wait(0.01 * len(messages) + 1.0)


def cc(number: int, *values: int) -> list[mido.Message]:
    return [Message("control_change", control=number, value=value) for value in values]


def encoded(steps: int, encoding: Encoding) -> int:
    return {"twos": steps % 128, "offset": 64 + steps, "sign": steps if steps >= 0 else 64 - steps}[encoding]


@given(st.integers(0, 127), st.integers(0, 127), st.integers(0, 127))
def test_a_knob(number: int, start: int, end: int) -> None:
    way = range(start, end + 1) if end >= start else range(start, end - 1, -1)
    if len(way) < 4:
        return

    assert learnt(GAIN, cc(number, *way)) == Binding(Control("cc", 1, number), GAIN, what=f"cc {number} on channel 1")


@given(st.integers(0, 16383), st.integers(-300, 300).filter(lambda n: abs(n) >= 3), st.integers(0, 31))
def test_a_14_bit_fader(start: int, step: int, number: int) -> None:
    places = [start + i * step for i in range(14) if 0 <= start + i * step <= 16383]
    if len(places) < 4:
        return
    messages = [m for place in places for m in (*cc(number, place >> 7), *cc(number + 32, place & 127))]

    binding = learnt(GAIN, messages)

    assert binding is not None
    assert binding.control == Control("cc14", 1, number)


@given(st.sampled_from(ENCODINGS), st.lists(st.sampled_from([1, 1, 1, 2]), min_size=8, max_size=30))
def test_an_encoder_turned_both_ways(encoding: Encoding, steps: list[int]) -> None:
    left = len(steps) // 2
    turned = [encoded(step if i < left else -step, encoding) for i, step in enumerate([*sorted(steps), *sorted(steps)])]

    binding = learnt(GAIN, cc(16, *turned))

    assert binding is not None
    assert (binding.mode, binding.encoding) == ("relative", encoding)


def test_an_encoder_turned_one_way_is_asked_for_the_other() -> None:
    learner = Learner(GAIN, find(GAIN))

    assert all(learner.take(message, 0.0) is None for message in cc(16, *[1] * 20))
    assert learner.hint == "turn it the other way too"
    binding = learner.take(cc(16, 65)[0], 0.0)
    assert binding is not None
    assert binding.encoding == "sign"


@pytest.mark.parametrize(
    "messages",
    [
        cc(20, 127, 0),
        cc(20, 127),
        [Message("note_on", note=9, velocity=127), Message("note_on", note=9, velocity=0)],
        [Message("note_on", note=9, velocity=63), Message("note_off", note=9)],
    ],
)
def test_a_button_toggles_a_switch_and_shows_it(messages: list[mido.Message]) -> None:
    binding = learnt(MUTE, messages)

    assert binding is not None
    assert binding.mode == "toggle"
    assert binding.feedback is not None
    assert binding.feedback.control == binding.control


def test_velocity_is_learnt_where_it_differs() -> None:
    binding = learnt(GAIN, [Message("note_on", note=36, velocity=40), Message("note_off", note=36)])

    assert binding is not None
    assert (binding.control.kind, binding.mode, binding.takeover) == ("note", "absolute", "jump")


def test_pitch_bend() -> None:
    binding = learnt(GAIN, [Message("pitchwheel", channel=4, pitch=p) for p in range(0, 2000, 100)])

    assert binding is not None
    assert binding.control == Control("pitchbend", 5)


def test_a_touch_of_a_motor_fader_is_not_its_movement() -> None:
    touch = Message("note_on", note=104, velocity=127)

    binding = learnt(GAIN, [touch, *[Message("pitchwheel", pitch=p) for p in (0, 200, 400)]])

    assert binding is not None
    assert binding.control.kind == "pitchbend"


def test_a_clock_is_nothing_to_learn() -> None:
    assert learnt(GAIN, [Message("clock")] * 50) is None


def test_nothing_is_learnt_of_a_twitch() -> None:
    learner = Learner(GAIN, find(GAIN))

    assert learner.take(cc(7, 64)[0], 0.0) is None
    assert learner.wait(2.0) is None
    assert learner.hint == "move it further"

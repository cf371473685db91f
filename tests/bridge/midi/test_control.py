import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.control import ENCODINGS, Control, Encoding, Move, Reader, turns

PAIR = Control("cc14", 1, 7)


def cc(number: int, value: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value)


@pytest.mark.parametrize(("encoding", "left", "right"), [("twos", 127, 1), ("offset", 63, 65), ("sign", 65, 1)])
def test_one_step_left_and_right(encoding: Encoding, left: int, right: int) -> None:
    assert (turns(left, encoding), turns(right, encoding)) == (-1, 1)


@given(st.integers(-20, 20), st.sampled_from(ENCODINGS))
def test_a_turn_survives_its_encoding(steps: int, encoding: Encoding) -> None:
    sent = {"twos": steps % 128, "offset": 64 + steps, "sign": steps if steps >= 0 else 64 - steps}[encoding]

    assert turns(sent, encoding) == steps


@given(st.sampled_from(["cc", "cc14", "pitchbend"]), st.data())
def test_shares_rise_from_0_to_1_with_the_middle_in_the_middle(kind: str, data: st.DataObject) -> None:
    control = Control(kind, 1)  # type: ignore[arg-type]
    a, b = sorted(data.draw(st.lists(st.integers(0, control.top), min_size=2, max_size=2, unique=True)))

    assert Move(control, a).share < Move(control, b).share
    assert [Move(control, n).share for n in (0, (control.top + 1) // 2, control.top)] == [0.0, 0.5, 1.0]


@given(st.lists(st.integers(0, 16383), min_size=1, max_size=30))
def test_pairs_arrive_whole_after_the_first(values: list[int]) -> None:
    reader = Reader([PAIR])
    reader.read(cc(7, 0))
    reader.read(cc(39, 0))

    got = [move.count for value in values for m in (cc(7, value >> 7), cc(39, value & 127)) for move in reader.read(m)]

    assert got == values


@given(st.lists(st.integers(0, 127), min_size=1, max_size=30))
def test_a_coarse_half_alone_is_enough(values: list[int]) -> None:
    reader = Reader([PAIR])

    got = [move.count >> 7 for value in values for move in reader.read(cc(7, value))]

    assert got == values


def test_a_control_that_stops_sending_fine_halves_goes_on() -> None:
    reader = Reader([PAIR])
    for message in (cc(7, 1), cc(39, 5), cc(7, 2)):
        reader.read(message)

    assert [move.count >> 7 for value in (3, 4, 5) for move in reader.read(cc(7, value))] == [3, 4, 5]


def test_a_fine_half_alone_moves_within_the_last_coarse_one() -> None:
    reader = Reader([PAIR])
    reader.read(cc(7, 2))

    assert [m.count for value in (9, 10) for m in reader.read(cc(39, value))] == [2 << 7 | 9, 2 << 7 | 10]


def test_only_what_is_asked_for_is_read() -> None:
    reader = Reader([Control("note", 10, 36), Control("pitchbend", 2), Control("program", 1, 4)])
    messages = [
        mido.Message("note_on", channel=9, note=36, velocity=0),
        mido.Message("note_off", channel=9, note=36, velocity=90),
        mido.Message("note_on", channel=8, note=36),
        mido.Message("pitchwheel", channel=1, pitch=-8192),
        mido.Message("program_change", program=4),
        mido.Message("clock"),
        cc(7, 3),
    ]

    assert [(m.control.kind, m.count) for message in messages for m in reader.read(message)] == [
        ("note", 0), ("note", 0), ("pitchbend", 0), ("program", 127),
    ]  # fmt: skip

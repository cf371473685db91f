"""Cells: a source in a bar is as its cell says, wherever the deck comes from, and all else is as it was."""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.mix.bank import Bank
from engine.mix.cells import Cells
from engine.mix.livemixer import LiveMixer
from engine.mix.record import Record
from engine.model.audio import Samples
from engine.model.command import NEXT_BAR, Command
from engine.model.grid import Beatgrid
from tests.engine.mix.rig import noise, play

RATE = 12_000

BAR = RATE
"""Frames of a bar at 240 bpm."""
BARS = 8
FADE = round(0.005 * RATE)
SOON = 3 * FADE
"""Any change is over by then."""

IN_PHASE = (0, 1, 2, 3, 0, 1, 6, 7)
"""Loop 1 is silent in bars 5 and 6 and has a period of 2 from bar 1 on."""

Move = tuple[float, str, float]


def song(bars: int = BARS) -> Record:
    """Noise in bars of a second: as loops, and as stems that share the residual with them."""
    samples = noise(3, 2, bars * BAR, 0.05, seed=8)
    samples[0, :, 4 * BAR : 6 * BAR] = 0.0
    grid = Beatgrid.steady_at(240.0, 0.0, float(bars))
    loops = Bank(("loop-1", "loop-2", "residual"), samples, RATE, grid, (IN_PHASE, (), ()))
    stems = Bank(("drums", "residual"), np.stack([samples[:2].sum(axis=0), samples[2]]), RATE, grid)
    return Record({"loops": loops, "stems": stems})


def cell(source: str, value: float, at: float = 0.0) -> Move:
    return at, f"deck.a.{source}.cell", value


def perform(record: Record, *moves: Move, seconds: float = BARS, blocks: Sequence[int] = (512,)) -> Samples:
    mixer = LiveMixer(RATE)
    mixer.load("a", record)
    for at, path, value in (*moves, (0.0, "deck.a.play", 1.0)):
        mixer.send(Command(round(at * RATE), path, value))
    return play(mixer, round(seconds * RATE), blocks)


def alone(source: str) -> Move:
    return 0.0, f"deck.a.{source}.solo", 1.0


def bar(x: Samples, number: int) -> Samples:
    return x[:, (number - 1) * BAR : number * BAR]


def test_a_cell_that_is_off_is_silent_in_its_bar_and_all_else_is_as_it_was() -> None:
    record = song()

    change = perform(record, cell("loop-2", -3)) - perform(record)
    heard = perform(record, alone("loop-2"), cell("loop-2", -3))

    assert not bar(heard, 3)[:, :-FADE].any()
    assert not change[:, : 2 * BAR - FADE].any()
    assert not change[:, 3 * BAR :].any()
    np.testing.assert_array_equal(bar(heard, 4), record.banks[0].samples[1][:, 3 * BAR : 4 * BAR])


def test_a_cell_that_is_on_plays_the_bar_that_is_in_phase() -> None:
    record = song()

    heard = perform(record, alone("loop-1"), cell("loop-1", 5), cell("loop-1", 6))

    np.testing.assert_array_equal(heard[:, 4 * BAR : 6 * BAR - FADE], record.banks[0].samples[0][:, : 2 * BAR - FADE])
    np.testing.assert_array_equal(heard[:, : 4 * BAR - FADE], record.banks[0].samples[0][:, : 4 * BAR - FADE])


@pytest.mark.parametrize("moves", [
    [cell("loop-1", 2), cell("drums", 3), cell("residual", 1)],
    [cell("loop-2", -2), cell("loop-2", 2)],
    [cell("loop-1", 5), cell("loop-1", -7), cell("loop-1", 0)],
    [cell("loop-1", 9999), cell("loop-1", -9999)],
])  # fmt: skip
def test_as_the_song_has_it_is_the_song(moves: list[Move]) -> None:
    record = song()

    np.testing.assert_array_equal(perform(record, *moves), perform(record))


def test_in_the_bar_that_sounds_it_takes_effect_at_once_without_a_click() -> None:
    t = np.arange(4 * BAR) / RATE
    tone = np.tile(0.3 * np.sin(2 * np.pi * 110.3 * t), (1, 2, 1)).astype(np.float32)
    record = Record({"stems": Bank(("drums",), tone, RATE, Beatgrid.steady_at(240.0, 0.0, 4.0))})

    heard = perform(record, cell("drums", -2, at=1.403), seconds=4)[0]

    first = round(1.403 * RATE)
    np.testing.assert_array_equal(heard[:first], tone[0, 0, :first])
    assert not heard[first + FADE : 2 * BAR - FADE].any()
    assert heard[first : first + FADE].any()
    assert np.abs(np.diff(heard, 3)).max() < 0.01 * 0.3


@pytest.mark.parametrize("tempo", [1.0, 1.05])
def test_a_deck_that_stands_starts_with_the_cells_as_they_are(tempo: float) -> None:
    mixer = LiveMixer(RATE)
    mixer.load("a", song())
    moves = [(0.0, "deck.a.tempo", tempo), alone("loop-2"), cell("loop-2", -1, 0.5), (0.7, "deck.a.play", 1.0)]
    for at, path, value in moves:
        mixer.send(Command(round(at * RATE), path, value))

    heard = play(mixer, round(2.5 * RATE))

    assert np.abs(heard[:, : round(1.6 * RATE)]).max() < 1e-6
    assert np.abs(heard[:, round(1.8 * RATE) :]).max() > 0.05


def test_a_cell_waits_for_the_bar_it_is_sent_to() -> None:
    record = song()
    mixer = LiveMixer(RATE)
    mixer.load("a", record)
    mixer.send(Command(0, "deck.a.loop-1.solo", 1.0))
    mixer.send(Command(0, "deck.a.play", 1.0))
    play(mixer, RATE // 2)
    mixer.send(Command(NEXT_BAR, "deck.a.loop-1.cell", -2))

    heard = play(mixer, 3 * BAR)

    assert heard[:, : RATE // 2 - SOON].any(axis=0).all()
    assert not heard[:, RATE // 2 + SOON : 3 * BAR // 2 - SOON].any()


MOVES = {
    "a jump": [(1.6, "deck.a.jump", 9.3), (2.7, "deck.a.jump", -6.7)],
    "a seek": [(0.7, "deck.a.seek", 17.0), (1.9, "deck.a.seek", 5.5)],
    "a loop over edited bars": [(1.8, "deck.a.loop", 1.5), (5.7, "deck.a.loop", 0.0)],
    "slip": [(1.2, "deck.a.slip", 1.0), (1.6, "deck.a.loop", 0.25), (4.4, "deck.a.slip", 0.0)],
    "a stretcher": [(0.3, "deck.a.tempo", 1.05), (1.6, "deck.a.jump", 9.0), (3.5, "deck.a.loop", 0.5), (5, "deck.a.tempo", 1)],
}  # fmt: skip


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES.keys())
def test_played_any_way_it_is_the_song_with_these_cells(moves: list[Move]) -> None:
    """The same performance of a song whose samples were edited like that."""
    record = song()
    cells = [cell("loop-1", 5), cell("loop-1", -2), cell("loop-1", -3), cell("loop-2", -6), cell("loop-2", -7)]
    loops = record.banks[0]
    edited = np.stack([perform(record, alone(source), *cells) for source in loops.ids])
    written = Record({"loops": Bank(loops.ids, edited, RATE, loops.grid)})

    heard = perform(record, *cells, *moves, seconds=7)

    assert np.abs(heard - perform(record, *moves, seconds=7)).max() > 0.05
    np.testing.assert_array_equal(heard, perform(written, *moves, seconds=7))


def test_a_loop_of_one_edited_bar_does_not_hear_the_next() -> None:
    record = song()

    heard = perform(record, alone("loop-2"), cell("loop-2", -2), (1.01, "deck.a.loop", 1.0), seconds=4)

    assert not heard[:, 1 * BAR + SOON :].any()


def test_cells_stay_where_parts_change_and_a_shared_source_has_them_in_both() -> None:
    record = song()
    cells = [cell("loop-2", -2), cell("loop-2", -6), cell("residual", -4)]

    heard = perform(record, *cells, (2.5, "deck.a.parts", 1.0), (4.5, "deck.a.parts", 0.0))

    loops = record.banks[0].samples.astype(np.float64)
    for number, sounding in ((2, [0, 2]), (4, [0, 1]), (6, [0, 2]), (8, [0, 1, 2])):
        wanted = loops[sounding].sum(axis=0)[:, (number - 1) * BAR : number * BAR - FADE]
        np.testing.assert_allclose(bar(heard, number)[:, :-FADE], wanted, atol=1e-6)


def test_a_clip_wins_and_gives_way_to_the_cells_again() -> None:
    record = song()
    clip = [(0.0, "deck.a.loop-2.clip_bars", 1.0), (0.5, "deck.a.loop-2.clip", 1.0), (2.5, "deck.a.loop-2.clip", 0.0)]

    heard = perform(record, alone("loop-2"), cell("loop-2", -2), cell("loop-2", -4), *clip)

    once = record.banks[0].samples[1][:, :BAR]
    np.testing.assert_array_equal(bar(heard, 2)[:, FADE:], once[:, FADE:])
    assert not bar(heard, 4)[:, FADE:-FADE].any()
    np.testing.assert_array_equal(bar(heard, 5), record.banks[0].samples[1][:, 4 * BAR : 5 * BAR])


def test_a_song_whose_last_bar_is_edited_comes_to_its_end() -> None:
    mixer = LiveMixer(RATE)
    mixer.load("a", song(2))
    for path, value in (("deck.a.loop-1.cell", -2), ("deck.a.loop-2.cell", -2), ("deck.a.play", 1)):
        mixer.send(Command(0, path, value))

    play(mixer, round(2.1 * BAR))

    assert not mixer.decks[0].running  # type: ignore[attr-defined]


def test_where_a_song_drifts_a_copy_stops_before_it_runs_into_the_next_downbeat() -> None:
    beats = np.concatenate([np.arange(8) * 0.2, 1.6 + np.arange(9) * 0.25])  # bars of 0.8 s, then of 1 s
    samples = noise(1, 2, round(3.6 * RATE))
    record = Record({"loops": Bank(("loop-1",), samples, RATE, Beatgrid(beats), ((0, 1, 0, 1),))})

    heard = perform(record, cell("loop-1", 3), cell("loop-1", 4), seconds=3.6)

    third, length = round(1.6 * RATE), round(0.8 * RATE)
    np.testing.assert_array_equal(heard[:, third : third + length - FADE], samples[0][:, : length - FADE])
    assert not heard[:, third + length : third + RATE - FADE].any()
    np.testing.assert_array_equal(
        heard[:, third + RATE : third + RATE + length - FADE], samples[0][:, length : 2 * length - FADE]
    )


def test_a_loop_goes_on_without_a_step_where_bars_are_no_whole_frames() -> None:
    period, bars = 4, 40
    bank = Bank(
        ("loop-1",), noise(1, 1, 80 * RATE), RATE, Beatgrid.steady_at(123.457, 0.1, 80.0),
        (tuple(8 + bar % period for bar in range(bars)),),
    )  # fmt: skip
    cells, starts = Cells(bank), bank.bar_starts()

    for number in range(bars):
        cells.set(0, number, on=True)

    shifts = cells.shifts[0, :bars]
    exact = [starts[8 + number % period] - starts[number] for number in range(bars)]
    assert all(len(set(shifts[first : first + period])) == 1 for first in range(0, bars, period))
    assert np.abs(shifts - exact).max() == 1


def test_blocks_of_any_size_change_no_bit() -> None:
    moves = [
        cell("loop-1", 5), cell("loop-2", -2), cell("loop-2", -1, 0.3), (0.8, "deck.a.tempo", 1.07), cell("residual", -3, 1.5),
        (1.9, "deck.a.parts", 1.0), cell("drums", -4, 2.0), (2.003, "deck.a.parts", 0.0), (2.5, "deck.a.loop", 0.5),
        cell("loop-1", -3, 2.501), (3.3, "deck.a.loop", 0.0), (3.4, "deck.a.tempo", 1.0), cell("loop-2", 0, 3.403),
    ]  # fmt: skip

    once = perform(song(), *moves, seconds=4, blocks=(256,))

    np.testing.assert_array_equal(perform(song(), *moves, seconds=4, blocks=(1, 7, 900)), once)

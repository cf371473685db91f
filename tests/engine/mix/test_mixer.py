"""The playing room on known signals: the sum is the song, commands are exact to the frame, blocks do not matter."""

import gc
import multiprocessing
import tracemalloc
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from engine.dsp.levels import peak_dbfs
from engine.dsp.loudness import gain_to_loudness, integrated_lufs
from engine.mix.deck import Deck
from engine.mix.mixer import Mixer
from engine.model.audio import Samples
from engine.model.command import Command
from engine.model.errors import RemixtureError
from tests.engine.mix.rig import RATE, bank, noise, play, sine

MOVES = (
    Command(0, "deck.a.s0.gain", -3.0),
    Command(5_000, "deck.a.s1.gain", 6.0),
    Command(5_100, "deck.a.s1.gain", -12.0),
    Command(9_999, "deck.a.s2.solo", 1.0),
    Command(12_000, "deck.a.gain", 3.0),
    Command(15_000, "deck.a.s2.solo", 0.0),
    Command(15_000, "deck.a.s0.mute", 1.0),
    Command(17_000, "master.gain", 9.0),
    Command(20_000, "deck.a.play", 0.0),
    Command(23_000, "deck.a.play", 1.0),
    Command(26_000, "master.limiter", 0.0),
    Command(27_000, "master.ceiling", -6.0),
    Command(28_000, "master.limiter", 1.0),
)


def mixer(samples: Samples, commands: Iterable[Command] = (), **options: object) -> Mixer:
    made = Mixer(RATE, [Deck("a", bank(samples), **options)])  # type: ignore[arg-type]
    for command in commands:
        made.send(command)
    return made


def total(samples: Samples) -> Samples:
    return np.asarray(samples.astype(np.float64).sum(axis=0), dtype=np.float32)


class TestTheSumIsTheSong:
    def test_at_0_db_bit_for_bit(self) -> None:
        x = noise(sources=6, level=0.05)
        np.testing.assert_array_equal(play(mixer(x), x.shape[2]), total(x))

    def test_mono_is_played_on_both_sides(self) -> None:
        x = noise(channels=1)
        np.testing.assert_array_equal(play(mixer(x), x.shape[2]), np.tile(total(x), (2, 1)))

    def test_from_a_read_only_file_in_memory(self) -> None:
        x = noise()
        x.flags.writeable = False
        np.testing.assert_array_equal(play(mixer(x), x.shape[2]), total(x))

    def test_past_its_end_is_silence(self) -> None:
        x = noise(frames=1000)
        assert not play(mixer(x), 3000)[:, 1000:].any()

    def test_two_decks_add_up(self) -> None:
        x, y = noise(seed=1, level=0.04), noise(seed=2, level=0.04)
        both = Mixer(RATE, [Deck("a", bank(x)), Deck("b", bank(y))])
        np.testing.assert_array_equal(play(both, x.shape[2]), total(np.concatenate([x, y])))


class TestLevels:
    @pytest.mark.parametrize("gain", [-12.0, -6.0, 3.0, 12.0])
    def test_a_gain_before_the_start_holds_from_the_first_frame(self, gain: float) -> None:
        x = noise(sources=2, level=0.02)
        out = play(mixer(x, [Command(0, "deck.a.s1.gain", gain)]), x.shape[2])
        np.testing.assert_allclose(out, x[0] + 10 ** (gain / 20) * x[1], atol=1e-7)

    def test_mute_takes_a_source_out_bit_for_bit(self) -> None:
        x = noise()
        np.testing.assert_array_equal(play(mixer(x, [Command(0, "deck.a.s1.mute", 1)]), x.shape[2]), total(x[[0, 2]]))

    def test_solo_leaves_only_soloed_sources_of_its_deck(self) -> None:
        x, y = noise(seed=1, level=0.04), noise(seed=2, level=0.04)
        both = Mixer(RATE, [Deck("a", bank(x)), Deck("b", bank(y))])
        both.send(Command(0, "deck.a.s2.solo", 1))
        np.testing.assert_array_equal(play(both, x.shape[2]), total(np.concatenate([x[2:], y])))

    def test_mute_wins_over_solo(self) -> None:
        x = noise()
        out = play(mixer(x, [Command(0, "deck.a.s0.solo", 1), Command(0, "deck.a.s0.mute", 1)]), x.shape[2])
        assert not out.any()

    def test_back_at_0_db_is_the_song_again_bit_for_bit(self) -> None:
        x = noise()
        out = play(mixer(x, [Command(100, "deck.a.s0.gain", -9), Command(9_000, "deck.a.s0.gain", 0)]), x.shape[2])
        np.testing.assert_array_equal(out[:, 10_000:], total(x)[:, 10_000:])

    def test_a_master_gain_brings_it_to_a_loudness(self) -> None:
        x = noise(frames=3 * RATE, level=0.01)
        gain = gain_to_loudness(integrated_lufs(total(x), RATE), -23.0)
        out = play(mixer(x, [Command(0, "master.gain", gain)]), x.shape[2])
        assert integrated_lufs(out, RATE) == pytest.approx(-23.0, abs=0.01)

    def test_integer_output_never_clips_even_without_limiter(self) -> None:
        x = noise(level=0.5)
        loud = Mixer(RATE, [Deck("a", bank(x))], integer_output=True)
        loud.send(Command(0, "master.limiter", 0))
        assert peak_dbfs(play(loud, x.shape[2])) <= 0.0

    def test_without_limiter_floats_go_over(self) -> None:
        x = noise(level=0.5)
        np.testing.assert_array_equal(play(mixer(x, [Command(0, "master.limiter", 0)]), x.shape[2]), total(x))


class TestCommands:
    @pytest.mark.parametrize("blocks", [(64,), (256,), (1000,), (1, 7, 333, 9000)])
    def test_block_size_changes_no_bit(self, blocks: tuple[int, ...]) -> None:
        x = noise(level=0.2)
        np.testing.assert_array_equal(play(mixer(x, MOVES), x.shape[2], blocks), play(mixer(x, MOVES), x.shape[2]))

    def test_a_command_acts_from_its_very_frame(self) -> None:
        x = np.full((1, 2, 4000), 0.25, dtype=np.float32)
        out = play(mixer(x, [Command(1234, "deck.a.s0.gain", -6.0)]), 4000)[0]
        assert np.all(out[:1235] == 0.25)
        assert np.all(out[1235 : 1234 + 441] < 0.25)
        np.testing.assert_allclose(out[1234 + 441 :], 0.25 * 10 ** (-6 / 20), rtol=1e-6)

    def test_a_late_command_acts_at_once(self) -> None:
        x = np.full((1, 2, 4000), 0.25, dtype=np.float32)
        made = mixer(x)
        made.render(np.zeros((2, 1000), dtype=np.float32))
        made.send(Command(3, "deck.a.s0.mute", 1.0))
        assert not play(made, 3000)[0, 441:2000].any()

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("deck.a.s0.gain", 12.0),
            ("deck.a.s0.gain", -12.0),
            ("deck.a.s0.mute", 1.0),
            ("deck.a.gain", 6.0),
            ("deck.a.play", 0.0),
            ("master.gain", -20.0),
            ("master.gain", 20.0),
            ("master.ceiling", -20.0),
        ],
    )
    def test_a_step_makes_no_click(self, path: str, value: float) -> None:
        """A 100 Hz tone keeps to its place: above 5 kHz all is 80 dB below it."""
        out = play(mixer(sine(100.0, level=0.2), [Command(20_011, path, value)]), RATE)[0]
        spectrum = np.abs(np.fft.rfft(out * np.hanning(RATE))) ** 2
        assert 10 * np.log10(spectrum[5000:].sum() / spectrum.sum()) < -80

    def test_a_flood_of_moves_makes_no_click(self) -> None:
        moves = [Command(8_000 + 44 * k, "deck.a.s0.gain", 12 * np.sin(k / 7)) for k in range(400)]
        out = play(mixer(sine(100.0, level=0.2), moves), RATE)[0]
        spectrum = np.abs(np.fft.rfft(out * np.hanning(RATE))) ** 2
        assert 10 * np.log10(spectrum[5000:].sum() / spectrum.sum()) < -80

    @pytest.mark.parametrize(
        ("path", "value", "words"),
        [
            ("deck.a.s0.gain", 13.0, "-12 to 12 dB, got 13"),
            ("deck.a.guitar.gain", 1.0, "s0, s1, s2"),
            ("deck.c.s0.gain", 1.0, "no deck 'c'; there are a"),
            ("deck.a.tempo", 0.0, "got 0"),
            ("deck.a.tempo", 1.1, "without a stretcher"),
            ("deck.a.loud", 1.0, "no parameter"),
        ],
    )
    def test_what_cannot_be_done_is_refused_at_the_door(self, path: str, value: float, words: str) -> None:
        with pytest.raises(RemixtureError, match=words):
            mixer(noise(frames=100)).send(Command(0, path, value))

    def test_a_full_queue_says_so(self) -> None:
        made = Mixer(RATE, [Deck("a", bank(noise(frames=100)))], capacity=8)
        for k in range(8):
            made.send(Command(k, "master.gain", 0.0))
        with pytest.raises(RemixtureError, match="too many commands"):
            made.send(Command(9, "master.gain", 0.0))


class TestPosition:
    def test_starts_within_the_song(self) -> None:
        x = noise()
        np.testing.assert_array_equal(play(mixer(x, start=5000), 1000), total(x)[:, 5000:6000])

    def test_a_start_before_the_song_is_silence_first(self) -> None:
        x = noise()
        out = play(mixer(x, start=-700), 2000)
        assert not out[:, :700].any()
        np.testing.assert_array_equal(out[:, 700:], total(x)[:, :1300])

    def test_waits_for_its_offset(self) -> None:
        x = noise()
        out = play(mixer(x, offset=333, start=50), 2000, (100,))
        assert not out[:, :333].any()
        np.testing.assert_array_equal(out[:, 333:], total(x)[:, 50 : 50 + 1667])

    def test_plays_its_length_and_fades(self) -> None:
        x = np.full((1, 2, RATE), 0.25, dtype=np.float32)
        out = play(mixer(x, frames=8000, offset=100), 20_000)[0]
        assert np.all(out[100:8101] == 0.25)
        assert np.all(np.diff(out[8100 : 8100 + 441]) <= 0)
        assert not out[8100 + 441 :].any()

    def test_stopped_it_stands_and_goes_on_where_it_stood(self) -> None:
        x = noise(level=0.01)
        out = play(mixer(x, [Command(4000, "deck.a.play", 0), Command(9000, "deck.a.play", 1)]), 20_000)
        assert not out[:, 4441:9000].any()
        np.testing.assert_array_equal(out[:, 9441:], total(x)[:, 4882 : 4882 + 20_000 - 9441])

    def test_decks_meet_at_bar_1(self) -> None:
        one, other = np.zeros((1, 2, RATE), dtype=np.float32), np.zeros((1, 2, RATE), dtype=np.float32)
        one[..., 700], other[..., 12_000] = 0.5, 0.25
        both = Mixer(RATE, [Deck("a", bank(one), start=700 - 5000), Deck("b", bank(other), start=12_000 - 5000)])
        out = play(both, 8000)
        assert np.flatnonzero(out[0]).tolist() == [5000]
        assert out[0, 5000] == 0.75


class TestTaps:
    def test_each_source_as_it_goes_into_the_mix(self) -> None:
        x = noise(level=0.05)
        made, n = mixer(x, [Command(0, "deck.a.s1.gain", -6), Command(300, "deck.a.s2.mute", 1)]), 3000
        taps, out = made.make_taps(n), np.zeros((2, n), dtype=np.float32)
        made.render(out, taps)
        np.testing.assert_array_equal(taps[0][0], x[0, :, :n])
        np.testing.assert_allclose(taps[0][1], 10 ** (-6 / 20) * x[1, :, :n], atol=1e-8)
        assert not taps[0][2][:, 800:].any()
        late = made.latency
        np.testing.assert_allclose(total(taps[0])[:, :-late], out[:, late:], atol=1e-7)

    def test_a_source_that_is_silent_leaves_nothing_behind(self) -> None:
        made = mixer(noise(frames=600))
        taps, out = made.make_taps(500), np.zeros((2, 500), dtype=np.float32)
        for _ in range(3):
            made.render(out, taps)
        assert not taps[0].any()

    def test_a_deck_that_stretches_its_sum_has_none(self) -> None:
        with pytest.raises(RemixtureError, match="deck a stretches the sum"):
            mixer(noise(), tempo=1.1, stretch="sum").make_taps(10)


def memory() -> tuple[int, int]:
    """Render blocks full of commands; return the bytes that are kept after them, and the most that were taken meanwhile."""
    made = mixer(noise(frames=RATE * 10, level=0.02))
    out = np.zeros((2, 2048), dtype=np.float32)
    for k in range(3000):
        made.send(Command(1000 + k * 140, "deck.a.s0.gain", float(k % 12)))
    for _ in range(10):
        made.render(out)
    gc.collect()
    gc.freeze()
    gc.disable()
    tracemalloc.start()
    made.render(out)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    for _ in range(200):
        made.render(out)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before, peak - before


def test_rendering_keeps_no_memory() -> None:
    """Nothing piles up over blocks full of commands, and no block makes a temporary array (8 KiB and more)."""
    # What is counted is of all threads, and other tests leave some behind: in a process of its own there is none but this.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        kept, peak = alone.submit(memory).result()
    assert kept < 500
    assert peak < 4096

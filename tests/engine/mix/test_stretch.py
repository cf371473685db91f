"""Decks at another tempo: in time over the whole song, the same in any block size."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.dsp.stretch import Engine, RubberBand
from engine.mix.deck import Deck, StretchMode
from engine.mix.mixer import Mixer
from engine.model.audio import Samples
from engine.model.command import Command
from engine.model.errors import RemixtureError
from tests.engine.mix.rig import RATE, bank, noise, play, sine

CLICK = (np.hanning(64) * np.sin(0.5 * np.arange(64))).astype(np.float32)


def clicks(at: NDArray[np.float64], seconds: float, sources: int = 1) -> Samples:
    """Clicks at these seconds, in mono; source k has every k-th."""
    x = np.zeros((sources, 1, round(seconds * RATE)), dtype=np.float32)
    for i, t in enumerate(at):
        centre = round(t * RATE)
        x[i % sources, :, centre - 32 : centre + 32] += CLICK
    return x


def misses_ms(side: Samples, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many milliseconds after the wanted time (seconds) each click comes, by its centre of energy."""
    spans = [side[round(t * RATE) - 1500 : round(t * RATE) + 1500].astype(np.float64) ** 2 for t in at]
    return np.array([(np.arange(3000) @ span / span.sum() - 1499.5) / RATE * 1000 for span in spans])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tempo", "pitch", "engine", "within_ms"),
    [
        (1.0372, 0.0, "R3", 2.0),
        (0.8, 0.0, "R3", 2.0),
        (1.25, -2.0, "R3", 2.0),
        (1.0372, 0.0, "R3-short", 3.0),
        (0.8, 0.0, "R2", 3.0),
        (1.25, -2.0, "R2", 3.0),
    ],
)
def test_every_click_of_a_minute_comes_in_time(tempo: float, pitch: float, engine: Engine, within_ms: float) -> None:
    at = np.arange(1.0, 59.0, 0.7)
    deck = Deck("a", bank(clicks(at, 60.0)), tempo=tempo, pitch=pitch, engine=engine, stretch="sum")
    out = play(Mixer(RATE, [deck]), round(60 / tempo * RATE))

    misses = misses_ms(out[0], at / tempo)

    assert np.abs(misses).max() < within_ms
    assert abs(np.polyfit(at, misses, 1)[0]) * 60 < 1.0  # no drift: less than a millisecond over the minute


@pytest.mark.parametrize("start", [-0.25, 0.0, 1.1])
def test_a_stretched_deck_starts_where_it_is_told(start: float) -> None:
    at = np.array([1.6, 2.2, 2.9])
    deck = Deck("a", bank(clicks(at, 4.0)), tempo=1.1, start=round(start * RATE), offset=3000, engine="R2")
    out = play(Mixer(RATE, [deck]), 4 * RATE)
    assert np.abs(misses_ms(out[0], (at - start) / 1.1 + 3000 / RATE)).max() < 2.0


@pytest.mark.parametrize("stretch", ["sources", "sum"])
def test_block_size_changes_no_bit(stretch: StretchMode) -> None:
    moves = [Command(0, "deck.a.s0.gain", -3.0), Command(4000, "deck.a.gain", 3.0), Command(6000, "deck.a.tempo", 1.2)]

    def bounce(blocks: tuple[int, ...]) -> Samples:
        made = Mixer(RATE, [Deck("a", bank(noise(2)), tempo=1.1, pitch=1.0, stretch=stretch, engine="R2", offset=77)])
        for move in moves:
            made.send(move)
        return play(made, 20_000, blocks)

    once = bounce((512,))
    for blocks in ((64,), (256,), (1000,), (1, 7, 9000)):
        np.testing.assert_array_equal(bounce(blocks), once)


def test_the_sum_mode_mixes_what_the_gains_say() -> None:
    x = np.concatenate([sine(220.0, level=0.1), sine(880.0, level=0.1), sine(3000.0, level=0.1)])
    made = Mixer(RATE, [Deck("a", bank(x), tempo=0.9, stretch="sum")])
    made.send(Command(0, "deck.a.s0.gain", -12.0))
    made.send(Command(0, "deck.a.s2.mute", 1.0))
    out = play(made, RATE)[0]
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(out * np.hanning(RATE))) / (0.1 * RATE / 4) + 1e-9)
    assert spectrum[220] == pytest.approx(-12.0, abs=0.3)
    assert spectrum[880] == pytest.approx(0.0, abs=0.3)
    assert spectrum[3000] < -60


def test_levels_act_after_the_stretcher_in_sources_mode() -> None:
    made = Mixer(RATE, [Deck("a", bank(noise(2)), tempo=0.9, engine="R2")])
    made.send(Command(8000, "deck.a.s0.mute", 1.0))
    made.send(Command(8000, "deck.a.s1.mute", 1.0))
    out = play(made, 12_000)
    assert out[:, 7990:8000].any()
    assert not out[:, 8441:].any()


def test_sources_stay_together() -> None:
    """One click, half of it in each of two sources: both halves come out at the same frame."""
    at = np.arange(0.5, 3.5, 0.3)
    x = np.repeat(clicks(at, 4.0), 2, axis=0)
    x[1] *= 0.5
    made = Mixer(RATE, [Deck("a", bank(x), tempo=0.87)])
    taps, out = made.make_taps(4 * RATE), np.zeros((2, 4 * RATE), dtype=np.float32)
    made.render(out, taps)
    first, second = taps[0]
    np.testing.assert_allclose(misses_ms(second[0], at / 0.87), misses_ms(first[0], at / 0.87), atol=0.05)


@pytest.mark.parametrize("pitch", [-5.0, 7.0])
def test_pitch_moves_a_tone_by_semitones(pitch: float) -> None:
    out = play(Mixer(RATE, [Deck("a", bank(sine(440.0, 2 * RATE)), pitch=pitch, stretch="sum")]), 2 * RATE)[0, RATE // 2 :]
    heard = np.abs(np.fft.rfft(out * np.hanning(out.size))).argmax() * RATE / out.size
    assert heard == pytest.approx(440 * 2 ** (pitch / 12), abs=1.0)


def test_in_sum_mode_a_level_cannot_change_while_playing() -> None:
    made = Mixer(RATE, [Deck("a", bank(noise()), tempo=1.1, stretch="sum")])
    made.send(Command(0, "deck.a.s0.gain", 3.0))
    with pytest.raises(RemixtureError, match="stretches the sum"):
        made.send(Command(1, "deck.a.s0.gain", 3.0))


def test_too_many_sources_side_by_side_are_refused() -> None:
    x = np.zeros((17, 2, 100), dtype=np.float32)
    with pytest.raises(RemixtureError, match="17 sources of 2 channels"):
        Deck("a", bank(x), tempo=1.1)
    assert Deck("a", bank(x), tempo=1.1, stretch="sum").summed


def test_the_stretcher_takes_its_delay_off() -> None:
    x = clicks(np.array([0.5]), 1.0)[0].repeat(2, axis=0)
    band = RubberBand(RATE, 2, 1.0, 0.0, "R2", bends=True)
    song = np.concatenate([np.zeros((2, band.lead), dtype=np.float32), x, np.zeros((2, RATE), dtype=np.float32)], axis=1)
    fed = iter(range(0, song.shape[1], RubberBand.PIECE))

    def feed(piece: Samples) -> None:
        start = next(fed)
        piece[:] = song[:, start : start + piece.shape[1]]

    out = np.zeros((2, RATE), dtype=np.float32)
    band.fill(out, feed)
    assert np.abs(misses_ms(out[0], np.array([0.5]))).max() < 0.1

"""Meters show what sounds, and since when."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.dsp.levels import SILENCE_DB, gain_of_db
from engine.dsp.truepeak import TAPS, interpolators, true_peaks
from engine.mix.bank import Bank
from engine.mix.limiter import Limiter
from engine.mix.livemixer import LiveMixer
from engine.mix.meters import FIELDS, SOURCES_METERED
from engine.mix.record import Record
from engine.model.audio import Samples
from engine.model.command import Command
from engine.model.grid import Beatgrid
from tests.engine.mix.rig import RATE, play, sine
from tests.engine.mix.test_limiter import LOUD

LEVELS = (-20.0, -26.0, -32.0)
SHORT = RATE // 10


def record(levels: tuple[float, ...]) -> Record:
    """A tone of 441 Hz for each of these peaks in dBFS."""
    samples = np.concatenate([sine(441.0, 8 * RATE, gain_of_db(level)) for level in levels])
    names = tuple(f"s{k}" for k in range(len(levels)))
    return Record({"stems": Bank(names, samples, RATE, Beatgrid.steady_at(120.0, 0.0, 8.0))})


@pytest.fixture(scope="module")
def mixer() -> LiveMixer:
    """Deck a plays three tones, deck b has more sources than meters."""
    mixer = LiveMixer(RATE)
    mixer.load("a", record(LEVELS))
    mixer.load("b", record((-60.0,) * (SOURCES_METERED + 2)))
    return set_and_play(mixer, ("deck.a.play", 1.0))


def set_and_play(mixer: LiveMixer, *values: tuple[str, float]) -> LiveMixer:
    """Set these, play until that has come to pass, and forget what was metered meanwhile."""
    for path, value in values:
        mixer.send(Command(0, path, value))
    play(mixer, SHORT)
    mixer.read_meters()
    return mixer


def shown(mixer: LiveMixer, deck: str = "a") -> list[float]:
    """Peaks of the sources of a deck in what is played next."""
    play(mixer, SHORT)
    mixer.read_meters()
    numbers = dict(zip(FIELDS, mixer.meters.values, strict=True))
    count = min(int(numbers[f"deck.{deck}.sources"]), SOURCES_METERED)
    return [numbers[f"deck.{deck}.source.{k}"] for k in range(count)]


def test_each_source_has_the_peak_that_it_has(mixer: LiveMixer) -> None:
    assert shown(mixer) == pytest.approx(LEVELS, abs=0.05)


@pytest.mark.parametrize("blocks", [(64, 1000, 1), (4096,)])
def test_it_does_not_matter_how_blocks_fall(mixer: LiveMixer, blocks: tuple[int, ...]) -> None:
    play(mixer, SHORT, blocks)
    mixer.read_meters()

    assert mixer.meters.values[FIELDS.index("deck.a.source.0") :][:3] == pytest.approx(LEVELS, abs=0.05)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ((("deck.a.s1.gain", -6.0),), (-20.0, -32.0, -32.0)),
        ((("deck.a.s0.mute", 1.0),), (SILENCE_DB, -26.0, -32.0)),
        ((("deck.a.s2.solo", 1.0),), (SILENCE_DB, SILENCE_DB, -32.0)),
        ((("deck.a.gain", -12.0), ("deck.a.eq_low", -40.0), ("deck.a.eq_mid", -40.0), ("master.gain", -24.0)), LEVELS),
        ((("deck.a.play", 0.0),), (SILENCE_DB,) * 3),
        ((("deck.a.song", 0.0),), (SILENCE_DB,) * 3),
        ((("deck.a.tempo", 1.1),), LEVELS),
    ],
)
def test_they_show_what_is_heard_in_the_deck(
    mixer: LiveMixer, values: tuple[tuple[str, float], ...], wanted: tuple[float, ...]
) -> None:
    before = {path: mixer.addresses.find(path)[1].default for path, _ in values}
    set_and_play(mixer, ("deck.a.seek", 0.0), *values)
    found = shown(mixer)
    set_and_play(mixer, *before.items())

    assert found == pytest.approx(wanted, abs=0.3 if values[0][0].endswith("tempo") else 0.05)


def test_a_deck_that_stands_is_silent_and_sources_without_a_meter_do_no_harm(mixer: LiveMixer) -> None:
    assert shown(mixer, "b") == [SILENCE_DB] * SOURCES_METERED

    set_and_play(mixer, ("deck.b.play", 1.0))

    assert shown(mixer, "b") == pytest.approx([-60.0] * SOURCES_METERED, abs=0.05)
    set_and_play(mixer, ("deck.b.play", 0.0))


def test_the_master_shows_its_true_peak_and_what_the_limiter_does_now(mixer: LiveMixer) -> None:
    numbers = []
    for gain in (24.0, 0.0):
        set_and_play(mixer, ("master.gain", gain))
        play(mixer, RATE)
        mixer.read_meters()
        heard = np.zeros((2, RATE), dtype=np.float32)
        mixer.render(heard)
        mixer.read_meters()
        numbers.append(dict(zip(FIELDS, mixer.meters.values, strict=True)))
        peak = 20 * np.log10(true_peaks_of(heard)[TAPS:-TAPS].max())
        assert numbers[-1]["master.true_peak_dbtp"] == pytest.approx(peak, abs=0.02)

    assert numbers[0]["master.limiting_db"] > 5.0
    assert numbers[1]["master.limiting_db"] < 0.01
    assert numbers[1]["master.reduction_db"] >= numbers[0]["master.limiting_db"]


@pytest.mark.parametrize("name", LOUD)
def test_the_limiter_knows_the_true_peak_of_what_comes_out_at_any_moment(name: str) -> None:
    limiter, window, windows = Limiter(RATE), 882, 50
    bus = LOUD[name].astype(np.float64)[:, : windows * window]
    out, found = np.zeros(bus.shape, dtype=np.float32), np.zeros(windows)
    for k in range(windows):
        limiter.process(bus[:, k * window :], window, gain_of_db(-6.0), np.inf, out, k * window)
        found[k] = limiter.read()[0]

    wanted = 20 * np.log10(np.maximum(true_peaks_of(out).reshape(windows, window).max(axis=1), 1e-10))
    at = np.flatnonzero(wanted > -60.0)[:-1]  # the last one is cut off
    np.testing.assert_allclose(found[at], wanted[at], atol=0.05)
    assert found.max() == pytest.approx(-6.0, abs=0.01)


def true_peaks_of(samples: Samples) -> NDArray[np.float64]:
    """The true peak about each frame."""
    frames = samples.shape[1]
    peaks, between = np.zeros(frames), np.zeros((3, frames + 1))
    padded = np.pad(samples.astype(np.float64), ((0, 0), (TAPS // 2, TAPS)))
    true_peaks(padded, 0, frames, interpolators(), between, peaks)
    return peaks

"""What all classical separators have in common, and what each knows, on signals that are made for it."""

import importlib.util
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.stems import StemChoice, separator_for
from engine.analysis.stems.classical import METHODS, Classical, Hpss, Nmf, RepetSim, TwoStage, classical_for
from engine.analysis.stems.classical.nmf import Learning
from engine.analysis.stems.parts import STEM_IDS
from engine.dsp.levels import si_sdr_db
from engine.model.audio import Audio, Samples
from engine.store.decode import decode_track
from tests.conftest import null_dbfs

RATE = 11_025
DRUMS, BASS, VOCALS, OTHER = range(4)
EVERY = pytest.mark.parametrize("choice", METHODS)
Mono = NDArray[np.float64]


def noise(seconds: float, rate: int = RATE, channels: int = 2) -> Audio:
    rng = np.random.default_rng(0)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32), rate)


def clock(seconds: float) -> Mono:
    return np.arange(round(seconds * RATE)) / RATE


def sine(hz: float, seconds: float) -> Mono:
    return np.asarray(0.2 * np.sin(2 * np.pi * hz * clock(seconds)))


def voice(seconds: float, hz: float = 440.0) -> Mono:
    """A voice with a vibrato of a semitone and six partials."""
    phase = 2 * np.pi * hz * clock(seconds) + 5 * np.sin(2 * np.pi * 5.5 * clock(seconds))
    return np.asarray(0.15 * sum(np.sin(k * phase) / k for k in range(1, 7)))


def clicks(seconds: float, every: float = 0.5) -> Mono:
    x = np.zeros(round(seconds * RATE))
    burst = 0.7 * np.random.default_rng(0).standard_normal(60) * np.exp(-np.arange(60) / 15)
    for start in range(RATE // 4, x.size - 60, round(every * RATE)):
        x[start : start + 60] += burst
    return x


def stereo(left: Mono, right: Mono | None = None) -> Samples:
    return np.stack([left, left if right is None else right]).astype(np.float32)


def stems_of(separator: Classical, samples: Samples, rate: int = RATE) -> Samples:
    return np.concatenate(list(separator.separate(Audio(samples, rate)).blocks), axis=-1)


def gained_db(stem: Samples, truth: Samples, song: Samples) -> float:
    return si_sdr_db(stem, truth) - si_sdr_db(song, truth)


@EVERY
@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 2)])
def test_the_sum_of_the_stems_is_the_song(choice: StemChoice, rate: int, channels: int) -> None:
    song = noise(0.437, rate, channels)

    stems = stems_of(METHODS[choice](), song.samples, rate)

    assert stems.shape == (4, channels, song.frames)
    assert stems.dtype == np.float32
    assert null_dbfs(stems.sum(axis=0), song.samples) < -120


@EVERY
@pytest.mark.parametrize("frames", [0, 1, 441])
def test_next_to_nothing_is_taken_apart_as_well(choice: StemChoice, frames: int) -> None:
    song = np.full((2, frames), 0.5, dtype=np.float32)

    blocks = list(METHODS[choice]().separate(Audio(song, 44_100)).blocks)

    assert sum(block.shape[-1] for block in blocks) == frames
    assert not frames or null_dbfs(np.concatenate(blocks, axis=-1).sum(axis=0), song) < -120


@EVERY
def test_silence_stays_silence(choice: StemChoice) -> None:
    assert not stems_of(METHODS[choice](), np.zeros((2, RATE // 2), dtype=np.float32)).any()


@EVERY
def test_a_pause_stays_silent(choice: StemChoice) -> None:
    song = noise(2.6, 8_000, 1).samples
    song[:, 6_400:14_400] = 0

    pause = stems_of(METHODS[choice](), song, 8_000)[..., 9_600:11_200]

    assert null_dbfs(pause, 0 * pause) < -120


@pytest.mark.parametrize("choice", [choice for choice in METHODS if choice is not StemChoice.RPCA])
def test_pieces_do_not_show(choice: StemChoice) -> None:
    separator = METHODS[choice]()
    song = noise(4.0, 8_000, 1)

    whole = np.concatenate(list(separator.blocks(song, lambda _: None, 4.0)), axis=-1)
    pieces = list(separator.blocks(song, lambda _: None, 1.2))

    assert len(pieces) > 2
    np.testing.assert_allclose(np.concatenate(pieces, axis=-1), whole, atol=1e-5)


def test_pieces_fade_where_a_method_needs_them_whole() -> None:
    song = stereo(sine(440, 5.0) + voice(5.0, 700))

    stems = stems_of(classical_for(StemChoice.RPCA), song)
    short = np.concatenate(list(classical_for(StemChoice.RPCA).blocks(Audio(song, RATE), lambda _: None, 1.7)), axis=-1)

    steps = np.abs(np.diff(short[VOCALS], axis=-1)).max(axis=0)
    assert steps.max() < 1.5 * np.abs(np.diff(stems[VOCALS], axis=-1)).max()
    assert null_dbfs(short.sum(axis=0), song) < -120


@pytest.mark.parametrize(
    "separator",
    [
        Hpss(),
        TwoStage(),
        RepetSim(span_seconds=2.0),
        Nmf(Learning(learnt_seconds=2.0, excerpt_seconds=1.0, iterations=2)),
    ],
    ids=lambda separator: separator.NAME,
)
def test_memory_does_not_grow_with_the_song(separator: Classical) -> None:
    def peak(seconds: float) -> int:
        song = noise(seconds, 8_000, 1)
        tracemalloc.start()
        for _block in separator.blocks(song, lambda _: None, 1.0):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20.0) < 1.1 * peak(10.0)


@EVERY
def test_progress_rises_to_the_end_and_may_stop_the_work(choice: StemChoice) -> None:
    shares: list[float] = []
    song = noise(1.5, 8_000, 1)
    for _block in METHODS[choice]().blocks(song, shares.append, 0.5):
        pass

    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == pytest.approx(1.0)

    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(METHODS[choice]().separate(song, stop).blocks)


@EVERY
def test_provenance_names_the_method_and_all_its_settings(choice: StemChoice) -> None:
    one = separator_for(choice).provenance

    assert one.algorithm == choice.value
    assert one.params
    assert one.same_as(METHODS[choice]().provenance)
    assert all(isinstance(value, str | int | float) for value in one.params.values())


@pytest.mark.parametrize("choice", [StemChoice.HPSS, StemChoice.HPR, StemChoice.TWOSTAGE, StemChoice.CENTRE])
def test_what_strikes_is_drums_and_what_lasts_is_not(choice: StemChoice) -> None:
    truth = {DRUMS: stereo(clicks(4.0)), BASS: stereo(sine(70, 4.0)), OTHER: stereo(sine(880, 4.0), 0 * sine(880, 4.0))}
    song = np.asarray(sum(truth.values()))

    stems = stems_of(METHODS[choice](), song)

    for stem, wanted in truth.items():
        gained = gained_db(stems[stem], wanted, song)
        assert gained > 10, f"{STEM_IDS[stem]} gained {gained:.1f} dB"


def test_hpss_knows_no_voice() -> None:
    assert not stems_of(classical_for(StemChoice.HPSS), noise(1.0).samples)[VOCALS].any()


def test_a_voice_that_wavers_lasts_in_a_short_window_only() -> None:
    sung, song = stereo(voice(6.0)), stereo(voice(6.0) + sine(880, 6.0) + clicks(6.0))

    stems = stems_of(classical_for(StemChoice.TWOSTAGE), song)

    assert gained_db(stems[VOCALS], sung, song) > 6


def test_what_neither_lasts_nor_strikes_is_the_residual() -> None:
    hiss = 0.5 * noise(6.0).samples
    song = hiss + stereo(sine(880, 6.0) + 2 * clicks(6.0))

    stems = stems_of(classical_for(StemChoice.HPR), song)

    assert gained_db(stems[VOCALS], hiss, song) > 10


def test_a_voice_is_in_the_middle() -> None:
    left, right = sine(500, 6.0), sine(1200, 6.0)
    sung = stereo(sine(800, 6.0))
    song = sung + stereo(left, right)

    stems = stems_of(classical_for(StemChoice.CENTRE), song)

    assert gained_db(stems[VOCALS], sung, song) > 15
    assert gained_db(stems[OTHER], stereo(left, right), song) > 15


@pytest.mark.parametrize("choice", [StemChoice.REPET_SIM, StemChoice.RPCA])
def test_what_repeats_accompanies_and_a_voice_does_not(choice: StemChoice) -> None:
    rng = np.random.default_rng(1)
    pattern = np.concatenate([sine(hz, 0.5) + sine(1.5 * hz, 0.5) for hz in (330, 440, 262, 392)])
    repeated = np.tile(pattern, 4)
    line = np.concatenate([voice(0.25, hz) for hz in rng.uniform(500, 1500, 32)])
    sung = stereo(line)
    song = sung + stereo(repeated)

    stems = stems_of(METHODS[choice](), song)

    assert gained_db(stems[VOCALS], sung, song) > 3
    assert gained_db(song - stems[VOCALS], stereo(repeated), song) > 3


@pytest.mark.parametrize("choice", [StemChoice.NMF, StemChoice.NMF_HARMONIC])
def test_templates_go_where_they_belong(choice: StemChoice) -> None:
    drums, bass = stereo(clicks(5.0)), stereo(sine(65.4, 5.0) * (np.sin(np.pi * clock(5.0)) > 0))
    held = stereo(sine(880, 5.0) + sine(1319, 5.0))
    song = drums + bass + held

    stems = stems_of(METHODS[choice](), song)

    for stem, wanted in ((DRUMS, drums), (BASS, bass), (OTHER, held)):
        gained = gained_db(stems[stem], wanted, song)
        assert gained > 6, f"{STEM_IDS[stem]} gained {gained:.1f} dB"


@pytest.mark.parametrize(
    ("choice", "stem", "db"),
    [
        (StemChoice.HPSS, "drums", 3.0), (StemChoice.HPR, "drums", 1.0), (StemChoice.TWOSTAGE, "vocals", 3.8),
        (StemChoice.NMF, "drums", 5.0), (StemChoice.NMF_HARMONIC, "drums", 3.5), (StemChoice.REPET_SIM, "vocals", 1.8),
        (StemChoice.CENTRE, "other", 2.1), (StemChoice.RPCA, "other", 2.6),
    ],
)  # fmt: skip
def test_a_real_song_comes_apart_as_well_as_measured(choice: StemChoice, stem: str, db: float) -> None:
    spec = importlib.util.find_spec("stempeg")
    assert spec is not None
    assert spec.origin is not None
    file = next((Path(spec.origin).parent / "data").glob("*.stem.mp4"))
    tracks = ("mix", "drums", "bass", "other", "vocals")
    song, truth = (decode_track(file, tracks.index(name))[:, : 6 * 44_100] for name in ("mix", stem))

    found = stems_of(METHODS[choice](), song, 44_100)[STEM_IDS.index(stem)]

    assert 10 * np.log10(np.sum(np.square(truth)) / np.sum(np.square(truth - found))) > db

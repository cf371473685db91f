import numpy as np
import pytest
from scipy import signal

from engine.dsp.bsseval import FLOOR_DB, MOST_CHANNELS, BssEval, correlations, gram_matrix, solver, windows
from engine.model.audio import Samples

RATE = 4_000
SECONDS = 4


def noises(sources: int, channels: int = 2, seconds: float = SECONDS, seed: int = 0) -> Samples:
    shape = (sources, channels, round(seconds * RATE))
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def filtered(x: Samples, taps: int = 30, seed: int = 1) -> Samples:
    h = np.random.default_rng(seed).standard_normal(taps) * 0.7 ** np.arange(taps)
    return np.asarray(signal.lfilter(h, 1.0, x), dtype=np.float32)


def test_correlations_over_blocks_are_those_of_the_whole() -> None:
    x, y = noises(2, seconds=9)[:, 0], noises(3, seconds=9, seed=1)[:, 0]

    table = correlations(x, y, 40)

    expected = [[np.correlate(np.pad(b.astype(float), 39), a.astype(float), "valid") for b in y] for a in x]
    np.testing.assert_allclose(table, expected, atol=1e-6)


def test_the_gram_matrix_holds_the_products_of_all_delays() -> None:
    x = noises(2, 1, 0.1)[:, 0]
    delayed = np.array([np.pad(row.astype(np.float64), (delay, 4 - delay)) for row in x for delay in range(5)])

    np.testing.assert_allclose(gram_matrix(correlations(x, x, 5)), np.asarray(delayed @ delayed.T), atol=1e-9)


def test_a_channel_given_twice_is_solved_all_the_same() -> None:
    gram = np.kron(np.ones((2, 2)), np.array([[2.0, 1.0], [1.0, 2.0]]))
    sides = np.ones((4, 1))

    np.testing.assert_allclose(gram @ solver(gram, 4)(sides), sides, atol=1e-6)


def test_only_whole_windows_count_and_a_short_signal_is_one() -> None:
    assert [(w.start, w.stop) for w in windows(25, 10)] == [(0, 10), (10, 20)]
    assert [w.start for w in windows(7, 10)] == [0]


@pytest.mark.parametrize("leak_db", [-20.0, -6.0])
def test_what_leaks_is_interference(leak_db: float) -> None:
    truth = noises(2)
    estimates = truth + np.float32(10 ** (leak_db / 20)) * truth[::-1]

    sdr, isr, sir, sar = BssEval(truth, RATE, 64).scores(estimates).medians()

    np.testing.assert_allclose([sdr, sir], -leak_db, atol=0.3)
    assert isr.min() > -leak_db + 10
    assert sar.min() > 60


def test_a_filter_is_distortion_and_nothing_else() -> None:
    truth = noises(2)

    sdr, isr, sir, sar = BssEval(truth, RATE, 64).scores(filtered(truth)).medians()

    np.testing.assert_allclose(sdr, isr, atol=0.2)
    assert min(sir.min(), sar.min()) > 25


def test_what_was_in_no_source_is_an_artefact() -> None:
    truth = noises(2)

    _, isr, sir, sar = BssEval(truth, RATE, 16).scores(truth + np.float32(0.1) * noises(2, seed=5)).medians()

    np.testing.assert_allclose(sar, 20, atol=0.3)
    assert min(isr.min(), sir.min()) > 35


def test_the_truth_itself_has_no_error() -> None:
    truth = noises(2)

    scores = BssEval(truth, RATE, 16).scores(truth)

    assert np.isposinf(scores.sdr).all()
    assert min(scores.isr.min(), scores.sir.min(), scores.sar.min()) > 100


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("material", ["noise", "low-pass", "twice", "silent in places"])
def test_agrees_with_museval_within_a_twentieth_of_a_db(channels: int, material: str) -> None:
    metrics = pytest.importorskip("museval").metrics
    truth = filtered(noises(3, channels), seed=2)
    if material == "low-pass":
        truth = np.asarray(signal.sosfilt(signal.butter(2, 0.5, output="sos"), truth), dtype=np.float32)
    if material == "twice":
        truth = np.repeat(truth[:, :1], channels, axis=1)
    leaks = np.array([[0.7, 0.2, 0.0], [0.1, 1.2, 0.3], [0.3, 0.0, 0.5]], dtype=np.float32)
    estimates = filtered(np.einsum("ij,jcn->icn", leaks, truth)) + np.float32(0.1) * noises(3, channels, seed=7)
    if material == "silent in places":
        truth[1, :, RATE : 2 * RATE] = 0.0
        estimates[2, :, 3 * RATE :] = 0.0

    ours = BssEval(truth, RATE, 128).scores(estimates)

    s, e = (x.transpose(0, 2, 1).astype(np.float64) for x in (truth, estimates))
    theirs = metrics.bss_eval(s, e, window=RATE, hop=RATE, filters_len=128)[:4]
    np.testing.assert_allclose([ours.sdr, ours.isr, ours.sir, ours.sar], theirs, atol=0.05)
    np.testing.assert_allclose(ours.medians(), np.nanmedian(theirs, axis=-1), atol=0.05)
    assert np.isnan(ours.sdr).any() == (material == "silent in places")


def test_a_source_that_is_silent_throughout_is_left_out() -> None:
    truth, estimates = noises(3), noises(3) + np.float32(0.2) * noises(3, seed=3)
    truth[1] = 0.0

    scores = BssEval(truth, RATE, 32).scores(estimates).medians()

    assert np.isnan(scores[:, 1]).all()
    np.testing.assert_allclose(scores[:, ::2], BssEval(truth[::2], RATE, 32).scores(estimates[::2]).medians(), atol=1e-6)


def test_an_estimate_that_is_silent_throughout_hides_no_other() -> None:
    truth, estimates = noises(2), noises(2) + np.float32(0.2) * noises(2, seed=3)
    estimates[0] = 0.0

    scores = BssEval(truth, RATE, 32).scores(estimates).medians()

    assert np.isnan(scores[:, 0]).all()
    assert np.isfinite(scores[:, 1]).all()


def test_silence_alone_has_no_score() -> None:
    assert np.isnan(BssEval(np.zeros_like(noises(2)), RATE, 32).scores(noises(2)).medians()).all()


def test_a_floor_mends_what_coding_does_to_interference_and_artefacts() -> None:
    """Sources without a treble, and an estimate whose coding put a little of it back."""
    spectrum = np.fft.rfft(noises(2))
    spectrum[..., spectrum.shape[-1] // 2 :] = 0.0
    truth = np.fft.irfft(spectrum).astype(np.float32)
    estimates = truth + np.float32(0.1) * truth[::-1] + np.float32(0.003) * noises(2, seed=8)

    bare, mended = (BssEval(truth, RATE, 64, floor).scores(estimates).medians() for floor in (None, FLOOR_DB))

    assert bare[2].max() < 15
    np.testing.assert_allclose(mended[2], 20, atol=1)
    np.testing.assert_allclose(mended[0], bare[0])


def test_a_floor_leaves_other_scores_as_they_are() -> None:
    truth = filtered(noises(2))
    estimates = truth + np.float32(0.1) * truth[::-1] + np.float32(0.1) * noises(2, seed=8)

    bare, floored = (BssEval(truth, RATE, 64, floor).scores(estimates).medians() for floor in (None, FLOOR_DB))

    np.testing.assert_allclose(floored, bare, atol=0.05)


def test_other_shapes_and_too_many_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be scored against"):
        BssEval(noises(2), RATE, 8).scores(noises(1))
    with pytest.raises(ValueError, match="got 18"):
        BssEval(noises(MOST_CHANNELS // 2 + 1), RATE, 8)

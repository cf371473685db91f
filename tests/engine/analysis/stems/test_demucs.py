"""The real loading and separating code on a tiny random HTDemucs. Importing torch alone takes seconds: all slow."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.analysis.stems import computing
from engine.analysis.stems.computing import Computing, Precision
from engine.analysis.stems.demucs import DemucsSeparator, loaded
from engine.analysis.stems.weights import Weights, find_weights
from engine.dsp.levels import si_sdr_db
from engine.dsp.resample import resampled
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from tests.engine.analysis.stems.tiny import STEMS, write_tiny, write_tiny_hdemucs

pytestmark = pytest.mark.slow
MODEL_ORDER = [STEMS.index(i) for i in ("drums", "bass", "vocals", "other")]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """More would wait for each other longer than so small a model computes."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "tiny.safetensors")


def separator(model: Path) -> DemucsSeparator:
    return DemucsSeparator(find_weights(model), Computing("cpu"))


def stems_of(model: Path, audio: Audio) -> Samples:
    return np.concatenate(list(separator(model).separate(audio).blocks), axis=-1)


def music(seconds: float, rate: int = 44_100, channels: int = 2) -> Audio:
    """Noise below 4 kHz with a mean, so that normalising and resampling matter."""
    rng = np.random.default_rng(0)
    frames = round(seconds * rate)
    spectrum = np.fft.rfft(rng.standard_normal((channels, frames)))
    spectrum[:, np.fft.rfftfreq(frames, 1 / rate) > 4_000] = 0
    return Audio((0.1 * np.fft.irfft(spectrum, frames) + 0.01).astype(np.float32), rate)


def whole_song_by_demucs(weights: Weights, audio: Audio) -> Samples:
    """What Demucs itself makes of the song at once, as `demucs.api.Separator.separate_tensor` does it."""
    import torch
    from demucs.apply import apply_model

    wav = torch.from_numpy(audio.samples)
    ref = wav.mean(0)
    mean, std = ref.mean(), ref.std() + 1e-8
    with torch.no_grad():
        out = apply_model(loaded(weights, "cpu"), ((wav - mean) / std)[None], shifts=0, overlap=0.1)
    stems = (out * std + mean)[0].numpy()
    return np.asarray(stems[MODEL_ORDER])


@pytest.mark.parametrize("seconds", [0.01, 1.5, 6.1])
def test_piece_by_piece_is_the_whole_song_at_once(tiny: Path, seconds: float) -> None:
    audio = music(seconds)

    stems = stems_of(tiny, audio)

    assert stems.shape == (4, 2, audio.frames)
    np.testing.assert_allclose(stems, whole_song_by_demucs(find_weights(tiny), audio), atol=2e-6)


@pytest.mark.parametrize("frames", [1, 441, 100_001])
def test_the_older_class_serves_too(tmp_path: Path, frames: int) -> None:
    model, audio = write_tiny_hdemucs(tmp_path / "hd.safetensors"), music(frames / 44_100)

    stems = stems_of(model, audio)

    assert stems.shape == (4, 2, frames)
    assert np.isfinite(stems).all()


def test_a_bag_weighs_its_models(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(tiny.read_bytes())
    write_tiny(tmp_path / "b.safetensors", seed=1)
    (tmp_path / "bag.yaml").write_text("models: [a, b]\nweights: [[1, 0, 1, 1], [0, 1, 1, 3]]")
    audio = music(2.5)

    bag = stems_of(tmp_path, audio)
    a, b = (stems_of(tmp_path / f"{n}.safetensors", audio) for n in "ab")

    drums, bass, vocals, other = bag
    np.testing.assert_allclose(drums, a[0], atol=1e-6)
    np.testing.assert_allclose(bass, b[1], atol=1e-6)
    np.testing.assert_allclose(vocals, (a[2] + 3 * b[2]) / 4, atol=1e-6)
    np.testing.assert_allclose(other, (a[3] + b[3]) / 2, atol=1e-6)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of the hub without a network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def cached(hub: Path, repo: str) -> Path:
    """Return the folder in which the hub's client keeps a repository's files."""
    place = hub / f"models--adefossez--{repo}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc")
    (place / "snapshots" / "abc").mkdir(parents=True)
    return place / "snapshots" / "abc"


def test_the_fine_tuned_bag_takes_each_stem_from_its_own_model(hub: Path) -> None:
    place, audio = cached(hub, "HTDemucs-ft"), music(0.5)
    names = ("f7e0c4bc", "d12395a8", "92cfc3b6", "04573f0d")
    files = [write_tiny(place / f"{name}.safetensors", seed) for seed, name in enumerate(names)]
    rows = [[float(i == k) for k in range(4)] for i in range(4)]
    (place / "htdemucs_ft.yaml").write_text(json.dumps({"models": names, "weights": rows}))

    stems = np.concatenate(list(separator(Path("htdemucs_ft")).separate(audio).blocks), axis=-1)

    bass, vocals = (stems_of(files[STEMS.index(name)], audio) for name in ("bass", "vocals"))
    np.testing.assert_allclose(stems[1], bass[1], atol=1e-6)
    np.testing.assert_allclose(stems[2], vocals[2], atol=1e-6)
    assert not np.allclose(stems[1], vocals[1], atol=1e-3)


def test_six_stems_by_name(hub: Path) -> None:
    place, audio = cached(hub, "HTDemucs-6s"), music(0.5)
    file = write_tiny(place / "5c90dfd2.safetensors", stems=[*STEMS, "guitar", "piano"])
    (place / "htdemucs_6s.yaml").write_text("models: ['5c90dfd2']")

    separation = separator(Path("htdemucs_6s")).separate(audio)

    assert [p.id for p in separation.parts] == ["drums", "bass", "vocals", "other", "guitar", "piano"]
    np.testing.assert_array_equal(next(separation.blocks), next(separator(file).separate(audio).blocks))


def test_shorter_segments_are_demucs_own_and_another_result(tiny: Path) -> None:
    weights, audio = find_weights(tiny), music(3.0)
    short = DemucsSeparator(weights, Computing("cpu", segment=1.2))

    stems = np.concatenate(list(short.separate(audio).blocks), axis=-1)

    truth = whole_song_by_demucs(dataclasses.replace(weights, segment=1.2), audio)
    np.testing.assert_allclose(stems, truth, atol=2e-6)
    assert short.provenance.params["segment"] == 1.2
    assert not short.provenance.same_as(separator(tiny).provenance)
    with pytest.raises(RemixtureError, match=r"up to 1.95 s, got 9"):
        DemucsSeparator(weights, Computing("cpu", segment=9.0)).separate(audio)


def test_bf16_is_nearly_the_same_and_says_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "cpu_has_bf16", lambda: True)
    coarse, audio = DemucsSeparator(find_weights(tiny), Computing("cpu", Precision.BF16)), music(1.0)

    stems = np.concatenate(list(coarse.separate(audio).blocks), axis=-1)

    assert stems.dtype == np.float32
    assert 20 < si_sdr_db(stems, stems_of(tiny, audio)) < 100
    assert coarse.provenance.params["precision"] == "bf16"
    assert not coarse.provenance.same_as(separator(tiny).provenance)
    assert "precision" not in separator(tiny).provenance.params


@pytest.mark.parametrize(("rate", "frames"), [(8_000, 80), (22_050, 50_001), (48_000, 144_001), (192_000, 400_003)])
def test_other_rates_come_back_frame_exact(tiny: Path, rate: int, frames: int) -> None:
    audio = music(frames / rate, rate)

    stems = stems_of(tiny, audio)

    assert stems.shape == (4, 2, frames)
    at_model_rate = Audio(resampled(audio.samples, rate, 44_100), 44_100)
    truth = resampled(stems_of(tiny, at_model_rate), 44_100, rate, frames)
    assert si_sdr_db(stems, truth) > 80


def test_mono_is_stereo_with_equal_sides(tiny: Path) -> None:
    audio = music(2.2, channels=1)

    mono = stems_of(tiny, audio)

    assert mono.shape == (4, 1, audio.frames)
    stereo = stems_of(tiny, Audio(np.repeat(audio.samples, 2, axis=0), 44_100))
    np.testing.assert_allclose(mono[:, 0], stereo.mean(axis=1), atol=1e-6)


def test_silence_stays_silence(tiny: Path) -> None:
    stems = stems_of(tiny, Audio(np.zeros((2, 60_000), dtype=np.float32), 48_000))

    assert np.abs(stems).max() < 1e-6


def test_nothing_random(tiny: Path) -> None:
    audio = music(2.0)

    assert np.array_equal(stems_of(tiny, audio), stems_of(tiny, audio))


def test_progress_rises_and_ctrl_c_stops_in_the_middle(tiny: Path) -> None:
    audio = music(8.0)
    shares: list[float] = []
    list(separator(tiny).separate(audio, shares.append).blocks)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def interrupted(share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    blocks = separator(tiny).separate(audio, interrupted).blocks
    done = 0
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - counts what came before
        for block in blocks:
            done += block.shape[-1]
    assert 0 < done < audio.frames / 2


def test_a_model_that_knows_more_brings_more_parts(tmp_path: Path) -> None:
    six = write_tiny(tmp_path / "six.safetensors", stems=[*STEMS, "guitar", "piano"])

    separation = separator(six).separate(music(0.5))

    assert [p.id for p in separation.parts] == ["drums", "bass", "vocals", "other", "guitar", "piano"]
    assert [p.kind for p in separation.parts] == ["drums", "bass", "vocals", "other", "other", "other"]
    assert len({p.color for p in separation.parts}) == 6
    assert next(separation.blocks).shape[0] == 6


def test_the_provenance_names_the_weights(tiny: Path) -> None:
    given = separator(tiny).provenance

    assert given.algorithm == "demucs"
    assert given.model == find_weights(tiny).sha256
    assert given.same_as(separator(tiny).separate(music(0.1)).provenance)


@pytest.mark.filterwarnings("ignore:Dropping inexistant parameter")
@pytest.mark.parametrize(
    "header",
    [
        {"klass": "demucs.hdemucs.HDemucs"},
        {"kwargs": "{"},
        {"args": "[]", "kwargs": "{}"},
        {"kwargs": json.dumps({"channels": 16})},
    ],
)
def test_weights_that_do_not_fit_their_header_are_a_one_line_error(tmp_path: Path, header: dict[str, Any]) -> None:
    broken = write_tiny(tmp_path / "broken.safetensors", **header)

    with pytest.raises(RemixtureError, match="do not fit their own description") as caught:
        separator(broken).separate(music(0.1))
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there_is_named(tiny: Path) -> None:
    with pytest.raises(RemixtureError, match=r"'cuda:99'.*--device cpu"):
        DemucsSeparator(find_weights(tiny), Computing("cuda:99")).separate(music(0.1))

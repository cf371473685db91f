import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.analysis.stems import small, small_net
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from tests.conftest import null_dbfs

RATE = 44_100


def random_weights(shape: small_net.Shape, seed: int = 0) -> dict[str, Samples]:
    """A network of the right shape that has learnt nothing."""
    rng = np.random.default_rng(seed)
    n, bands, per_band = shape.features, small_net.BANDS, small_net.PER_BAND

    def drawn(*size: int) -> Samples:
        return np.asarray(rng.standard_normal(size) / size[-1] ** 0.5, dtype=np.float32)

    out = small_net.SOURCES * 2 * per_band
    weights = {
        "split": drawn(bands, shape.heard * per_band, n),
        "masks": 3 * drawn(bands, n, out),
        "bias": drawn(bands, 1, out),
        "place": drawn(bands, 1, n),
        "trust": np.ones((small_net.SOURCES, 1, 1, 1), np.float32),
    }
    for name in ("norm", *(f"blocks.{i}.{x}_norm" for i in range(len(shape.dilations)) for x in ("time", "band"))):
        weights |= {f"{name}.weight": np.ones(n, np.float32), f"{name}.bias": drawn(n)}
    for i in range(len(shape.dilations)):
        weights[f"blocks.{i}.taps"] = drawn(3, n)
        for name, (rows, columns) in {
            "up": (2 * n, n), "down": (n, 2 * n), "wide": (2 * bands, bands), "narrow": (bands, 2 * bands),
        }.items():  # fmt: skip
            weights |= {f"blocks.{i}.{name}.weight": drawn(rows, columns), f"blocks.{i}.{name}.bias": drawn(rows)}
    return weights


def written(file: Path, shape: small_net.Shape) -> small.SmallWeights:
    import hashlib

    save_file(random_weights(shape), file, metadata={"shape": json.dumps(shape.described())})
    file.with_suffix(".json").write_text(json.dumps({"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}))
    return small.checked_weights(file)


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "guided"])
def weights(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> small.SmallWeights:
    return written(tmp_path_factory.mktemp("weights") / "tiny.safetensors", small_net.Shape(8, (1, 2), guided=request.param))


def noise(seconds: float, rate: int = RATE, channels: int = 2) -> Audio:
    rng = np.random.default_rng(0)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32), rate)


def stems_of(audio: Audio, weights: small.SmallWeights) -> Samples:
    return np.concatenate(list(small.SmallSeparator(weights).separate(audio).blocks), axis=-1)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_sum_of_the_stems_is_the_song(weights: small.SmallWeights, rate: int, channels: int) -> None:
    song = noise(1.237, rate, channels)

    stems = stems_of(song, weights)

    assert stems.shape == (4, channels, song.frames)
    assert stems.dtype == np.float32
    assert null_dbfs(stems.sum(axis=0), song.samples) < -120


@pytest.mark.parametrize("guided", [False, True])
def test_the_shares_add_up_to_one(*, guided: bool) -> None:
    shape = small_net.Shape(8, (1, 2), guided=guided)
    power = np.random.default_rng(1).uniform(0, 9, (shape.heard, 12, small_net.CELLS)).astype(np.float32)

    shares = small_net.shares(random_weights(shape), shape, power)

    assert shares.shape == (4, 2, 12, small_net.CELLS)
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-5)
    assert shares.std() > 0.05


def test_all_but_nothing_is_left_to_the_last_source(weights: small.SmallWeights) -> None:
    song = noise(2.0)

    pieces = np.concatenate(list(small.in_pieces(song.samples, weights, 50)), axis=-1)

    assert null_dbfs(pieces.sum(axis=0), song.samples) < -120


@pytest.mark.parametrize("piece", [16, 37])
def test_pieces_do_not_show(weights: small.SmallWeights, piece: int) -> None:
    song = noise(4.0)

    whole = np.concatenate(list(small.blocks_of(song, weights, 1000)), axis=-1)
    pieces = list(small.blocks_of(song, weights, piece))

    assert len(pieces) > 4
    np.testing.assert_allclose(np.concatenate(pieces, axis=-1), whole, atol=2e-5)


def test_a_causal_network_does_not_look_ahead() -> None:
    shape = small_net.Shape(8, (1, 2, 4), causal=True, guided=False)
    power = np.random.default_rng(1).uniform(0, 9, (2, 40, small_net.CELLS)).astype(np.float32)
    changed = power.copy()
    changed[:, 20:] *= 3

    before, after = (small_net.shares(random_weights(shape), shape, x) for x in (power, changed))

    np.testing.assert_allclose(before[..., :20, :], after[..., :20, :], atol=1e-6)
    assert np.abs(before[..., 20, :] - after[..., 20, :]).max() > 1e-3


def test_loudness_changes_nothing_but_loudness(weights: small.SmallWeights) -> None:
    song = noise(1.0)

    loud, quiet = (stems_of(Audio(song.samples * np.float32(gain), RATE), weights) for gain in (1.0, 0.1))

    np.testing.assert_allclose(quiet * 10, loud, atol=1e-4)


@pytest.mark.parametrize("frames", [1, 441])
def test_next_to_nothing_is_taken_apart_as_well(weights: small.SmallWeights, frames: int) -> None:
    song = Audio(np.full((2, frames), 0.5, dtype=np.float32), RATE)

    assert null_dbfs(stems_of(song, weights).sum(axis=0), song.samples) < -120
    assert not stems_of(Audio(np.zeros((2, frames), dtype=np.float32), RATE), weights).any()


def test_each_bin_has_a_cell() -> None:
    bins = np.arange(small_net.SIZE // 2 + 1, dtype=np.float32)

    assert small_net.widths().sum() == bins.size
    assert small_net.pooled(bins).sum() == bins.sum()
    assert small_net.pooled(bins)[128] == 128 + 129


def test_another_file_than_the_card_describes_is_refused(tmp_path: Path) -> None:
    shape = small_net.Shape(8, (1,))
    good = written(tmp_path / "a.safetensors", shape)
    good.file.write_bytes(good.file.read_bytes()[:-1] + b"\x00\x00")

    with pytest.raises(RemixtureError, match=r"a\.safetensors is not the file that a\.json describes"):
        small.checked_weights(good.file)
    good.file.with_suffix(".json").unlink()
    with pytest.raises(RemixtureError, match="cannot read the weights"):
        small.checked_weights(good.file)
    with pytest.raises(RemixtureError, match="cannot read the weights"):
        small.checked_weights(Path())


def test_a_file_without_a_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"nothing": np.zeros(1, np.float32)}, file)

    with pytest.raises(RemixtureError, match="holds no network"):
        small.loaded(small.SmallWeights(file, "0"))


def test_progress_rises_to_the_end(weights: small.SmallWeights) -> None:
    shares: list[float] = []
    list(small.blocks_of(noise(3.0), weights, 40, shares.append))

    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == 1.0


def test_no_torch_on_this_path(weights: small.SmallWeights) -> None:
    code = (
        "import sys, numpy; from pathlib import Path; from engine.model.audio import Audio;"
        "from engine.analysis.stems import small;"
        "weights = small.checked_weights(Path(sys.argv[1]));"
        "list(small.SmallSeparator(weights).separate(Audio(numpy.ones((1, 9), 'f4'), 8000)).blocks);"
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[4]

    assert subprocess.run([sys.executable, "-c", code, str(weights.file)], cwd=root, check=False).returncode == 0

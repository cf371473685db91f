import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.analysis.stems.small import checked_weights
from engine.analysis.stems.small_net import CELLS
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.train.drums.refined.generator import HEARD, REACH, STRIDE, Generator
from engine.train.drums.refined.models import read
from engine.train.drums.refined.separator import CONTEXT, RefinedSeparator, in_pieces
from tests.conftest import null_dbfs

WIDTHS = (4, 4, 4, 4)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one generator that has learnt nothing, and its card."""
    torch.manual_seed(0)
    tensors = {f"common.{name}": 3 * value.contiguous() for name, value in Generator(WIDTHS).state_dict().items()}
    file = tmp_path / "a.safetensors"
    save_file(tensors, file, metadata={"models": json.dumps(["common"]), "widths": json.dumps(WIDTHS)})
    file.with_suffix(".json").write_text(json.dumps({"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}))
    return file


def noise(seconds: float, rate: int = 44_100, channels: int = 2) -> Audio:
    rng = np.random.default_rng(0)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32), rate)


def stems_of(audio: Audio, file: Path) -> Samples:
    return np.concatenate(list(RefinedSeparator(checked_weights(file)).separate(audio).blocks), axis=-1)


def test_shares_lie_between_nothing_and_all_and_begin_with_the_drums() -> None:
    shares = Generator(WIDTHS)(torch.rand(2, HEARD, 16, CELLS)).detach()

    assert shares.shape == (2, 1, 4, 2, 16, CELLS)
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert shares[:, 0, 0].min() > 0.7
    assert shares[:, 0, 2:].max() < 0.3
    assert not shares[:, 0, 1].any()


def test_no_cell_depends_on_what_is_out_of_reach() -> None:
    net = Generator(WIDTHS)
    power = torch.rand(1, HEARD, 128, CELLS)
    changed = power.clone()
    changed[:, :, REACH + 8 :] = 0

    before, after = net(power).detach(), net(changed).detach()

    np.testing.assert_allclose(after[..., :8, :], before[..., :8, :], atol=1e-6)
    assert (after[..., 44, :] - before[..., 44, :]).abs().max() > 0


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (22_050, 2)])
def test_the_sum_of_the_stems_is_the_song(file: Path, rate: int, channels: int) -> None:
    song = noise(0.7, rate, channels)

    stems = stems_of(song, file)

    assert stems.shape == (4, channels, song.frames)
    assert null_dbfs(stems.sum(axis=0), song.samples) < -120
    assert stems[0].std() > 1e-3


def test_silence_has_no_drums(file: Path) -> None:
    assert not stems_of(Audio(np.zeros((2, 9000), dtype=np.float32), 44_100), file).any()


def test_pieces_do_not_show(file: Path) -> None:
    net, song = read(file).generators["common"], noise(3.0).samples

    whole, pieces = (np.concatenate(list(in_pieces(song, net, piece)), axis=-1) for piece in (800, 5 * STRIDE))

    assert CONTEXT % STRIDE == 0
    np.testing.assert_allclose(pieces, whole, atol=2e-5)


def test_another_file_than_the_card_describes_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RemixtureError, match=r"a\.safetensors is not the file that a\.json describes"):
        checked_weights(file)


def test_a_file_without_models_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "b.safetensors"
    save_file({"nothing": torch.zeros(1)}, file)
    file.with_suffix(".json").write_text(json.dumps({"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}))

    with pytest.raises(RemixtureError, match="holds no models of drums"):
        next(iter(RefinedSeparator(checked_weights(file)).separate(noise(0.1)).blocks))

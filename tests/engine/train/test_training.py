import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis.stems import small, small_net
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.train import __main__, sources
from engine.train.network import SmallNet
from engine.train.training import Plan, begun, train
from engine.train.written import plot, tensors_of, write

SHAPE = small_net.Shape(8, (1, 2), guided=False)
PLAN = Plan(steps=12, batch=2, frames=16, pool=3, first=2, songs=2, mixture=24, rate=1e-2, warm=2, shape=SHAPE)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("causal", "guided"), [(False, False), (True, False), (False, True)])
def test_numpy_computes_what_torch_trains(*, causal: bool, guided: bool) -> None:
    shape = small_net.Shape(8, (1, 3), causal, guided)
    torch.manual_seed(0)
    net = SmallNet(shape)
    power = torch.rand(1, shape.heard, 30, small_net.CELLS)

    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    found = small_net.shares(weights, shape, power[0].numpy())

    np.testing.assert_allclose(found, net(power)[0].detach().numpy(), atol=2e-6)


def test_a_guided_network_starts_from_its_guide() -> None:
    shape = small_net.Shape(8, (1, 3))
    power = torch.rand(1, shape.heard, 5, small_net.CELLS) + 0.1

    shares = SmallNet(shape)(power).detach()[0].numpy()

    stems = power[0, 2:].view(4, 2, 5, small_net.CELLS).numpy()
    assert np.abs(shares - stems / stems.sum(axis=0)).mean() < 0.05
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-5)


def test_a_few_steps_lower_the_loss(make: Callable[[int], Samples], tmp_path: Path) -> None:
    state = train(replace(PLAN, steps=20, fresh=0.0), make, tmp_path / "a.safetensors")

    assert np.mean(state.losses[-6:]) < 0.95 * np.mean(state.losses[:6])


def test_what_was_broken_off_goes_on_bit_for_bit(make: Callable[[int], Samples], tmp_path: Path) -> None:
    whole = train(PLAN, make, tmp_path / "whole.safetensors")
    broken = tmp_path / "broken.safetensors"

    def stop(step: int, *_: object) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(PLAN, make, broken, every=4, told=stop)
    resumed = train(PLAN, make, broken, resume=True)

    assert resumed.step == whole.step == 12
    assert resumed.losses == whole.losses
    for name, value in whole.mean.items():
        assert torch.equal(resumed.mean[name], value), name


def test_a_checkpoint_of_other_settings_is_refused(make: Callable[[int], Samples], tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    train(replace(PLAN, steps=1), make, file)

    with pytest.raises(RemixtureError, match="seed 0, not 1"):
        train(replace(PLAN, steps=1, seed=1), make, file, resume=True)
    file.write_bytes(b"nothing")
    with pytest.raises(RemixtureError, match="no checkpoint"):
        train(PLAN, make, file, resume=True)


def test_what_is_written_can_be_separated_with(tmp_path: Path) -> None:
    plan = Plan(steps=1, shape=SHAPE)
    file = tmp_path / "a.safetensors"
    state = begun(plan)
    write(file, tensors_of(state), state, plan, {"vocadito": sources.LICENCES["vocadito"]}, {"kept": 1.0})
    plot(file.with_suffix(".png"), [2.0, 1.5, 1.2])

    card = json.loads(file.with_suffix(".json").read_text())
    song = Audio(np.random.default_rng(0).standard_normal((2, 9000)).astype(np.float32), 44_100)
    stems = next(small.SmallSeparator(small.checked_weights(file)).separate(song).blocks)

    assert "CC BY 4.0" in card["data"]["vocadito"]
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    np.testing.assert_allclose(stems.sum(axis=0), song.samples, atol=1e-5)


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["engine.train", "--data", str(tmp_path), "--out", str(tmp_path / "a.safetensors"), "--threads", "1"]
    monkeypatch.setattr(sys, "argv", command)

    with pytest.raises(SystemExit) as left:
        __main__.main()

    assert left.value.code == 2
    assert "sonic_pi" in capsys.readouterr().err


def test_the_command_trains_and_writes(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.safetensors"
    monkeypatch.setattr(sources, "SOUND_FONTS", ())
    monkeypatch.setattr(sys, "argv", ["engine.train", "--data", str(data), "--out", str(out), "--causal", "--minutes", "0"])

    __main__.main()

    assert "0 steps" in capsys.readouterr().err
    assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors", ".json", ".png"}
    assert small.loaded(small.checked_weights(out))[1].causal

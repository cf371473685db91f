import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from engine.analysis.stems.small_net import CELLS
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.train import sources
from engine.train.drums import __main__, written
from engine.train.drums.choice import learnt
from engine.train.drums.course import Plan, chapters, taught
from engine.train.drums.critic import Critic
from engine.train.drums.exam import builtin, mean_sdr_db, mixtures
from engine.train.drums.genres import ACOUSTIC, ELECTRONIC, GENRES, Heard, drums
from engine.train.drums.lessons import power_of
from engine.train.drums.refined.generator import Generator
from engine.train.drums.refined.models import read
from engine.train.songs import Bank

PLAN = Plan(
    steps=12, batch=2, frames=16, pool=3, first=1, fresh=0.1, songs=1, mixture=24, widths=(4, 4, 4, 4), song_seconds=1.5
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def banks(bank: Bank) -> dict[str, Bank]:
    return {"common": bank, "electronic": bank}


def places(folder: Path) -> Callable[[str], Path]:
    return lambda name: folder / f"{name}.safetensors"


def tiny() -> Generator:
    torch.manual_seed(0)
    return Generator((4, 4, 4, 4))


def test_the_critic_does_not_hear_how_loud_drums_are() -> None:
    critic, power = Critic(32), torch.rand(3, 32, CELLS) + 0.1

    verdict = critic(power)

    assert verdict.shape == (3,)
    np.testing.assert_allclose(critic(power * 50).detach(), verdict.detach(), atol=1e-4)


def test_what_was_broken_off_goes_on_bit_for_bit(banks: dict[str, Bank], tmp_path: Path) -> None:
    course = chapters(PLAN, (ELECTRONIC,), critic=True)
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()

    def stop(chapter: str, step: int, *_: object) -> None:
        if chapter == "electronic-adversarial" and step == 3:
            raise KeyboardInterrupt

    whole = taught(PLAN, course, banks, places(tmp_path / "whole"), resume=False, until=np.inf)
    with pytest.raises(KeyboardInterrupt):
        taught(PLAN, course, banks, places(tmp_path / "broken"), resume=False, until=np.inf, every=2, told=stop)
    resumed = taught(PLAN, course, banks, places(tmp_path / "broken"), resume=True, until=np.inf)

    assert list(whole.models) == ["common", "electronic-mse", "electronic-adversarial"]
    assert resumed.losses == whole.losses
    for name, weights in whole.models.items():
        for key, value in weights.items():
            assert torch.equal(resumed.models[name][key], value), (name, key)


def test_a_chapter_waits_for_the_one_it_builds_on(banks: dict[str, Bank], tmp_path: Path) -> None:
    course = chapters(PLAN, (ELECTRONIC,), critic=False)

    assert not taught(PLAN, course, banks, places(tmp_path), resume=False, until=0.0).models
    assert not list(tmp_path.iterdir())
    (tmp_path / "common.safetensors").write_bytes(b"nothing")
    with pytest.raises(RemixtureError, match="no checkpoint"):
        taught(PLAN, course, banks, places(tmp_path), resume=True, until=np.inf)


def test_the_score_of_the_built_in_drums_is_that_of_their_samples(make: Callable[[int], Samples]) -> None:
    one = mixtures(make, 0, 1, 24)[0]
    parts = torch.from_numpy(one.parts[None])

    assert power_of(builtin(parts), parts).sum().item() == pytest.approx(one.parts[0].sum(), rel=1e-5)
    assert np.isfinite(mean_sdr_db(None, [one] * 2))


def test_the_choice_finds_what_it_learnt_and_files_are_refused_when_changed(
    make: Callable[[int], Samples], tmp_path: Path
) -> None:
    some = mixtures(make, 0, 4, 24)
    dull = [replace(x, parts=x.parts * np.linspace(1, 0, CELLS, dtype=np.float32)) for x in some]
    choice = learnt(("electronic", "acoustic"), some, dull)
    file = tmp_path / "a.safetensors"

    written.write(file, {"common": tiny().state_dict()}, choice, (4, 4, 4, 4), {"steps": 1}, {"sonic_pi": "CC0"})
    again = read(file)

    assert again.choice is not None
    assert again.choice.genres == ("electronic", "acoustic")
    np.testing.assert_allclose(again.choice.weight, choice.weight, atol=1e-3)
    assert json.loads(file.with_suffix(".json").read_text())["data"]
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RemixtureError, match=r"a\.safetensors is not the file that a\.json describes"):
        read(file)


def test_what_is_held_out_is_not_in_training(tmp_path: Path) -> None:
    folder = tmp_path / "sonic_pi"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(12):
        soundfile.write(folder / f"bd_{i}.flac", rng.uniform(-1, 1, 100), 44_100)

    training, held_out = (drums(tmp_path, None, ELECTRONIC, heard).struck["kick"] for heard in Heard)

    assert len(training) + len(held_out) == 12
    assert len(training) > len(held_out) > 0
    with pytest.raises(RemixtureError, match="no acoustic drums"):
        drums(tmp_path, None, ACOUSTIC)
    assert len(GENRES) == 2


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["engine.train.drums", "--data", str(tmp_path), "--out", str(tmp_path / "a.safetensors"), "--threads", "1"]
    monkeypatch.setattr(sources, "SOUND_FONTS", ())
    monkeypatch.setattr(sys, "argv", command)

    with pytest.raises(SystemExit) as left:
        __main__.main()

    assert left.value.code == 2
    assert "sonic_pi" in capsys.readouterr().err


def test_the_command_writes_what_there_is_when_time_is_up(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.safetensors"
    monkeypatch.setattr(sources, "SOUND_FONTS", ())
    monkeypatch.setattr(
        sys, "argv", ["engine.train.drums", "--data", str(data), "--out", str(out), "--minutes", "0", "--threads", "1"]
    )

    __main__.main()

    assert "0 steps" in capsys.readouterr().err
    assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors", ".json", ".png"}
    assert not read(out).generators

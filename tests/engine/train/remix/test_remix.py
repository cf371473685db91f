import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis.remix.shape import Shape
from engine.analysis.remix.weights import checked, loaded
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.train import songs, sources
from engine.train.remix import __main__
from engine.train.remix.examples import Songs, examples
from engine.train.remix.loss import Weights, sdr
from engine.train.remix.multitracks import Shelf, grouped, multitrack
from engine.train.remix.training import Plan, train

SHAPE = Shape(rate=8000, kernel=64, bottleneck=16, hidden=16, blocks=2, repeats=1)
PLAN = Plan(8, Weights(1, 1), batch=2, seconds=0.5, songs=2, warm=2, learning_rate=1e-2, shape=SHAPE)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def kept(make: Callable[[int], Samples]) -> Songs:
    made = [make(i)[..., ::5].astype(np.float16) for i in range(2)]
    return lambda index: made[index]


def test_a_few_steps_lower_the_loss(kept: Songs, tmp_path: Path) -> None:
    for model in (1, 2):
        plan = replace(PLAN, steps=40, songs=1, shape=replace(SHAPE, model=model))
        losses = train(plan, kept, tmp_path / f"{model}.safetensors").losses

        assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 1.0


def test_what_was_broken_off_goes_on_bit_for_bit(kept: Songs, tmp_path: Path) -> None:
    whole = train(PLAN, kept, tmp_path / "whole.safetensors")
    broken = tmp_path / "broken.safetensors"

    def stop(step: int, *_: object) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(PLAN, kept, broken, every=4, told=stop)
    resumed = train(PLAN, kept, broken, resume=True)

    assert resumed.losses == whole.losses
    for name, value in whole.mean.items():
        assert torch.equal(resumed.mean[name], value), name
    with pytest.raises(RemixtureError, match="weights '1:1', not '4:1'"):
        train(replace(PLAN, weights=Weights.told("K:1", 4)), kept, broken, resume=True)


def test_examples_depend_on_seed_and_step_alone(
    kept: Songs,
) -> None:
    first, gains = examples(kept, 2, 0, 7, 3, 1000, 3)
    again, _ = examples(kept, 2, 0, 7, 3, 1000, 3)
    other, _ = examples(kept, 2, 0, 8, 3, 1000, 3)

    assert first.shape == (3, 3, 1000)
    assert gains.shape == (3, 3)
    assert np.all((gains >= 10 ** (-12 / 20)) & (gains <= 10 ** (12 / 20)))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_error_20_db_below_scores_20_db() -> None:
    truth = torch.randn(3, 5000)

    found = sdr(truth + 0.1 * truth.flip(0), truth, truth)

    torch.testing.assert_close(found, torch.full((3,), 20.0), atol=0.5, rtol=0)


def test_where_a_source_is_silent_silence_is_right_but_wins_nothing() -> None:
    mixture, silence = torch.randn(1, 5000), torch.zeros(1, 5000)

    assert sdr(silence, silence, mixture).item() == pytest.approx(0.0)
    assert sdr(0.1 * mixture, silence, mixture).item() < -10.0


@pytest.mark.parametrize("text", ["1", "a:1", "0:0", "-1:1", "nan:1"])
def test_weights_of_a_loss_are_two_numbers(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Weights.told(text, 4)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_sources_sum_to_the_same_song_however_many(bank: songs.Bank, count: int) -> None:
    song = multitrack(bank, 0, 0, count, 1.0)

    sources_of = grouped(song, count)

    assert len(sources_of) == count
    np.testing.assert_allclose(sources_of.sum(axis=0), song.sum(axis=0), atol=1e-5)


def test_songs_are_made_once(bank: songs.Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(songs, "SECONDS", 1.0)
    asked: list[int] = []

    def bank_of() -> songs.Bank:
        asked.append(1)
        return bank

    made = Shelf(tmp_path, bank_of, 0, 4, 8000).song(0)
    again = Shelf(tmp_path, bank_of, 0, 4, 8000)

    np.testing.assert_array_equal(again.song(0), made)
    assert len(asked) == 1
    next(tmp_path.iterdir()).write_bytes(b"nothing")
    with pytest.raises(RemixtureError, match="no song: remove it"):
        Shelf(tmp_path, bank_of, 0, 4, 8000).song(0)


def test_the_command_trains_and_writes(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "a.safetensors"
    monkeypatch.setattr(sources, "SOUND_FONTS", ())
    command = [
        "remix",
        "--data",
        str(data),
        "--out",
        str(out),
        "--songs",
        "1",
        "--minutes",
        "0",
        "--model",
        "2",
        "--threads",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", [*command, "--weights", "1:0"])

    __main__.main()

    card = json.loads(out.with_suffix(".json").read_text())
    assert loaded(checked(out)).shape.model == 2
    assert card["steps"] == 0
    assert card["settings"]["weights"] == "1:0"
    assert card["settings"]["learning_rate"] == 2e-3
    assert set(card["data"]) == {"sonic_pi", "synthesis", "vocadito"}
    assert out.with_suffix(".png").exists()
    monkeypatch.setattr(sys, "argv", [*command, "--weights", "much"])
    with pytest.raises(SystemExit):
        __main__.main()

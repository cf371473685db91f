import argparse
import signal
from pathlib import Path

import pytest

from engine.model.errors import RemixtureError
from engine.train.command import STOPPED, obey, prepare


def options(out: Path) -> argparse.Namespace:
    return argparse.Namespace(out=out)


@pytest.mark.parametrize("name", ["a.json", "a.png", "a"])
def test_what_the_card_or_the_plot_would_replace_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RemixtureError, match=r"--out takes a \.safetensors file"):
        prepare(options(tmp_path / name))


def test_where_nothing_can_be_written_is_told_before_training(tmp_path: Path) -> None:
    prepare(options(tmp_path / "new" / "a.safetensors"))
    (tmp_path / "file").touch()

    assert (tmp_path / "new").is_dir()
    with pytest.raises(RemixtureError, match="cannot write to"):
        prepare(options(tmp_path / "file" / "a.safetensors"))


def test_ctrl_c_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    monkeypatch.setattr("sys.argv", ["train", "--out", str(tmp_path / "a.safetensors")])

    with pytest.raises(SystemExit) as left:
        obey(parser, lambda _: signal.raise_signal(signal.SIGINT))

    assert left.value.code == STOPPED
    assert capsys.readouterr().err.strip() == "stopped: --resume goes on from the last checkpoint"

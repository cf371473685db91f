import argparse
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import midi
from bridge.midi.preset import read_preset
from engine.model.errors import RemixtureError
from tests.bridge.midi.test_jack import Process, device
from tests.conftest import ROOT
from tests.servers import jack_server

PROGRAM = (
    "import argparse, sys; from bridge.cli import midi; top = argparse.ArgumentParser(); midi.add_parser(top.add_subparsers());"
)
PROGRAM += "options = top.parse_args(sys.argv[1:]); options.run(options)"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a person's own that is not a real one's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> None:
    top = argparse.ArgumentParser()
    midi.add_parser(top.add_subparsers())
    options = top.parse_args(["midi", *arguments])
    options.run(options)


def test_without_midi_it_says_so_in_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "remixture-nobody")

    run("--api", "jack")

    out, err = capsys.readouterr()
    assert out.startswith("no MIDI: no JACK server runs")
    assert (out.count("\n"), err) == (1, "")


def test_a_path_that_is_none_is_refused_before_anything_is_moved() -> None:
    with pytest.raises(RemixtureError, match=r"there is no parameter 'deck.a.drums.volume'"):
        run("--learn", "deck.a.drums.volume")


def test_ports_and_their_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with jack_server(), device(), device("box"):
        run("--api", "jack")

    lines = capsys.readouterr().out.splitlines()
    nano = next(line for line in lines if line.startswith("nanoKONTROL2:MIDI 1"))
    assert "Korg nanoKONTROL2" in nano
    assert "not tried on the device" in nano
    assert "generic" in next(line for line in lines if line.startswith("box:MIDI 1"))


def test_monitor_prints_what_comes_and_ctrl_c_ends_it() -> None:
    with jack_server(), device() as box, Process(PROGRAM, "midi", "nano", "--monitor", "--api", "jack") as monitor:
        monitor.hear("Ctrl-C ends")
        box.tell("b0 00 41")
        assert monitor.hear("B0 00 41").endswith("-> deck.a.#1.gain")
        monitor.process.send_signal(signal.SIGINT)
        assert monitor.process.wait(10) == 0


def test_learn_saves_what_was_moved(home: Path) -> None:
    with (
        jack_server(),
        device() as box,
        Process(PROGRAM, "midi", "nano", "--learn", "master.crossfader", "--api", "jack") as learn,
    ):
        while learn.process.poll() is None:
            box.tell(",".join(f"b0 17 {value:02x},b0 37 {value:02x}" for value in range(20)))
            try:
                learn.process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
        assert learn.hear("saved").startswith("cc14 23 on channel 1 (absolute) is now master.crossfader")

    files = list((home / "remixture" / "midi").iterdir())
    assert [binding.path for binding in read_preset(files[0]).bindings] == ["master.crossfader"]
    assert len(files) == 1


def test_the_words_help_is_quick_to_load() -> None:
    code = (
        "import sys; from bridge.cli import midi; print(*[m for m in ('rtmidi', 'mido', 'jack', 'numpy') if m in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout == "\n"

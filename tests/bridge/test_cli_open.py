"""`remixture open` as a person starts it: a process of its own that reads lines."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from engine.store.take import read_take
from tests.bridge.session.rig import RATE, alive, children, command, make_set, start, until
from tests.conftest import loop_song


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_set(tmp_path_factory.mktemp("open"))


@pytest.fixture
def opened() -> Iterator[list[Popen[str]]]:
    """Sessions that a test starts; none outlives it, nor what it started."""
    started: list[Popen[str]] = []
    yield started
    for session in started:
        session.kill()
        session.communicate()


def said(session: Popen[str], lines: str) -> tuple[str, str]:
    """Say lines to a session and return what it said until its end."""
    out, err = session.communicate(lines, timeout=120)
    assert session.returncode == 0, err
    return out, err


def test_what_was_heard_is_the_take_rendered_again(folder: Path, tmp_path: Path, opened: list[Popen[str]]) -> None:
    take, heard, again = (tmp_path / name for name in ("take.jsonl", "heard.wav", "again.wav"))
    opened.append(start(folder, "--sink", "file", "--device", heard, "--no-midi", "--take", take))

    moves = ("wait 0.3", "a parts loops", "a seek 3", "wait 0.2", "a tempo 1.05", "wait 0.5")
    out, err = said(
        opened[0], "\n".join(["wait 0.3", "a.drums +6", "a.bass mute", "status", *moves, "status", "foo", "quit", ""])
    )

    assert "song-0" in out
    assert "drums +6.0, bass mute" in out
    assert "loops  loop-1 +0.0, residual +0.0" in out
    assert f"to render it: remixture render --take {take} -o performance.wav --bits 32f" in err
    assert [line for line in err.splitlines() if "foo" in line] == [
        "remixture: nothing is called 'foo'; help says what there is"
    ]
    assert main(["render", "--take", str(take), "-o", str(again), "--bits", "32f"]) == 0
    x, y = (soundfile.read(path, dtype="float32", always_2d=True)[0] for path in (heard, again))
    frames = read_take(take).frames
    # The limiter lets everything out later, and a render takes that off.
    late = int(np.argmax(np.abs(x).max(axis=1) > 0) - np.argmax(np.abs(y).max(axis=1) > 0))
    assert 0 <= late < RATE // 50
    assert np.abs(y).max() > 0.01
    assert frames > RATE
    np.testing.assert_array_equal(x[late:frames], y[: frames - late])


def test_a_killed_session_leaves_no_process_and_a_whole_take(folder: Path, tmp_path: Path, opened: list[Popen[str]]) -> None:
    take, song = tmp_path / "take.jsonl", tmp_path / "new.wav"
    soundfile.write(song, loop_song(20.0, RATE).samples.T, RATE)
    session = start(folder, song, "-o", tmp_path, "--sink", "null", "--no-midi", "--take", take)
    opened.append(session)
    assert session.stdin is not None
    session.stdin.write("a.drums -5\n")
    session.stdin.flush()
    until(lambda: take.exists() and [c.value for c in read_take(take).commands if c.path == "deck.a.drums.gain"], 60.0)
    started = children(session.pid)
    assert sum("spawn_main" in command(pid) for pid in started) == 2

    session.send_signal(signal.SIGKILL)
    session.wait()

    until(lambda: not any(map(alive, started)), 10.0)
    found = read_take(take)
    assert found.late is None
    assert not found.torn


def test_ctrl_c_ends_it_in_order(folder: Path, tmp_path: Path, opened: list[Popen[str]]) -> None:
    take = tmp_path / "take.jsonl"
    session = start(folder, "--sink", "null", "--no-midi", "--take", take)
    opened.append(session)
    until(lambda: take.exists() and read_take(take).commands, 60.0)

    for pid in (session.pid, *children(session.pid)):
        signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGINT)
    _, err = session.communicate(timeout=30)

    assert session.returncode == 0, err
    assert "Traceback" not in err
    assert read_take(take).late is not None


def test_without_songs_it_says_so_and_knows_only_whole_lines(tmp_path: Path, opened: list[Popen[str]]) -> None:
    arguments = ("--sink", "null", "--no-midi", "--fx", "a.drums=echo-out", "--take", tmp_path / "the take.jsonl")
    opened.append(start(*arguments))

    out, err = said(opened[0], "?\nstatus now\nwait 0 1\nwait inf\nfx A echo-out now\nlearn a.gain b.gain\nQUIT\n")

    assert "learn a.drums.gain" in out
    assert [line.removeprefix("remixture: ") for line in err.splitlines()] == [
        "--fx a.drums=echo-out: there is no 'a.drums' now; nothing is on deck a",
        "no song yet: load a SONG",
        f"the take is {tmp_path / 'the take.jsonl'}",
        "status stands alone, got 'now' as well",
        "wait takes seconds, such as: wait 2.5",
        "wait takes seconds, such as: wait 2.5",
        "fx takes a place and a chain, such as: fx a.drums echo-out, or: fx master off",
        "learn takes one parameter, such as: learn a.drums.gain; or none, which gives up",
        f"to render it: remixture render --take '{tmp_path / 'the take.jsonl'}' -o performance.wav --bits 32f",
    ]


@pytest.mark.slow
def test_a_song_is_prepared_while_another_plays(folder: Path, tmp_path: Path, opened: list[Popen[str]]) -> None:
    audio = loop_song(4.0, RATE, seed=3)
    song, take = tmp_path / "new.wav", tmp_path / "take.jsonl"
    soundfile.write(song, audio.samples.T, RATE)
    session = start(folder, song, "-o", tmp_path, "--sink", "null", "--no-midi", "--sync", "--take", take)
    opened.append(session)

    until(lambda: take.exists() and [c for c in read_take(take).commands if c.path == "deck.b.play"], 100.0)
    _, err = said(session, f"load c {song}\nload e {song}\nquit\n")

    assert "new.wav is on deck b" in err
    assert "there is no deck 'e'" in err
    loaded = [command.path for command in read_take(take).commands if command.path.endswith(".load")]
    assert loaded == ["deck.a.load", "deck.b.load", "deck.c.load"]
    assert (tmp_path / "new.remix" / "set.json").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nothing.wav"], "nothing.wav does not exist"),
        (["--sink", "gramophone"], "no sink is called 'gramophone'"),
        (["--connect", "master", "--sink", "null"], "--connect takes a pair and two ports"),
        (["a", "b", "c", "d", "e"], "there are 4 decks, got 5 songs"),
        (["--rate", "5", "--sink", "null"], "--rate must be within 8000 to 192000 Hz, got 5"),
        (["--frames", "8", "--sink", "null"], "--frames must be within 16 to 8192 frames, got 8"),
        (["--tempo", "5", "--sink", "null"], "--tempo must be within 20 to 400 bpm, got 5"),
        (["--fx", "a.drums=nothing-like-it"], "there is no effect chain 'nothing-like-it'"),
        (["--fx", "e.drums=echo-out"], "--fx takes a place and a chain"),
        (["--fx", "a.drums"], "--fx takes a place and a chain"),
        (["--clock", "drum", "--no-midi"], "--clock drum needs MIDI"),
    ],
)
def test_what_cannot_be_opened_is_one_line(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", *arguments, "--no-take"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert text in err

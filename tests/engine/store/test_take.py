import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.take import TakeChain, TakeHead, TakeSong
from engine.store.take import TakeWriter, read_take
from tests.conftest import ROOT

SONG = TakeSong("A song", "ab" * 32, "/sets/a.remix", {"stems": (("drums", "01" * 32), ("residual", "02" * 32))})
HEAD = TakeHead(48_000, 256, "R2", "2026-11-21T12:00:00+00:00", "0.1.0", (SONG,))
FIRST = (
    b'{"rate":48000,"block":256,"engine":"R2","date":"","version":"0.1.0","songs":'
    b'[{"title":"a","sha256":"","folder":"","decompositions":{"stems":[["drums",""]]}}],"schema":"remixture/take/1"}\n'
)


def lines(path: Path, *wanted: bytes) -> Path:
    path.write_bytes(FIRST + b"".join(wanted))
    return path


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    later = TakeSong("Später", "cd" * 32, "", {"loops": (("loop-1", "03" * 32),)})
    chain = TakeChain("room", 'schema = "remixture/fx/1"\n')
    with TakeWriter(tmp_path / "take.jsonl", HEAD) as writer:
        writer.append(0, "deck.a.load", 0.0)
        writer.append(480, "deck.a.drums.gain", -3.5)
        writer.song(later)
        writer.append(480, "deck.b.load", 1.0)
        writer.chain(chain)
        writer.append(4800, "deck.b.load", -1.0)
        writer.append(4800, "deck.a.drums.fx", 0.0)
        writer.append(4801, "deck.a.drums.fx.1.mix", 0.25)
        writer.end(9600, 2)

    take = read_take(writer.path)

    assert take.head.songs == (SONG, later)
    assert take.head.chains == (chain,)
    assert take.commands == (
        Command(0, "deck.a.load", 0), Command(480, "deck.a.drums.gain", -3.5), Command(480, "deck.b.load", 1),
        Command(4800, "deck.b.load", -1), Command(4800, "deck.a.drums.fx", 0), Command(4801, "deck.a.drums.fx.1.mix", 0.25),
    )  # fmt: skip
    assert (take.frames, take.late, take.torn) == (9600, 2, False)


@given(st.lists(st.tuples(st.integers(0, 2**40), st.floats(0.0, 1.0) | st.sampled_from([5e-324, -0.0, 1 - 2**-53]))))
def test_numbers_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[int, float]]) -> None:
    path = tmp_path_factory.mktemp("bits") / "take.jsonl"
    with TakeWriter(path, HEAD) as writer:
        for frame, value in sorted(wanted):
            writer.append(frame, "master.cue_mix", value)

    found = [(command.at, struct.pack("d", command.value)) for command in read_take(path).commands]

    assert found == [(frame, struct.pack("d", value)) for frame, value in sorted(wanted)]


def test_no_take_is_written_over_another(tmp_path: Path) -> None:
    names = []
    for frame in range(3):
        with TakeWriter(tmp_path / "take.jsonl", HEAD) as writer:
            writer.end(frame, 0)
        names.append(writer.path.name)

    assert names == ["take.jsonl", "take-2.jsonl", "take-3.jsonl"]
    assert [read_take(tmp_path / name).frames for name in names] == [0, 1, 2]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_program_leaves_the_take_up_to_its_last_flush(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.engine.store.test_take import HEAD, TakeWriter\n"
        "writer = TakeWriter(Path(sys.argv[1]), HEAD)\n"
        "for frame in range(1000): writer.append(frame, 'master.gain', -1.5)\n"
        "writer.flush(); writer.append(1000, 'master.gain', 0.0); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "take.jsonl"

    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}, check=False)

    take = read_take(path)
    assert done.returncode == -signal.SIGKILL
    assert len(take.commands) == 1000
    assert (take.frames, take.late, take.torn) == (999 + 2 * 48_000, None, False)


def test_a_take_cut_off_anywhere_is_a_take_up_to_there(tmp_path: Path) -> None:
    with TakeWriter(tmp_path / "take.jsonl", HEAD) as writer:
        for frame in range(5):
            writer.append(frame, "master.gain", -0.1 * frame)
        writer.end(96_000, 0)
    data = writer.path.read_bytes()
    head = data.index(b"\n") + 1

    for length in range(head, len(data)):
        writer.path.write_bytes(data[:length])
        take = read_take(writer.path)
        whole = data[:length].endswith((b"]", b"}", b"\n"))
        assert take.torn is not whole
        assert len(take.commands) == data[head:length].count(b"]")
        assert take.late is (0 if length >= len(data) - 1 else None)


def test_a_full_disk_loses_nothing_once_there_is_room(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = TakeWriter(tmp_path / "take.jsonl", HEAD)
    resource.setrlimit(resource.RLIMIT_FSIZE, (writer.path.stat().st_size + 40, hard))
    try:
        for frame in range(3):
            writer.append(frame, "master.gain", -1.0)
        with pytest.raises(RemixtureError, match=r"cannot write .*take.jsonl: File too large"):
            writer.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_take(writer.path).torn
    writer.append(3, "master.gain", -1.0)
    writer.end(4, 0)

    assert [command.at for command in read_take(writer.path).commands] == [0, 1, 2, 3]


@pytest.mark.parametrize(("line", "said"), [
    (b'[1,"master.volume",0]\n', "no parameter 'master.volume'"),
    (b'[1,"deck.e.gain",0]\n', "no deck 'e'"),
    (b'[1,"deck.a.drums.gain",12.5]\n', "deck.a.drums.gain must be within -12 to 12 dB, got 12.5 dB"),
    (b'[1,"deck.a.play",0.5]\n', "deck.a.play is a switch"),
    (b'[-1,"master.gain",0]\n', "frames never fall"),
    (b'[5,"master.gain",0]\n[4,"master.gain",0]\n', "line 3: frame 4 comes after frame 5"),
    (b'[9999999999999999999999,"master.gain",0]\n', "frame 9999999999999999999999"),
    (b'[1.5,"master.gain",0]\n', "Expected `int`"),
    (b'[1,"master.gain",1e999]\n', "out of range"),
    (b'[1,"master.gain"]\n', "damaged"),
    (b'[1,"\xff",0]\n', "damaged"),
    (b'\n[1,"master.gain",0]\n', "damaged"),
    (b'[1,"deck.a.load",1]\n', "there is no song 1; the list before has 1"),
    (b'[1,"deck.a.load",0.5]\n', "there is no song 0.5"),
    (b'[1,"deck.a.load",-2]\n', "there is no song -2"),
    (b'[1,"deck.a.drums.fx",0]\n', "there is no chain 0; the list before has 0"),
    (b'[1,"drums.fx",0]\n', "effects are at master"),
    (b'[1,"deck.a.drums.kick.fx.1.mix",0]\n', "effects are at master"),
    (b'[1,"deck.q.fx.1.mix",0]\n', "no deck 'q'"),
    (b'{"song":{"title":"b","sha256":"","folder":"","decompositions":{}}}\n', "the song 'b' has no sources"),
    (b'{"remark":"hello"}\n', "damaged"),
    (b"{}\n", "says nothing"),
    (b'[5,"master.gain",0]\n{"end":4,"late":0}\n', "line 3: frame 4"),
    (b'{"end":4,"late":0}\n[5,"master.gain",0]\n', "line 3: comes after the end"),
])  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: bytes, said: str) -> None:
    path = lines(tmp_path / "take.jsonl", line)

    with pytest.raises(RemixtureError) as caught:
        read_take(path)

    text = str(caught.value)
    assert said in text
    assert f"{path}, line {3 if 'line 3' in said else 2}: " in text
    assert "\n" not in text


@pytest.mark.parametrize(("first", "said"), [
    (b"", "no header"),
    (b"RIFF\x00\x00", "no header"),
    (b'{"schema":"remixture/take/2"}\n', "'remixture/take/2', this Remixture reads 'remixture/take/1'"),
    (FIRST.replace(b"48000", b"0"), "8000 to 384000 Hz, got 0 Hz"),
    (FIRST.replace(b'"R2"', b'"R9"'), "R2, R3, got 'R9'"),
])  # fmt: skip
def test_what_is_no_take(tmp_path: Path, first: bytes, said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(first)

    with pytest.raises(RemixtureError, match="line 1: ") as caught:
        read_take(tmp_path / "a.jsonl")

    assert said in str(caught.value)

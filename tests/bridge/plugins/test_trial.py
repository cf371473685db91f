"""Chains are tried where they may hang and crash: what is said, what is kept, and that nobody is left behind."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.plugins.chain import load_chain
from bridge.plugins.facts import recall
from bridge.plugins.preset import Planned
from bridge.plugins.trial import try_chain
from engine.model.errors import RemixtureError
from tests.bridge.plugins.rig import RATE, need_plugin, open_one, preset_of
from tests.servers import lacking


@pytest.fixture(autouse=True)
def _nobody_left_behind() -> object:
    """Every helper has ended when the test has."""
    before = helpers()
    yield
    assert helpers() == before


def helpers() -> set[int]:
    """Return the processes that have this one as parent, zombies too."""
    lines = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False)
    return {int(line.split()[0]) for line in lines.stdout.splitlines() if not line.endswith(" ps")}


def test_a_plugin_is_tried_once_and_loads_as_it_was_found(zam: Path) -> None:
    preset = preset_of(Planned(plugin=zam.stem, values={"threshold_db": -6.0}))

    facts = try_chain(preset, RATE)

    names = [p.pattern for p in facts.params[0]]
    threshold = facts.params[0][names.index("fx.1.threshold_db")]
    assert names[:2] == ["fx.1.mix", "fx.1.on"]
    assert (threshold.low, threshold.high, threshold.default, threshold.unit) == (-30.0, 0.0, -6.0, "dB")
    assert (facts.latency, facts.mono) == (480, (False,))
    assert recall(preset, RATE) == facts
    assert load_chain(preset, facts, RATE).params == facts.params


def test_what_changed_is_tried_again(zam: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(zam, tmp_path / zam.name)
    preset = preset_of(Planned(plugin=str(copy)))
    try_chain(preset, RATE)

    for file in copy.rglob("*.so"):
        os.utime(file, (1, 1))

    assert recall(preset, RATE) is None


def test_a_plugin_that_hangs_is_given_up() -> None:
    need_plugin("ZamVerb")

    with pytest.raises(RemixtureError, match=r"loading ZamVerb was not done within 1\.5 s"):
        try_chain(preset_of(Planned("Gain"), Planned(plugin="ZamVerb")), RATE, timeout_s=1.5)


def test_a_plugin_that_crashes_is_named(tmp_path: Path) -> None:
    path = bundle(tmp_path, "#include <stdlib.h>\n__attribute__((constructor)) static void crash(void) { abort(); }\n")

    with pytest.raises(RemixtureError, match=r"loading Crash crashed \(SIGABRT\)"):
        try_chain(preset_of(Planned(plugin=str(path))), RATE)


def test_a_plugin_that_leaves_a_child_behind_does_not(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = bundle(
        tmp_path,
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        "__attribute__((constructor)) static void crash(void) { int p = fork(); if (p == 0) for (;;) sleep(60);"
        f'FILE *f = fopen("{pid}", "w"); fprintf(f, "%d", p); fclose(f); abort(); }}\n',
    )

    with pytest.raises(RemixtureError, match=r"loading Crash crashed \(SIGABRT\)"):
        try_chain(preset_of(Planned(plugin=str(path))), RATE, timeout_s=0.5)

    wait_until_gone(int(pid.read_text()))


def test_a_helper_that_nobody_waits_for_ends_by_itself() -> None:
    need_plugin("ZamVerb")
    request = '{"preset": {"name": "x", "text": "", "effects": [{"plugin": "ZamVerb"}]}, "rate": 48000, "timeout_s": 1.0}'
    helper = subprocess.Popen(
        [sys.executable, "-c", "from bridge.plugins.helper import main; main()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert helper.stdin is not None
    assert helper.stdout is not None
    helper.stdin.write(request.encode())
    helper.stdin.close()

    assert helper.wait(20) != 0
    helper.stdout.close()


def test_what_is_no_plugin_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Garbage.vst3"
    path.write_bytes(b"garbage" * 100)

    with pytest.raises(RemixtureError, match="Garbage cannot be opened"):
        try_chain(preset_of(Planned(plugin=str(path))), RATE)


def test_a_state_that_is_none_stops_nothing(zam: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.state").write_bytes(os.urandom(1000))

    try:
        facts = try_chain(preset_of(Planned(plugin=str(zam), state=tmp_path / "bad.state")), RATE)
    except RemixtureError as error:
        assert "ZaMaximX2" in str(error)  # noqa: PT017 (either is right: the plug-in may refuse it or pass it over)
    else:
        assert facts.latency == 480


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        (Planned(plugin="NoSuchPlugin"), "plug-in 'NoSuchPlugin' was not found in"),
        (Planned(plugin="ZaMaximX2", values={"thresold_db": -6.0}), "has no parameter 'thresold_db'; there are release_ms"),
        (Planned(plugin="ZaMaximX2", values={"threshold_db": -60.0}), "must be within -30 to 0 dB, got -60 dB"),
    ],
    ids=["not there", "no such parameter", "outside its range"],
)
def test_what_the_user_got_wrong_is_named(planned: Planned, said: str) -> None:
    need_plugin("ZaMaximX2")

    with pytest.raises(RemixtureError, match=said):
        open_one(planned)


def test_what_goes_wrong_in_the_helper_is_said_here(zam: Path) -> None:
    with pytest.raises(RemixtureError, match="effect chain test: ZaMaximX2: threshold_db must be within -30 to 0 dB"):
        try_chain(preset_of(Planned(plugin=str(zam), values={"threshold_db": -60.0})), RATE)


def bundle(folder: Path, source: str) -> Path:
    """Build a VST3 bundle of a C file."""
    if shutil.which("cc") is None:
        lacking("no C compiler is installed")
    where = folder / "Crash.vst3" / "Contents" / f"{os.uname().machine}-linux"
    where.mkdir(parents=True)
    (folder / "crash.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(where / "Crash.so"), str(folder / "crash.c")], check=True)
    return folder / "Crash.vst3"


def wait_until_gone(pid: int, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.02)

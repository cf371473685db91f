import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.audio import outputs
from bridge.audio.sink import child_environment
from tests.servers import Recorder, jack_server


def test_programs_in_jack_are_found() -> None:
    with jack_server(rate=44_100) as server, Recorder(server, 4, name="daw"):
        (found,) = outputs.outputs("jack")
    assert {(o.name, o.channels, o.rate) for o in found.found} == {("system", 2, 44_100), ("daw", 4, 44_100)}


def test_a_driver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "PROBE_SECONDS", 0.01)
    (found,) = outputs.outputs("pedalboard")
    assert "did not answer" in found.why


@pytest.mark.parametrize(("module", "opening"), [("jack", "jack_client(None)"), ("sounddevice", "sounddevice()")])
def test_without_the_library_one_line_says_so(module: str, opening: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("raise OSError('the shared library was not found')\n")
    code = f"from bridge.audio import libraries; libraries.{opening}"
    environment = child_environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "not installed: `remixture doctor` says how to get it" in run.stderr.splitlines()[-1]

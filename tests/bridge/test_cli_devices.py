import argparse
import json

import pytest

from bridge.audio.outputs import Output, Outputs
from bridge.cli import devices, doctor
from tests.servers import Recorder, jack_server


def words(module: object, *arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_parser(parser.add_subparsers())  # type: ignore[attr-defined]
    return parser.parse_args(arguments)


def test_devices_lists_outputs_and_midi_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with jack_server() as server, Recorder(server, 2, name="daw"):
        devices.run(words(devices, "devices", "--json"))
    document = json.loads(capsys.readouterr().out)
    found = {kind["kind"]: [o["name"] for o in kind["found"]] for kind in document["outputs"]}
    assert found["jack"] == ["system", "daw"]
    assert list(found) == ["pedalboard", "jack", "portaudio"]
    assert all(bool(kind["found"]) != bool(kind["why"]) for kind in document["outputs"])
    assert set(document["midi"]) == {"inputs", "outputs", "why"}


def test_devices_says_what_an_output_has_or_why_there_is_none() -> None:
    daw = Output("jack", "daw", 4, 44_100)
    assert "daw  4 channels  44100 Hz" in devices.described(Outputs("jack", (daw,)))
    assert devices.described(Outputs("jack", (), "no server")) == "jack  nothing: no server"


def test_the_doctor_names_what_lacks_and_what_brings_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(doctor, "LOOKS", (doctor.rubberband, doctor.demucs, doctor.disk))
    doctor.run(words(doctor, "doctor"))
    told = capsys.readouterr().out
    assert "lacking  rubberband" in told
    assert "sudo apt install rubberband-cli" in told
    assert "--stems demucs" in told


def test_the_doctor_is_content_where_nothing_lacks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOOKS", (lambda: doctor.Finding("disk", there=True, says="room"),))
    doctor.run(words(doctor, "doctor"))
    assert capsys.readouterr().out.endswith("all there\n")


def test_every_look_of_the_doctor_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with jack_server():
        doctor.run(words(doctor, "doctor"))
    told = capsys.readouterr().out
    assert "ok       jack" in told
    assert all(line.startswith(("ok", "lacking")) for line in told.splitlines()[: len(doctor.LOOKS) - 1])

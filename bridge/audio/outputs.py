"""What there is to play to, kind by kind, and why a kind has nothing. Nothing here raises for a thing that is missing."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

from bridge.audio.sink import child_environment
from engine.model.errors import RemixtureError

PROBE_SECONDS: Final = 10.0
"""How long a driver may take to answer; one that hangs is not waited for."""

NOT_OUTPUTS: Final = ("Rate Converter Plugin", "Plugin ", "Discard all samples")
"""How ALSA's list begins those of its plug-ins that lead nowhere by themselves."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something to play to. `sink` is what to give to `open_sink`; 0 channels or Hz: not known before it is opened."""

    sink: str
    name: str
    channels: int = 0
    rate: int = 0
    default: bool = False


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of one kind of sink, or why there are none."""

    kind: str
    found: tuple[Output, ...]
    why: str = ""


def outputs(*kinds: str) -> tuple[Outputs, ...]:
    """Return what each kind of sink (all without names) finds.

    All are asked at once, each in a process of its own: drivers print, hang and crash.
    """
    asked = {kind: _asked(kind) for kind in kinds or PROBES}
    return tuple(_answered(kind, process) for kind, process in asked.items())


def _asked(kind: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "bridge.audio.outputs", kind],
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _answered(kind: str, process: subprocess.Popen[bytes]) -> Outputs:
    try:
        said = process.communicate(timeout=PROBE_SECONDS)[0]
        # The last line is ours; what stands before it, a driver printed.
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Outputs(kind, (), f"the driver did not answer within {PROBE_SECONDS:g} s")
    except (ValueError, IndexError):
        return Outputs(kind, (), f"the driver failed (exit code {process.returncode})")
    return Outputs(kind, tuple(Output(**o) for o in answer["found"]), answer["why"])


def pedalboard_outputs() -> Outputs:
    """Return the outputs of the system, as pedalboard names them."""
    from bridge.audio.player import find_alsa_plugins

    find_alsa_plugins()
    from pedalboard.io import AudioStream

    default = AudioStream.default_output_device_name
    names = [name for name in AudioStream.output_device_names if not name.startswith(NOT_OUTPUTS)]
    found = tuple(Output(f"pedalboard:{name}", name, default=name == default) for name in names)
    return Outputs("pedalboard", found, "" if found else "the system has no output")


def jack_outputs() -> Outputs:
    """Return the programs in JACK that sound can be sent to."""
    from bridge.audio.libraries import jack_client

    try:
        client = jack_client(None)
    except RemixtureError as error:
        return Outputs("jack", (), str(error))
    ports = [port.name for port in client.get_ports(is_audio=True, is_input=True)]
    rate = int(client.samplerate)
    client.close()
    owners = dict.fromkeys(name.split(":")[0] for name in ports)
    return Outputs(
        "jack",
        tuple(
            Output("jack", owner, sum(name.startswith(f"{owner}:") for name in ports), rate, owner == "system")
            for owner in owners
        ),
        "" if ports else "the JACK server has no ports to play to",
    )


def portaudio_outputs() -> Outputs:
    """Return the outputs of PortAudio."""
    from bridge.audio.libraries import sounddevice

    try:
        sound = sounddevice()
    except RemixtureError as error:
        return Outputs("portaudio", (), str(error))
    hosts = [host["name"] for host in sound.query_hostapis()]
    found = tuple(
        Output(
            f"portaudio:{info['name']}, {hosts[info['hostapi']]}",
            f"{info['name']}, {hosts[info['hostapi']]}",
            int(info["max_output_channels"]),
            round(info["default_samplerate"]),
            info["index"] == sound.default.device[1],
        )
        for info in sound.query_devices()
        if info["max_output_channels"] > 0
    )
    return Outputs("portaudio", found, "" if found else "PortAudio finds no output")


PROBES: Final = {"pedalboard": pedalboard_outputs, "jack": jack_outputs, "portaudio": portaudio_outputs}


def main() -> None:
    """Answer for one kind, as JSON."""
    answer = PROBES[sys.argv[1]]()
    found = [
        {"sink": o.sink, "name": o.name, "channels": o.channels, "rate": o.rate, "default": o.default} for o in answer.found
    ]
    sys.stdout.write("\n" + json.dumps({"found": found, "why": answer.why}) + "\n")


if __name__ == "__main__":
    main()

"""`remixture doctor`: what this machine lacks, and what brings it."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

GIGABYTES = 5.0
"""A song of 5 minutes takes about 0.3 GB as a set, and Demucs' weights 0.2 GB."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its name, whether it is there, what that means, and what brings it ("" if it is there)."""

    name: str
    there: bool
    says: str
    bring: str = ""


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("doctor", help="say what this machine lacks, and what brings it", description=__doc__)
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> None:
    """Print what is there and what is not."""
    findings = [look() for look in LOOKS if look is not alsa or sys.platform == "linux"]
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{'ok     ' if finding.there else 'lacking'}  {finding.name:{width}}  {finding.says}")
    lacking = [finding for finding in findings if not finding.there]
    if not lacking:
        print("\nall there")
        return
    print("\nwhat would bring the rest (none of it is needed to prepare and render):")
    for finding in lacking:
        print(textwrap.indent(finding.bring, f"  {finding.name:{width}}  "))


def by_system(linux: str, mac: str, windows: str) -> str:
    """Return what fits this system."""
    return {"darwin": mac, "win32": windows}.get(sys.platform, linux)


def sound() -> Finding:
    """Open the default output, play a moment of silence."""
    from bridge.audio.sink import open_sink
    from engine.model.errors import RemixtureError

    try:
        sink = open_sink("pedalboard", ("master",), 48_000, 512)
    except RemixtureError as error:
        bring = by_system(
            "plug in or switch on an output; without a sound server: sudo apt install pipewire-audio",
            "plug in an output, choose it under System Settings > Sound",
            "plug in an output, choose it under Settings > System > Sound",
        )
        return Finding("sound", there=False, says=str(error), bring=bring)
    sink.close()
    return Finding("sound", there=True, says=f"the default output plays at {sink.rate} Hz")


def alsa() -> Finding:
    """Look for the plug-ins through which ALSA reaches PipeWire, PulseAudio and JACK."""
    from bridge.audio.player import alsa_plugins

    folder = alsa_plugins()
    if folder and any(folder.glob("libasound_module_pcm_*")):
        return Finding("alsa plug-ins", there=True, says=str(folder))
    return Finding(
        "alsa plug-ins",
        there=False,
        says="the default output cannot reach PulseAudio, PipeWire or JACK",
        bring="sudo apt install libasound2-plugins pipewire-alsa",
    )


def jack() -> Finding:
    """Look for libjack and a running server."""
    from bridge.audio.libraries import has_jack
    from bridge.audio.outputs import outputs

    if not has_jack():
        bring = by_system("sudo apt install jackd2", "brew install jack", "install JACK from https://jackaudio.org/downloads")
        return Finding("jack", there=False, says="libjack is not installed; a DAW could not record each source", bring=bring)
    (answer,) = outputs("jack")
    if answer.found:
        return Finding("jack", there=True, says=f"a server runs at {answer.found[0].rate} Hz")
    start = by_system(
        "jackd -d alsa   (or, with PipeWire: sudo apt install pipewire-jack)", "jackd -d coreaudio", "start QjackCtl"
    )
    return Finding("jack", there=False, says="libjack is installed, but no server runs", bring=start)


def portaudio() -> Finding:
    """Look for the PortAudio library."""
    from bridge.audio.libraries import sounddevice
    from engine.model.errors import RemixtureError

    try:
        version = sounddevice().get_portaudio_version()[1]
    except RemixtureError:
        bring = by_system(
            "sudo apt install libportaudio2", "brew install portaudio", "pip install --force-reinstall sounddevice"
        )
        return Finding("portaudio", there=False, says="not installed; devices of many channels need it", bring=bring)
    return Finding("portaudio", there=True, says=version.split(",")[0])


def rubberband() -> Finding:
    """Look for the program that straightens songs played by hand."""
    program = shutil.which("rubberband")
    if program:
        return Finding("rubberband", there=True, says=program)
    bring = by_system(
        "sudo apt install rubberband-cli",
        "brew install rubberband",
        "put rubberband.exe from https://breakfastquay.com/rubberband into the PATH",
    )
    return Finding("rubberband", there=False, says="not installed; songs played by hand cannot be straightened", bring=bring)


def midi() -> Finding:
    """Look for MIDI ports."""
    from bridge.cli.devices import midi_ports

    inputs, outputs, why = midi_ports()
    if inputs or outputs:
        return Finding("midi", there=True, says=f"{len(inputs)} inputs, {len(outputs)} outputs; `remixture devices` lists them")
    bring = "plug in a controller"
    if sys.platform == "linux" and not Path("/dev/snd/seq").exists():
        bring = "sudo modprobe snd-seq   (then plug in a controller)"
    return Finding("midi", there=False, says=why, bring=bring)


def demucs() -> Finding:
    """Look for Demucs' weights in the local cache, and nowhere else."""
    from huggingface_hub import try_to_load_from_cache

    from engine.analysis.stems.weights import HUB_MODELS

    names = []
    for name, repo in HUB_MODELS.items():
        bag = try_to_load_from_cache(repo, f"{name}.yaml")
        if isinstance(bag, str) and any(Path(bag).parent.glob("*.safetensors")):
            names.append(name)
    if names:
        return Finding("demucs weights", there=True, says=", ".join(names))
    return Finding(
        "demucs weights",
        there=False,
        says="not on this machine; the small separator serves, and is much rougher",
        bring="remixture prepare --stems demucs SONG   (with the internet; fetches them once)",
    )


def disk() -> Finding:
    """Look at the room for sets in the current folder."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    says = f"{free:.0f} GB free in {Path.cwd()}"
    return Finding(
        "disk", there=free >= GIGABYTES, says=says, bring="" if free >= GIGABYTES else "make room, or work elsewhere"
    )


LOOKS = (sound, alsa, jack, portaudio, rubberband, midi, demucs, disk)

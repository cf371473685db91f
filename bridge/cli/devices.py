"""`remixture devices`: what there is to play to and to play with."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from bridge.cli.screen import table

if TYPE_CHECKING:
    from bridge.audio.outputs import Outputs

NOTES = {
    "pedalboard": "the default; any output of the system, virtual ones too: --sink 'pedalboard:NAME'",
    "jack": "every source on ports of its own, for a DAW: --sink jack",
    "portaudio": "every source on channels of its own: --sink 'portaudio:NAME'",
}


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("devices", help="list what there is to play to and to play with", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the outputs and the MIDI ports."""
    from bridge.audio.outputs import outputs

    found = outputs()
    inputs, midi_outputs, why = midi_ports()
    if options.json:
        midi = {"inputs": inputs, "outputs": midi_outputs, "why": why}
        print(json.dumps({"outputs": [asdict(kind) for kind in found], "midi": midi}, indent=2))
        return
    print("\n\n".join(described(kind) for kind in found))
    print(f"\nmidi{f'  {why}' if why else ''}")
    for direction, names in (("in", inputs), ("out", midi_outputs)):
        for name in names:
            print(f"  {direction:4}{name}")


def described(outputs: Outputs) -> str:
    """Return one kind of output in words and columns."""
    if not outputs.found:
        return f"{outputs.kind}  nothing: {outputs.why}"
    rows = [
        (
            "  " + o.name,
            f"{o.channels} channels" if o.channels else "",
            f"{o.rate} Hz" if o.rate else "",
            "default" if o.default else "",
        )
        for o in outputs.found
    ]
    return f"{outputs.kind}  {NOTES[outputs.kind]}\n{table(rows)}"


def midi_ports() -> tuple[list[str], list[str], str]:
    """Return the names of the MIDI inputs and outputs, and why there are none."""
    from bridge.midi.ports import list_ports, open_driver

    driver = open_driver()
    try:
        inputs, outputs = list_ports(driver)
        return list(inputs), list(outputs), "" if inputs or outputs else driver.why_none() or "nothing is plugged in"
    finally:
        driver.close()

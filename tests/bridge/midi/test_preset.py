import json
import re
from pathlib import Path

import pytest

from bridge.midi.binding import Binding, Feedback
from bridge.midi.control import Control
from bridge.midi.desk import check_path
from bridge.midi.preset import Preset, Presets, our_folder, read_preset, to_toml, write_preset
from engine.model.errors import RemixtureError

FILES = sorted(our_folder().glob("*.toml"))
HEAD = 'schema = "remixture/midi/1"\nname = "box"\nports = ["Box"]\n'
BIND = '[[bind]]\nwhat = "fader"\ncontrol = "cc"\nnumber = 7\nchannel = 1\npath = "deck.a.drums.gain"\n'


def written(folder: Path, text: str, name: str = "box.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_our_presets_bind_what_there_is(file: Path) -> None:
    preset = read_preset(file)

    assert preset.bindings
    assert preset.checked
    for binding in preset.bindings:
        assert check_path(binding.path) is not None
    assert len({(b.control, b.path) for b in preset.bindings}) == len(preset.bindings)


DEVICES = {
    "akai-apc-mini": "APC mini",
    "akai-midimix": "MIDImix",
    "behringer-x-touch-mini": "X-Touch Mini",
    "generic": "LPD8",
    "korg-nanokontrol2": "nanoKONTROL2",
    "mackie-control": "Mackie Control",
    "novation-launch-control-xl": "Launch Control XL",
    "novation-launchpad": "Launchpad",
    "novation-launchpad-mk2": "Launchpad",
    "pioneer-ddj-400": "DDJ-400",
}


def numbers_of(text: object) -> set[int]:
    """The channels in `7`, `1-2`, `8 (deck 1), 10 (deck 2)`."""
    found = re.findall(r"(\d+)(?:-(\d+))?", re.sub(r"\(.*?\)", "", str(text)))
    return {n for low, high in found for n in range(int(low), int(high or low) + 1)}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_our_numbers_are_those_that_were_collected(file: Path, shared: Path) -> None:
    devices = json.loads((shared / "controllers.json").read_text())["devices"]
    device = next(d for d in devices if DEVICES[file.stem] in d["device"])
    kinds = {"pitch_bend": "pitchbend", "program_change": "program"}
    known = {
        (kinds.get(control["message"], control["message"]), channel, number)
        for control in device["controls"] + device["feedback"]
        for channel in numbers_of(control["channel"])
        for number in control["numbers"] or range(128)
    }

    for binding in read_preset(file).bindings:
        shown = binding.feedback.control if binding.feedback else binding.control
        for control in (binding.control, binding.touch or binding.control, shown):
            assert (control.kind, control.channel, control.number) in known, binding


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_preset_written_and_read_is_the_same(file: Path, tmp_path: Path) -> None:
    preset = read_preset(file)

    write_preset(preset, tmp_path / "again.toml")

    again = read_preset(tmp_path / "again.toml")
    assert (again.bindings, again.ports, again.start, again.name) == (preset.bindings, preset.ports, preset.start, preset.name)
    assert [f.name for f in tmp_path.iterdir()] == ["again.toml"]


@pytest.mark.parametrize(
    ("port", "name"),
    [
        ("nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR", "Korg nanoKONTROL2"),
        ("MIDI Mix:MIDI Mix MIDI 1", "Akai MIDImix"),
        ("Launch Control XL:Launch Control XL MIDI 1", "Novation Launch Control XL"),
        ("APC MINI:APC MINI MIDI 1", "Akai APC mini"),
        ("X-TOUCH MINI:X-TOUCH MINI MIDI 1", "Behringer X-Touch Mini"),
        ("X-Touch INT", "Mackie Control"),
        ("DDJ-400 MIDI 1", "Pioneer DDJ-400"),
        ("Launchpad MK2:Launchpad MK2 MIDI 1", "Novation Launchpad MK2"),
        ("Launchpad Mini", "Novation Launchpad"),
        ("Some Box", "generic"),
    ],
)
def test_a_port_gets_the_preset_of_its_controller(port: str, name: str, tmp_path: Path) -> None:
    preset = Presets(tmp_path).for_port(port)

    assert preset is not None
    assert preset.name == name


def test_no_controller_is_suspected_behind_a_system_port(tmp_path: Path) -> None:
    assert Presets(tmp_path).for_port("Midi Through:Midi Through Port-0") is None


def test_lists_make_banks(tmp_path: Path) -> None:
    text = HEAD + BIND.replace("number = 7", "number = [7, 9]").replace("deck.a.drums", "deck.{deck}.#{n}")

    bindings = read_preset(written(tmp_path, text)).bindings

    assert [(b.control.number, b.path) for b in bindings] == [(7, "deck.a.#1.gain"), (9, "deck.b.#2.gain")]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("number = 7", "number = 128"), "number must be within 0 to 127, got 128"),
        (("channel = 1", "channel = 0"), "channel must be within 1 to 16, got 0"),
        (("channel = 1\n", ""), "channel is missing"),
        (('"cc"', '"knob"'), "control must be one of cc, cc14, note"),
        (("drums.gain", "drums.loud"), "there is no parameter 'deck.a.drums.loud'"),
        (("drums.gain", "#0.gain"), "the n-th source is #1, #2"),
        (("path", "mode = 'toggle'\npath"), "a toggle needs the two values as ends"),
        (("path", "ends = [-12.0, 13.0]\npath"), "deck.a.drums.gain must be within -12 to 12 dB, got 13 dB"),
        (("path", "mode = 'trigger'\npath"), "value is what a trigger sets"),
        (("path", "mode = 'relative'\npath"), "encoding is missing"),
        (("path", "ends = [nan, 1.0]\npath"), "ends must be a number or a list of them"),
        (("path", "feedback = 3\npath"), "feedback must be a table, got 3"),
        (("path", "colour = 3\npath"), "colour means nothing here"),
        (
            ("number = 7", "number = [7, 8]\nfeedback = { number = [1, 2, 3] }"),
            "feedback has 3 entries where another list has 2",
        ),
        (('"cc"', '"pitchbend"'), "number means nothing for pitchbend"),
        (("path", "takeover = 'slowly'\npath"), "takeover must be one of pickup, jump, scale, got 'slowly'"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_binding(change: tuple[str, str], complaint: str, tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + BIND.replace(*change))

    with pytest.raises(RemixtureError, match=re.escape(complaint)) as error:
        read_preset(file)
    assert str(error.value).startswith(f"{file}: bind 1 (fader): ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("schema =", "this is no TOML"),
        (HEAD.replace("/1", "/9"), "schema is 'remixture/midi/9'"),
        (HEAD.replace('["Box"]', "3"), "ports must be a list of texts, got 3"),
        (HEAD + "start = ['F0 80']\n", "start: 'F0 80' is no MIDI message"),
        (HEAD + BIND + BIND.replace('"cc"', '"cc14"'), "cc 7 on channel 1 is bound, and is half of the pair"),
    ],
)
def test_a_mistake_in_a_file_is_named(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(RemixtureError, match=re.escape(complaint)):
        read_preset(written(tmp_path, text))


def test_a_file_that_is_wrong_does_not_hide_the_others(tmp_path: Path) -> None:
    written(tmp_path, "schema =", "bad.toml")
    written(tmp_path, HEAD + BIND, "good.toml")

    presets = Presets(tmp_path)

    assert len(presets.problems) == 1
    assert (presets.for_port("my box") or Preset("", (), "", ())).name == "box"


def test_what_was_learnt_comes_before_what_we_ship(tmp_path: Path) -> None:
    port = "nanoKONTROL2:nanoKONTROL2 MIDI 1"
    before = Presets(tmp_path).for_port(port)
    assert before is not None
    binding = Binding(Control("cc", 1, 0), "master.gain", feedback=Feedback(Control("cc", 1, 0)), what="x")

    file = Presets(tmp_path).save(port, binding)
    Presets(tmp_path).save(port, Binding(Control("cc", 1, 99), "deck.a.drums.fx.1.mix"))

    after = Presets(tmp_path).for_port(port)
    assert after is not None
    assert after.file == file
    assert [b for b in after.bindings if b.control == binding.control] == [binding]
    assert len(after.bindings) == len(before.bindings) + 1
    assert to_toml(read_preset(file)).count("[[bind]]") == 2
    other = Presets(tmp_path).for_port("nanoKONTROL2 of somebody else")
    assert other is not None
    assert other.name == "Korg nanoKONTROL2"


def test_a_binding_learnt_twice_is_the_later_one(tmp_path: Path) -> None:
    control = Control("cc", 1, 0)
    for path in ("master.gain", "deck.a.gain"):
        file = Presets(tmp_path).save("box", Binding(control, path))

    assert [b.path for b in read_preset(file).bindings] == ["deck.a.gain"]


def test_a_broken_file_of_a_person_is_not_written_over(tmp_path: Path) -> None:
    broken = written(tmp_path, "mine", "my-box.toml")

    with pytest.raises(RemixtureError, match="move it away"):
        Presets(tmp_path).save("My Box", Binding(Control("cc", 1, 0), "master.gain"))
    assert broken.read_text() == "mine"

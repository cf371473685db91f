"""TOML files of controllers <-> bindings; which file suits a port.

A file says how a controller and its ports are called, how far its numbers were checked, and what each control does:

    schema = "remixture/midi/1"
    name = "Korg nanoKONTROL2"
    ports = ["nanoKONTROL2"]
    checked = "two independent lists agree"

    [[bind]]
    what = "faders 1 to 8"
    control = "cc"
    number = [0, 1, 2, 3, 4, 5, 6, 7]
    channel = 1
    path = "deck.a.#{n}.gain"

Lists of numbers, channels or values make one binding for each entry; `{n}` in the path counts them from 1, `{deck}` from a.
A person's own file may name one of ours as its `base`: its controls come before those of the base.
"""

import glob
import importlib.resources
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bridge.midi.binding import Binding
from bridge.midi.control import NUMBERED, Control
from bridge.midi.schema import SCHEMA, Entry, bindings
from engine.model.errors import RemixtureError

IGNORED = ("*midi through*", "*midi clock*", "*mtc*", "*monitor*")
"""Ports that no controller is behind; only a preset that names them gets them."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One controller: its name, patterns of its ports' names, how far it was checked, its bindings.

    `start` are messages that are sent when its port opens; `base` the name of the preset it builds on; `file` where it is.
    """

    name: str
    ports: tuple[str, ...]
    checked: str
    bindings: tuple[Binding, ...]
    start: tuple[bytes, ...] = ()
    base: str = ""
    file: Path | None = None

    def suits(self, port: str) -> int:
        """Return how well it suits a port's name: the length of the pattern that fits, -1 for none."""
        return max((len(p) for p in self.ports if _fits(p, port)), default=-1)


def read_preset(path: Path) -> Preset:
    """Read a controller's file.

    Raises
    ------
    RemixtureError
        If it is no TOML, or something in it has no meaning; names the file, the binding and what is wrong there.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RemixtureError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise RemixtureError(f"{path}: this is no TOML: {error}") from error
    entry = Entry(table, str(path))
    schema = entry.text("schema")
    if schema != SCHEMA:
        raise RemixtureError(f"{path}: schema is {schema!r}, this program reads {SCHEMA!r}")
    base = entry.text("base", "")
    preset = Preset(
        name=entry.text("name"),
        ports=entry.texts("ports"),
        checked=entry.text("checked", ""),
        bindings=tuple(bindings(entry)),
        start=tuple(entry.messages("start")),
        base=base,
        file=path,
    )
    entry.done()
    return preset


def our_folder() -> Path:
    """Return where the presets are that come with the program."""
    return Path(str(importlib.resources.files("presets"))) / "midi"


def user_folder() -> Path:
    """Return where a person's own presets are."""
    import platformdirs

    return platformdirs.user_config_path("remixture", appauthor=False) / "midi"


class Presets:
    """All presets: a person's own first, then ours. `problems` are the files that could not be read, a line each."""

    def __init__(self, folder: Path | None = None) -> None:
        self.problems: list[str] = []
        self.ours = tuple(read_preset(file) for file in sorted(our_folder().glob("*.toml")))
        self._folder = folder or user_folder()
        self._own = tuple(self._read_own())

    def for_port(self, port: str) -> Preset | None:
        """Return the preset of a port: a person's own before ours, then the one whose pattern is longest."""
        own = _best(self._own, port)
        return _best(self.ours, port) if own is None else self._based(own)

    @property
    def names(self) -> tuple[str, ...]:
        """All there are, a person's own first."""
        return tuple(dict.fromkeys(preset.name for preset in (*self._own, *self.ours)))

    def named(self, name: str) -> Preset:
        """Return the preset of a name; RemixtureError if there is none."""
        for preset in (*self._own, *self.ours):
            if preset.name == name:
                return self._based(preset)
        raise RemixtureError(f"there is no preset {name!r}; there are {', '.join(self.names)}")

    def save(self, port: str, binding: Binding) -> Path:
        """Add a binding to a person's own preset for a port, and return its file.

        What it bound the same control to before is forgotten. A new file builds on the preset that the port had.

        Raises
        ------
        RemixtureError
            If a file that cannot be read is in the way.
        """
        own, base = _best(self._own, port), _best(self.ours, port)
        file = self._folder / (re.sub(r"[^a-z0-9]+", "-", port.lower()).strip("-") + ".toml")
        if own is None and file.exists():
            raise RemixtureError(f"{file} is there already, but it is not for this port or cannot be read; move it away")
        own = own or Preset(port, (glob.escape(port),), "learnt", (), base=base.name if base else "")
        own = replace(own, bindings=(*_without(own.bindings, (binding,)), binding))
        write_preset(own, own.file or file)
        return own.file or file

    def _read_own(self) -> Iterator[Preset]:
        for file in sorted(self._folder.glob("*.toml")):
            try:
                preset = read_preset(file)
                self._based(preset)
            except RemixtureError as error:
                self.problems.append(str(error))
            else:
                yield preset

    def _based(self, preset: Preset) -> Preset:
        """Return a preset with the bindings of its base."""
        if not preset.base:
            return preset
        base = next((ours for ours in self.ours if ours.name == preset.base), None)
        if base is None:
            names = ", ".join(ours.name for ours in self.ours)
            raise RemixtureError(f"{preset.file}: there is no preset {preset.base!r} to build on; there are {names}")
        kept = _without(base.bindings, preset.bindings)
        return replace(preset, bindings=preset.bindings + kept, start=preset.start or base.start)


def _best(presets: tuple[Preset, ...], port: str) -> Preset | None:
    best = max(presets, key=lambda preset: preset.suits(port), default=None)
    return best if best is not None and best.suits(port) >= 0 else None


def _without(bindings: tuple[Binding, ...], others: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """Return the bindings of controls that others do not use."""
    taken = {part for binding in others for part in binding.control.parts}
    return tuple(binding for binding in bindings if not taken.intersection(binding.control.parts))


def write_preset(preset: Preset, path: Path) -> None:
    """Write a preset with the bindings it has beside those of its base; the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(to_toml(preset), encoding="utf-8")
    beside.replace(path)


def to_toml(preset: Preset) -> str:
    """Return the text of a preset's file."""
    lines = [f"schema = {_toml(SCHEMA)}", f"name = {_toml(preset.name)}", f"ports = {_toml(list(preset.ports))}"]
    lines.append(f"checked = {_toml(preset.checked)}")
    if preset.base:
        lines.append(f"base = {_toml(preset.base)}")
    if preset.start:
        lines.append(f"start = {_toml([data.hex(' ').upper() for data in preset.start])}")
    for binding in preset.bindings:
        lines += ["", "[[bind]]"]
        lines += [f"{key} = {_toml(value)}" for key, value in _entry(binding).items()]
    return "\n".join(lines) + "\n"


def _entry(binding: Binding) -> dict[str, Any]:
    control, default = binding.control, Binding(binding.control, binding.path)
    entry: dict[str, Any] = {"what": binding.what} if binding.what else {}
    entry |= _control(control) | {"path": binding.path}
    for key in ("mode", "takeover", "encoding", "step", "value", "ends"):
        value = getattr(binding, key)
        if value != getattr(default, key):
            entry[key] = list(value) if isinstance(value, tuple) else value
    if binding.touch is not None:
        entry["touch"] = {"number": binding.touch.number, "channel": binding.touch.channel}
    if binding.feedback is not None:
        shown = binding.feedback
        entry["feedback"] = _control(shown.control) | {"low": shown.low, "high": shown.high}
    return entry


def _control(control: Control) -> dict[str, Any]:
    number = {"number": control.number} if control.kind in NUMBERED else {}
    return {"control": control.kind, **number, "channel": control.channel}


def _toml(value: Any) -> str:  # noqa: ANN401 (whatever a preset holds)
    """Return a value as TOML; its strings, numbers and lists look as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def _fits(pattern: str, port: str) -> bool:
    pattern, port = pattern.lower(), port.lower()
    if pattern == "*":
        return not any(fnmatchcase(port, ignored) for ignored in IGNORED)
    return fnmatchcase(port, f"*{pattern}*")

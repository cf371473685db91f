"""TOML files -> chains of effects as data.

    schema = "remixture/fx/1"
    name = "echo-out"
    text = "What it does, in one sentence."

    [[effect]]
    use = "Delay"                      # an effect of `builtin`
    mix = 0.5                          # optional, as is `on`
    values = { delay_seconds = 0.375, feedback = 0.7 }

    [[effect]]
    plugin = "ZaMaximX2"               # or the absolute path of a .vst3 or .component
    part = "ZaMaximX2"                 # only where one file holds several
    state = "loud.state"               # what the plug-in saved: a file beside this one
    values = { threshold_db = -6.0 }

`file` is the impulse response of a Convolution, also a file beside the preset.
"""

import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from bridge.plugins.builtin import BUILTINS, COMMON
from engine.model.errors import RemixtureError

SCHEMA: Final = "remixture/fx/1"
LARGEST: Final = 1 << 20
"""Bytes of a chain's file at most; more is another file."""
LARGEST_STATE: Final = 64 << 20
MOST: Final = 8
"""Effects in a chain."""
_HUGE: Final = 1e15
_KEYS: Final = {"use", "plugin", "part", "mix", "on", "values", "state", "file"}


@dataclass(frozen=True, slots=True)
class Planned:
    """One effect of a chain: a built-in one by name, or else a plug-in by path or name.

    `values` by parameter name, `mix` and `on` among them where given; `state` and `file` are paths of what belongs to it.
    """

    use: str = ""
    plugin: str = ""
    part: str = ""
    values: dict[str, float] = field(default_factory=dict)
    state: Path | None = None
    file: Path | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.use or self.part or Path(self.plugin).stem


@dataclass(frozen=True, slots=True)
class Preset:
    """A chain: its name, a sentence about it, its effects in order."""

    name: str
    text: str
    effects: tuple[Planned, ...]


def user_folder() -> Path:
    """Return where a person's own chains lie; it may not exist yet."""
    import platformdirs

    return Path(platformdirs.user_config_dir("remixture")) / "fx"


def preset_files() -> dict[str, Path]:
    """Return all chains by name; a person's own hides one of the same name that comes with the program."""
    ours = Path(str(files("presets") / "fx"))
    return {path.stem: path for folder in (ours, user_folder()) for path in sorted(folder.glob("*.toml"))}


def find_preset(name: str) -> Preset:
    """Return a chain by its name; a name is only ever looked up, never made into a path.

    Raises
    ------
    RemixtureError
        If there is none, or its file cannot be used.
    """
    known = preset_files()
    if name not in known:
        raise RemixtureError(f"there is no effect chain {name!r}; there are {', '.join(sorted(known))}")
    return read_preset(known[name])


def read_preset(path: Path) -> Preset:
    """Read a chain's file.

    Raises
    ------
    RemixtureError
        If it cannot be read, is no TOML, or something in it has no meaning; names the file and the entry.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise RemixtureError(f"{path}: larger than {LARGEST >> 20} MiB, so this is no effect chain")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RemixtureError(f"{path}: cannot be read: {error}") from error
    # tomllib lets the recursion limit and the longest integer of Python through.
    except (ValueError, RecursionError) as error:
        raise RemixtureError(f"{path}: this is no TOML: {error}") from error
    if table.get("schema") != SCHEMA:
        raise RemixtureError(f"{path}: schema is {table.get('schema')!r}, this program reads {SCHEMA!r}")
    entries = table.get("effect")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST:
        raise RemixtureError(f"{path}: a chain has 1 to {MOST} [[effect]] entries")
    _only(table, {"schema", "name", "text", "effect"}, str(path))
    effects = tuple(_planned(entry, path, f"{path}: effect {i}") for i, entry in enumerate(entries, 1))
    return Preset(_text(table, "name", str(path)) or path.stem, _text(table, "text", str(path)), effects)


def _planned(entry: Any, path: Path, where: str) -> Planned:  # noqa: ANN401 (whatever a file holds)
    if not isinstance(entry, dict):
        raise RemixtureError(f"{where}: must be a table, got {entry!r}")
    _only(entry, _KEYS, where)
    use, plugin = _text(entry, "use", where), _text(entry, "plugin", where)
    if bool(use) == bool(plugin):
        raise RemixtureError(f"{where}: needs either `use` (a built-in effect) or `plugin` (a path or name)")
    planned = Planned(
        use, plugin, _text(entry, "part", where), _values(entry, where), _beside(entry, "state", path, where),
        _beside(entry, "file", path, where),
    )  # fmt: skip
    _check(planned, where)
    return planned


def _check(planned: Planned, where: str) -> None:
    params = {param.pattern: param for param in COMMON}
    if planned.use:
        if planned.use not in BUILTINS:
            raise RemixtureError(f"{where}: there is no effect {planned.use!r}; there are {', '.join(BUILTINS)}")
        builtin = BUILTINS[planned.use]
        if builtin.needs_file != (planned.file is not None):
            raise RemixtureError(f"{where}: only Convolution has a `file`, and it needs one")
        if planned.state or planned.part:
            raise RemixtureError(f"{where}: `state` and `part` are for plug-ins, {planned.use} is built in")
        params |= {param.pattern: param for param in builtin.params}
        _only(planned.values, set(params), where)
    elif planned.file:
        raise RemixtureError(f"{where}: `file` is for Convolution; a plug-in has a `state`")
    for name, value in planned.values.items():
        if name in params:
            params[name].check(value, f"{where}: {name}")


def _values(entry: dict[str, Any], where: str) -> dict[str, float]:
    given = entry.get("values", {})
    if not isinstance(given, dict):
        raise RemixtureError(f"{where}: values must be a table, got {given!r}")
    _only(given, set(given) - {param.pattern for param in COMMON}, where)
    given = given | {key: entry[key] for key in ("mix", "on") if key in entry}
    for key, value in given.items():
        if not isinstance(value, (int, float)) or not abs(value) < _HUGE:
            raise RemixtureError(f"{where}: {key} must be a number or true or false, got {str(value)[:40]!r}")
    return {key: float(value) for key, value in given.items()}


def _beside(entry: dict[str, Any], key: str, path: Path, where: str) -> Path | None:
    name = _text(entry, key, where)
    if not name:
        return None
    # A preset from elsewhere must not make us read other files than those that came with it.
    if Path(name).name != name or "\\" in name or ":" in name or name in (".", ".."):
        raise RemixtureError(f"{where}: {key} must be the name of a file beside the preset, got {name!r}")
    found = path.parent / name
    if not found.is_file() or found.resolve().parent != path.parent.resolve():
        raise RemixtureError(f"{where}: there is no file {name!r} beside {path.name}")
    if found.stat().st_size > LARGEST_STATE:
        raise RemixtureError(f"{where}: {name} is larger than {LARGEST_STATE >> 20} MiB")
    return found


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise RemixtureError(f"{where}: {key} must be one line of text, got {value!r}")
    return value


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise RemixtureError(f"{where}: {key!r} has no meaning here; there are {', '.join(sorted(known))}")

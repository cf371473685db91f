"""Scenes in TOML: those that come with the program, and a person's own.

```toml
schema = "remixture/scene/1"
name = "voice-alone"
text = "Only the voice, and an octave of room for it."

[values]
"*".mute = true            # quotes, because of the star
vocals.mute = false
vocals.gain = 3
deck.a.filter = -0.2

[values.loop-1]            # the same as loop-1.clip_bar, loop-1.clip
clip_bar = 9
clip = true
```

Keys are those of `engine.model.scene`, dotted or as tables. Switches are true and false.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from engine.model.errors import RemixtureError
from engine.model.scene import SCHEMA, Scene, param_of
from engine.store.files import safe_name, written_beside

SUFFIX = ".toml"
LARGEST = 1 << 20
"""Bytes of a scene at most; more is another file."""


def user_folder() -> Path:
    """Return where a person's own scenes lie; it may not exist yet."""
    import platformdirs

    return Path(platformdirs.user_config_dir("remixture")) / "scenes"


def _preset_folder() -> Path:
    return Path(str(files("presets") / "scenes"))


def scene_files() -> dict[str, Path]:
    """Return all scenes by name; a person's own hides one of the same name that comes with the program."""
    found = [path for folder in (_preset_folder(), user_folder()) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return {path.stem: path for path in found}


def find_scene(name: str) -> Scene:
    """Return a scene by its name, or by the path of its file.

    Raises
    ------
    RemixtureError
        If there is none, or it is damaged.
    """
    if name.endswith(SUFFIX):
        return read_scene(Path(name))
    there = scene_files()
    if name not in there:
        raise RemixtureError(f"there is no scene {name!r}; there are {', '.join(there)}; or give the path of a {SUFFIX} file")
    return read_scene(there[name])


def read_scene(path: Path) -> Scene:
    """Return the scene in a file.

    Raises
    ------
    RemixtureError
        If it cannot be read, is none, or a value is not one of the table of parameters.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise RemixtureError(f"{path} is no scene: {path.stat().st_size} bytes")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RemixtureError(f"cannot read {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemixtureError(f"{path} is not TOML: {error}") from error
    if table.get("schema") != SCHEMA:
        raise RemixtureError(f"{path} has schema {table.get('schema')!r}, this Remixture reads {SCHEMA!r}")
    unknown = set(table) - {"schema", "name", "text", "values"}
    if unknown:
        raise RemixtureError(f"{path}: unknown {', '.join(sorted(unknown))}; a scene has schema, name, text and values")
    try:
        values = dict(_flat(table.get("values", {})))
        return Scene(str(table.get("name", path.stem)), values, str(table.get("text", "")))
    except RemixtureError as error:
        raise RemixtureError(f"{path}: {error}") from error


def _flat(table: object, before: str = "") -> Iterator[tuple[str, float]]:
    """Yield (key, value) of nested tables."""
    if isinstance(table, dict):
        for word, value in table.items():
            yield from _flat(value, f"{before}.{word}" if before else word)
    elif isinstance(table, int | float) and before and (not isinstance(table, bool) or param_of(before).curve == "switch"):
        yield before, float(table)
    else:
        raise RemixtureError(f"{before or 'values'} takes a number, or a switch true or false, got {table!r}")


def save_scene(name: str, values: Mapping[str, float], text: str = "") -> Path:
    """Write a scene of a person's own, over one of the same name; return its file.

    Raises
    ------
    RemixtureError
        If it cannot be called so, or a value is not one of the table of parameters.
    """
    if not name or safe_name(name) != name or not text.isprintable():
        raise RemixtureError(f"a scene is named with letters, digits, spaces and -_.(), and its text is one line, got {name!r}")
    Scene(name, values, text)
    lines = [f"schema = {_text(SCHEMA)}", f"name = {_text(name)}", f"text = {_text(text)}", "", "[values]"]
    lines += [f"{_text(key)} = {_number(key, value)}" for key, value in values.items()]
    path = user_folder() / f"{name}{SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(path) as part:
            part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise RemixtureError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def _text(text: str) -> str:
    # What is printable is written in TOML as in JSON.
    return json.dumps(text, ensure_ascii=False)


def _number(key: str, value: float) -> str:
    return str(value != 0.0).lower() if param_of(key).curve == "switch" else repr(float(value))

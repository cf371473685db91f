"""Chains of effects by name or file."""

from pathlib import Path

from bridge.plugins.preset import Preset, preset_files, read_preset
from engine.model.errors import RemixtureError

SUFFIX = ".toml"


def found(name: str) -> tuple[Preset, str]:
    """Return a chain by its name or the path of its file, and the text of that file.

    Raises
    ------
    RemixtureError
        If there is none, or it cannot be used.
    """
    known = preset_files()
    if not name.endswith(SUFFIX) and name not in known:
        raise RemixtureError(
            f"there is no effect chain {name!r}; there are {', '.join(sorted(known))}; or name a {SUFFIX} file"
        )
    path = Path(name) if name.endswith(SUFFIX) else known[name]
    return read_preset(path), path.read_text(encoding="utf-8")

"""Chains of effects by name or file."""

from pathlib import Path

from bridge.plugins.preset import Preset, preset_files, read_preset
from engine.model.errors import RemixtureError
from engine.model.params import DECKS

SUFFIX = ".toml"
OFF = "off"


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


def asked(text: str) -> tuple[str, str]:
    """Return the place and the chain that `a.drums=echo-out` names; whether the place is there is not asked.

    Raises
    ------
    RemixtureError
        If it names no place or no chain, or the chain cannot be used.
    """
    place, _, name = text.partition("=")
    if not name or place.lower().removeprefix("deck.").partition(".")[0] not in {"master", *DECKS}:
        raise RemixtureError(f"--fx takes a place and a chain such as a.drums=echo-out or master=echo-out, got {text!r}")
    if name != OFF:
        found(name)
    return place, name

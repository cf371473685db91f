"""What was found out about a chain by trying it, and where that is kept."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from bridge.plugins.effect import planned_params
from bridge.plugins.folders import find_plugin
from bridge.plugins.preset import Preset
from bridge.plugins.slot import placed
from engine.model.errors import RemixtureError
from engine.model.params import Param
from engine.store.files import written_beside

LAYOUT: Final = 1
"""Counts up when a chain's parameters are found out in another way: what is kept from before is then tried again."""


class Facts(msgspec.Struct, frozen=True):
    """What the mixer and people need to know of a chain before it is loaded.

    `params` are those of each slot, at the values they start from; `latency` in frames at the rate it was tried at; `mono`
    tells which plug-ins are opened once for each side; `load_s` is how long opening took, in seconds.
    """

    params: tuple[tuple[Param, ...], ...]
    latency: int
    mono: tuple[bool, ...]
    load_s: float


def as_json(value: object) -> bytes:
    """Return a preset, or what holds one, as JSON."""
    return msgspec.json.encode(value, enc_hook=str)


def recall(preset: Preset, rate: int) -> Facts | None:
    """Return what is known of a chain: always of one that is built in, else since it was last tried.

    None if it, a plug-in or a file has changed.

    Raises
    ------
    RemixtureError
        If a plug-in is not there.
    """
    if all(effect.use and not effect.file for effect in preset.effects):
        params = [
            placed(i, effect.values.get("mix", 1.0), effect.values.get("on", 1.0), planned_params(effect))
            for i, effect in enumerate(preset.effects, 1)
        ]
        return Facts(tuple(params), 0, (False,) * len(params), 0.0)
    try:
        return msgspec.json.decode(_file(preset, rate).read_bytes(), type=Facts)
    except (OSError, msgspec.DecodeError):
        return None


def keep(preset: Preset, rate: int, facts: Facts) -> None:
    """Keep what was found out. Where it cannot be written, the chain is tried again next time."""
    file = _file(preset, rate)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(file) as part:
            part.write_bytes(msgspec.json.encode(facts))
    except (OSError, RemixtureError):
        return


def _file(preset: Preset, rate: int) -> Path:
    import platformdirs

    used = [find_plugin(e.plugin) for e in preset.effects if e.plugin]
    used += [path for e in preset.effects for path in (e.state, e.file) if path]
    stamps = [_stamp(path) for path in used]
    what = json.dumps([LAYOUT, rate, version("pedalboard"), as_json(preset.effects).decode(), stamps])
    name = hashlib.sha256(what.encode()).hexdigest()
    return Path(platformdirs.user_cache_dir("remixture")) / "fx" / f"{name}.json"


def _stamp(path: Path) -> list[tuple[str, int, int]]:
    """Return path, time of change and size of a file, or of every file in a bundle."""
    inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in inside]

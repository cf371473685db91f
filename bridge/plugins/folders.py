"""Where a system keeps its plug-ins.

The usual folders: Steinberg, "VST 3 Locations"; Apple, "Audio Unit Hosting Guide".
"""

import os
import sys
from pathlib import Path
from typing import Final

from engine.model.errors import RemixtureError

SUFFIXES: Final = (".vst3", ".component") if sys.platform == "darwin" else (".vst3",)


def plugin_folders() -> tuple[Path, ...]:
    """Return the folders that are searched, a person's own first."""
    if sys.platform == "darwin":
        homes = (Path.home() / "Library/Audio/Plug-Ins", Path("/Library/Audio/Plug-Ins"))
        return tuple(home / kind for home in homes for kind in ("VST3", "Components"))
    if sys.platform == "win32":
        own = Path(os.environ.get("LOCALAPPDATA", Path.home())) / "Programs/Common/VST3"
        return own, Path(os.environ.get("COMMONPROGRAMFILES", "C:/Program Files/Common Files")) / "VST3"
    return Path.home() / ".vst3", Path("/usr/local/lib/vst3"), Path("/usr/lib/vst3")


def find_plugin(given: str) -> Path:
    """Return the path of a plug-in that is given by path, or by name in one of the usual folders.

    Raises
    ------
    RemixtureError
        If there is none; names the folders that were searched.
    """
    path = Path(given).expanduser()
    if path.is_absolute() and path.exists():
        return path
    name = path.name.removesuffix(path.suffix) if path.suffix in SUFFIXES else path.name
    for folder in plugin_folders():
        # Makers put their plug-ins into folders of their own, one level down.
        for found in (*folder.glob("*"), *folder.glob("*/*")):
            if found.suffix in SUFFIXES and found.stem.lower() == name.lower():
                return found
    searched = ", ".join(str(folder) for folder in plugin_folders())
    raise RemixtureError(f"plug-in {given!r} was not found in {searched}; is it installed, and a VST3 (or AU on macOS)?")

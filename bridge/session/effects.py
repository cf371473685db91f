"""Chains of effects by name or file, and those of a take."""

from pathlib import Path

from bridge.plugins.preset import Preset, preset_files, read_preset, user_folder
from engine.mix.addresses import Knobs
from engine.mix.insert import Insert
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.take import TakeChain

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


def opened(chain: TakeChain, rate: int) -> tuple[Insert, Knobs]:
    """Open a chain of effects that a take was played through, and return its knobs as well.

    A take may come from anywhere and a plug-in can do anything, so only a person's own preset of that name is opened.

    Raises
    ------
    RemixtureError
        If there is none of that name and text, or a plug-in in it cannot be opened.
    """
    from bridge.plugins.chain import load_chain
    from bridge.plugins.trial import try_chain

    path = preset_files().get(chain.name)
    if path is None or path.read_text(encoding="utf-8") != chain.text:
        there = "are others now" if path else "are not here"
        raise RemixtureError(f"the take was played through the effects {chain.name!r}, which {there}: see {user_folder()}")
    preset = read_preset(path)
    found = load_chain(preset, try_chain(preset, rate), rate)
    return found, found.params

"""The formats by name. Loads none of them: for help, menus and names of files."""

from dataclasses import dataclass

from engine.model.errors import RemixtureError


@dataclass(frozen=True, slots=True)
class Format:
    """One way to hand over.

    `suffixes` are what the target may end in, "" is a folder; `programs` who reads it; `module` of this package has a
    `write(work, target)`; `heeds` are those of the options that not every format has a use for.
    """

    name: str
    suffixes: tuple[str, ...]
    programs: str
    module: str
    heeds: tuple[str, ...] = ("bits", "recording")


FORMATS = {
    form.name: form
    for form in (
        Format("dawproject", (".dawproject",), "Bitwig Studio, Studio One, Cubase", "dawproject"),
        Format("reaper", ("",), "REAPER", "reaper"),
        Format("ardour", ("",), "Ardour 7 or later", "ardour"),
        Format(
            "stem.mp4",
            (".stem.mp4",),
            "Traktor and other players of Native Instruments' Stems",
            "stemfile",
            ("aac", "recording"),
        ),
        Format("loops", ("", ".zip"), "samplers and every DAW: each loop and slice as a WAV", "loops", ("bits",)),
        Format("stems", ("",), "every DAW: full-length WAVs from bar 1, and a MIDI file with the tempo map", "stems"),
        Format("rekordbox", (".xml",), "rekordbox: beat grid, cues and loops", "rekordbox", ()),
    )
}


def format_of(name: str) -> Format:
    """Return a format by its name.

    Raises
    ------
    RemixtureError
        If there is none; lists those that there are.
    """
    if name not in FORMATS:
        raise RemixtureError(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]

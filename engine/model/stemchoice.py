"""Which separator a person may ask for."""

from enum import StrEnum


class StemChoice(StrEnum):
    """Who makes the stems; the classical methods are described in `engine.analysis.stems.classical`."""

    AUTO = "auto"
    DEMUCS = "demucs"
    BUILTIN = "builtin"
    HPSS = "hpss"
    HPR = "hpr"
    TWOSTAGE = "twostage"
    NMF = "nmf"
    NMF_HARMONIC = "nmf-harmonic"
    RPCA = "rpca"
    REPET_SIM = "repet-sim"
    CENTRE = "centre"
    SMALL = "small"
    NONE = "none"


ALONE = tuple(choice for choice in StemChoice if choice is not StemChoice.SMALL)
"""Those that need no file from the person: the small separator has no weights but one's own."""

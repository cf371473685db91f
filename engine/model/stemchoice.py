"""Which separator a person may ask for."""

from enum import StrEnum


class StemChoice(StrEnum):
    """Who makes the stems; the classical methods are described in `engine.analysis.stems.classical`."""

    AUTO = "auto"
    DEMUCS = "demucs"
    SMALL = "small"
    BUILTIN = "builtin"
    HPSS = "hpss"
    HPR = "hpr"
    TWOSTAGE = "twostage"
    NMF = "nmf"
    NMF_HARMONIC = "nmf-harmonic"
    RPCA = "rpca"
    REPET_SIM = "repet-sim"
    CENTRE = "centre"
    NONE = "none"

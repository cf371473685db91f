"""Separators out of the literature: no weights, each one idea, each a choice by name and a row in `benchmarks/stems.py`.

- `pieces`    what they have in common: a song goes through in pieces that do not show
- `hpss`      what lasts, what strikes (Fitzgerald 2010)
- `hpr`       what lasts, what strikes, what is neither (Driedger, Müller & Disch 2014)
- `twostage`  a voice lasts in a short window and not in a long one (Tachibana, Ono & Sagayama 2014)
- `nmf`       templates times activations, free or as combs of partials; `informed` with a score (Ewert & Müller 2012)
- `grouping`  which template belongs to which stem
- `rpca`      what comes again is of low rank, a voice stands out (Huang et al. 2012)
- `repet`     what repeats, however irregularly, accompanies (Rafii & Pardo 2012)
- `centre`    a voice is in the middle (Avendano & Jot 2004)

Each makes drums, bass, vocals and other, which add up to the song. What a method knows nothing of stays silent rather than
guessed: HPSS has no vocals. All take any rate, mono and stereo.
"""

from engine.analysis.stems.classical.centre import Centre
from engine.analysis.stems.classical.hpr import Hpr
from engine.analysis.stems.classical.hpss import Hpss
from engine.analysis.stems.classical.informed import Informed
from engine.analysis.stems.classical.nmf import HarmonicNmf, Nmf
from engine.analysis.stems.classical.pieces import Classical
from engine.analysis.stems.classical.repet import RepetSim
from engine.analysis.stems.classical.rpca import Rpca
from engine.analysis.stems.classical.twostage import TwoStage
from engine.model.score import Score
from engine.model.stemchoice import StemChoice

__all__ = [
    "METHODS", "Centre", "Classical", "HarmonicNmf", "Hpr", "Hpss", "Informed", "Nmf", "RepetSim", "Rpca", "TwoStage",
    "classical_for",
]  # fmt: skip

METHODS: dict[StemChoice, type[Classical]] = {
    StemChoice.HPSS: Hpss, StemChoice.HPR: Hpr, StemChoice.TWOSTAGE: TwoStage, StemChoice.NMF: Nmf,
    StemChoice.NMF_HARMONIC: HarmonicNmf, StemChoice.RPCA: Rpca, StemChoice.REPET_SIM: RepetSim, StemChoice.CENTRE: Centre,
}  # fmt: skip


def classical_for(choice: StemChoice, score: Score | None = None) -> Classical:
    """Return the method of a name, as its paper has it; NMF follows a score where there is one."""
    return Informed(score=score) if choice is StemChoice.NMF and score is not None else METHODS[choice]()

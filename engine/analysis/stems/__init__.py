"""A song -> drums, bass, vocals, other.

- `parts`     what stems are called
- `builtin`   the built-in separator: needs no model, knows lasting from striking and little more
- `small`     our own small network, which corrects it (trained by `engine.train`); `small_net` is its maths
- `classical` separators out of the literature, each one idea
- `weights`   which weights Demucs may load, where they are, whether they are what they say
- `demucs`    Demucs (Rouard, Massa & Défossez, "Hybrid transformers for music source separation", ICASSP 2023)
- `segments`  a song through Demucs, a segment at a time
- `computing` where and how finely: device, precision, length of a segment

Choosing loads neither torch nor a model; `StemSeparator.separate` does.
"""

from pathlib import Path
from typing import Protocol

from engine.analysis.stems.computing import FASTEST, Computing
from engine.model.audio import Audio, Progress, no_progress
from engine.model.errors import RemixtureError
from engine.model.score import Score
from engine.model.separation import Provenance, Separation
from engine.model.stemchoice import StemChoice

__all__ = ["StemChoice", "StemSeparator", "separator_for"]


class StemSeparator(Protocol):
    """Takes songs apart. Two of equal provenance give equal results."""

    @property
    def provenance(self) -> Provenance:
        """Known before separating; its note says why this separator serves, where that needs saying."""

    def separate(self, audio: Audio, progress: Progress = no_progress) -> Separation:
        """Return a separation whose blocks come while they are walked through, in memory that does not grow with the song."""


def separator_for(
    choice: StemChoice,
    *,
    model: str | Path | None = None,
    computing: Computing = FASTEST,
    score: Score | None = None,
) -> StemSeparator:
    """Return the separator to use: within 5 s where there is no network, later only if weights are being downloaded.

    Parameters
    ----------
    choice : StemChoice
        AUTO takes Demucs if its weights can be had, and else the small separator, which then says so in its note.
    model : str or Path, optional
        For Demucs: a name out of `weights.HUB_MODELS`, a `.safetensors` file or a folder with them; by default `htdemucs`.
        For SMALL: a `.safetensors` file in place of the weights that come with the program.
    computing : Computing
        For Demucs: where and how finely.
    score : Score, optional
        For NMF: the song's notes, on its own clock.

    Raises
    ------
    RemixtureError
        If DEMUCS was chosen and its weights cannot be had, or if weights are there and are refused.
    """
    from engine.analysis.stems.builtin import BuiltinSeparator
    from engine.analysis.stems.demucs import DemucsSeparator
    from engine.analysis.stems.small import SHIPPED, SmallSeparator, checked_weights
    from engine.analysis.stems.weights import NoWeightsError, find_weights

    if choice is StemChoice.NONE:
        raise ValueError("no stems were asked for")
    if choice is StemChoice.BUILTIN:
        return BuiltinSeparator()
    if choice is StemChoice.SMALL:
        return SmallSeparator(checked_weights(SHIPPED if model is None else Path(model)))
    if choice not in {StemChoice.AUTO, StemChoice.DEMUCS}:
        from engine.analysis.stems.classical import classical_for

        return classical_for(choice, score)
    try:
        return DemucsSeparator(find_weights("htdemucs" if model is None else model), computing)
    except NoWeightsError as error:
        if choice is StemChoice.DEMUCS:
            hint = "go online once, name a local model with --stem-model, or take --stems small"
            raise RemixtureError(f"{error}: {hint}") from error
        return SmallSeparator(checked_weights(SHIPPED), note=f"The small separator made the stems: {error}.")

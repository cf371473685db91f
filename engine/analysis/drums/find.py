"""A drums stem -> the drums that are struck in it, and these played again, alone."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.analysis.drums.bands import bands_of
from engine.analysis.drums.classes import struck
from engine.analysis.drums.cleanest import cleanest
from engine.analysis.drums.doubles import without_doubles
from engine.analysis.drums.drum import Drum
from engine.analysis.drums.fit import fitted, heard_in
from engine.analysis.drums.groups import grouped
from engine.analysis.drums.kinds import KINDS
from engine.analysis.drums.onsets import transients
from engine.dsp.levels import peak_dbfs
from engine.model.audio import Audio, Progress, Samples, no_progress

FOUND, FITTED = 0.2, 0.6
"""Shares of the work that are done by then."""
SILENT_DB: Final = -90.0
"""Peak under which nobody plays: what a separator leaves there must not be struck with the song's own hits."""


def find_drums(stem: Audio, song: Audio | None = None, progress: Progress = no_progress) -> tuple[Drum, ...]:
    """Return the drums of a stem, in the order of their kinds, the most frequent of a kind first; none in silence.

    Parameters
    ----------
    stem : Audio
        The drums as a separator gave them.
    song : Audio, optional
        What was taken apart: hits that repeat are then taken from it instead of the stem. Better where the separator is
        weak.
    progress : Progress
    """
    if peak_dbfs(stem.samples) < SILENT_DB:
        return ()
    drums = without_doubles(_struck_drums(stem), stem.rate)
    progress(FOUND)
    exact = [drum for drum in drums if drum.repeats]
    exact = fitted(stem.samples, exact, stem.rate, lambda share: progress(FOUND + share * (FITTED - FOUND)))
    rest = Audio(stem.samples - played(exact, stem), stem.rate)
    single = [cleanest(rest, drum) for drum in drums if not drum.repeats]
    if song is not None:
        exact = heard_in(song.samples, exact, stem.rate, lambda share: progress(FITTED + share * (1.0 - FITTED)))
    progress(1.0)
    order = {kind.name: place for place, kind in enumerate(KINDS)}
    return tuple(sorted([*exact, *single], key=lambda drum: (order[drum.kind.name], -len(drum.at))))


def _struck_drums(stem: Audio) -> list[Drum]:
    bands = bands_of(stem)
    found = transients(bands)
    return [
        Drum.struck(kind, strikes, alike, stem.channels, stem.rate)
        for kind, hits in zip(KINDS, struck(found), strict=True)
        if hits.any()
        for strikes, alike in grouped(stem, bands, found.frames[hits], kind)
    ]


def played(drums: Sequence[Drum], like: Audio) -> Samples:
    """Return the drums played, as long as another signal and with as many channels [shape=(channels, frames), float32]."""
    out = np.zeros((like.channels, like.frames), dtype=np.float32)
    for drum in drums:
        drum.play(out, like.rate)
    return out

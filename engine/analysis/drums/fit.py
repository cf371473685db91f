"""Drums that repeat to the sample: of each its hit and how loud each strike is, by least squares, one drum after another.

`stem = sum over drums, over strikes, of gain * hit(t - begin) + rest`. Strikes of one drum do not overlap, so its hit is a
weighted mean of what the other drums leave at its strikes. Those of different drums do, so the drums are fitted in turn
(backfitting; Friedman & Stuetzle, "Projection pursuit regression", JASA 76, 1981).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.analysis.drums.agree import agreed
from engine.analysis.drums.drum import Drum, heard
from engine.model.audio import Progress, Samples, no_progress

ROUNDS, SONG_ROUNDS = 4, 4


def fitted(stem: Samples, drums: Sequence[Drum], rate: int, progress: Progress = no_progress) -> list[Drum]:
    """Return the drums with hits and gains fitted to a stem [shape=(channels, frames)]."""
    return _in_turn(stem, drums, rate, ROUNDS, progress, levels=True)


def heard_in(song: Samples, drums: Sequence[Drum], rate: int, progress: Progress = no_progress) -> list[Drum]:
    """Return the drums with the hits that the song itself has at their strikes, as loud as they were found to be.

    A separator takes something of every hit away; what the song has beside the drum does not return with it.
    """
    return _in_turn(song, drums, rate, SONG_ROUNDS, progress, levels=False)


def _in_turn(
    samples: Samples, drums: Sequence[Drum], rate: int, rounds: int, progress: Progress, *, levels: bool
) -> list[Drum]:
    rest, known = samples.astype(np.float32, copy=True), list(drums)
    for drum in known:
        drum.play(rest, rate, -1.0)
    for turn in range(rounds):
        for k, drum in enumerate(known):
            drum.play(rest, rate)
            found = replace(drum, hit=agreed(rest, drum, rate))
            known[k] = _levelled(rest, found) if levels else found
            known[k].play(rest, rate, -1.0)
            progress((turn + (k + 1) / len(known)) / rounds)
    return known


def _levelled(rest: Samples, drum: Drum) -> Drum:
    """Return a drum with the gains that its hit has by least squares."""
    gains = np.zeros(len(drum.at))
    for k, (begin, length) in enumerate(zip(drum.at, drum.lengths(), strict=True)):
        low, piece = heard(rest, int(begin), int(length))
        own = drum.hit[:, low : low + piece.shape[1]].astype(np.float64)
        gains[k] = float((own * piece).sum()) / max(float(np.square(own).sum()), 1e-12)
    return drum.at_level(gains)

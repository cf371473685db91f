"""The beats of a song, found three ways; the surest wins.

- `listen`      one pass over the recording: decimated signal, onsets in three bands, harmony
- `periods`     the times after which the song repeats, to a fraction of a frame
- `meter`       which of them is the beat, and how many beats are a bar
- `downbeats`   evidence for where the bar starts
- `place`       a tempo or beats, and evidence: a grid
- `follow`      beats from a curve of likelihoods, drifting tempo allowed
- `trackers`    madmom's networks
- `candidates`  one grid from each way

Every confidence is meant as the chance that tempo and bar lines are those a listener would count. It was compared with the
truth for `loops` on songs built from loops only; slow tempi taken double and played waltzes taken in four can be surer than
they should be. Exact repetition is asked
first: it is the finest by far and the quickest. Only where it is not sure are others asked: madmom where its weights are
there, the pulse of the onsets else; madmom for the downbeat where the tempo is known, for everything where it is not.
librosa's beat tracker is no candidate: on the same onsets it did no better than `follow` (beat F 0.51 and 0.56 on 19 songs)
and compiled for some 20 s in every new process.
"""

import dataclasses
import math

from engine.analysis.grid import candidates, trackers
from engine.analysis.grid.candidates import Found, Wishes
from engine.analysis.grid.listen import Listening, listen
from engine.analysis.grid.place import Activations
from engine.model.audio import Audio, Progress, no_progress
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid, GridReport

ALGORITHM_VERSION = 1

SURE = 0.5
"""A grid this likely is taken without asking anyone else."""

SURE_TEMPO = 0.6
"""From this on, madmom is asked for the downbeat only."""

EXCERPT_S = 30.0
"""As much as madmom hears of a song whose tempo is known."""

MADMOM_LONGEST_S = 900.0
"""Longer songs are not given to madmom, which needs some 7 s for a minute."""

SHORTEST_S = 1.0
"""Anything shorter has no tempo to speak of."""

SLOWEST_BPM, FASTEST_BPM, MOST_BEATS = 20.0, 400.0, 16


def find_grid(
    audio: Audio,
    *,
    bpm: float | None = None,
    downbeat: float | None = None,
    beats_per_bar: int | None = None,
    progress: Progress = no_progress,
) -> GridReport:
    """Return the beats and bars of a recording.

    Parameters
    ----------
    audio : Audio
        Any rate and length; there is a grid even for silence: 120 bpm from 0, confidence 0.
    bpm : float, beats per minute, optional
        The tempo, exactly; only where the beats lie is searched.
    downbeat : float, seconds, optional
        Any one downbeat, exactly.
    beats_per_bar : int, optional
        4 or 3, whichever is likelier, where it is not given.

    Raises
    ------
    RemixtureError
        If `bpm` is outside 20 to 400, `downbeat` outside the song, or `beats_per_bar` outside 1 to 16.
    """
    _check(audio, bpm, downbeat, beats_per_bar)
    wishes = Wishes(downbeat, beats_per_bar)
    if audio.seconds < SHORTEST_S or not audio.samples.any():
        why = (
            "silence has no beat"
            if audio.frames and not audio.samples.any()
            else f"{audio.seconds:.2f} s are too short for a beat"
        )
        return _assumed(audio, bpm, wishes, why)
    listening = listen(audio, lambda share: progress(0.2 * share))
    if bpm is not None:
        report = GridReport.best([candidates.at_tempo(listening, bpm, wishes)])
        report = dataclasses.replace(report, why=f"the tempo was given; {_downbeat_words(wishes, report.confidence)}")
    else:
        report = _searched(audio, listening, wishes, lambda share: progress(0.2 + 0.8 * share))
    progress(1.0)
    return report


def _check(audio: Audio, bpm: float | None, downbeat: float | None, beats_per_bar: int | None) -> None:
    """Raise what a person can mend."""
    if bpm is not None and not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise RemixtureError(f"the tempo must be {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats per minute, got {bpm:g}")
    if beats_per_bar is not None and not 1 <= beats_per_bar <= MOST_BEATS:
        raise RemixtureError(f"a bar must have 1 to {MOST_BEATS} beats, got {beats_per_bar}")
    if downbeat is not None and not (math.isfinite(downbeat) and 0.0 <= downbeat <= audio.seconds):
        raise RemixtureError(
            f"the downbeat must lie within the song, 0 to {audio.seconds:.2f} s, got {downbeat:g} (frames instead of seconds?)"
        )


def _assumed(audio: Audio, bpm: float | None, wishes: Wishes, why: str) -> GridReport:
    """Return a grid to work with where there is nothing to hear: as given, else 120 bpm in fours from 0."""
    grid = Beatgrid.steady_at(bpm or 120.0, wishes.downbeat or 0.0, max(audio.seconds, 1e-3), wishes.beats_per_bar or 4)
    report = GridReport.best([(grid, "none", 0.0)])
    return dataclasses.replace(report, why=f"{why}; {grid.bpm:g} bpm from {wishes.downbeat or 0.0:g} s is a guess")


def _downbeat_words(wishes: Wishes, chance: float) -> str:
    """Say where the bar lines come from."""
    return "so was the downbeat" if wishes.downbeat is not None else f"the downbeat was heard, sure to {chance:.2f}"


def _searched(audio: Audio, listening: Listening, wishes: Wishes, progress: Progress) -> GridReport:
    """Return the best grid of all ways that had to be asked."""
    meter, likely = candidates.likeliest_meter(listening, audio.rate, wishes)
    found: list[Found] = []
    if meter is not None:
        found.append(candidates.by_loops(listening, meter, likely, wishes))
        if found[0][2] >= SURE:
            return GridReport.best(found)
    networks = trackers.madmom_networks() if audio.seconds <= MADMOM_LONGEST_S else []
    if networks and meter is not None and likely >= SURE_TEMPO:
        heard = _activations(audio, EXCERPT_S, progress)
        grid, _, confidence = candidates.by_loops(listening, meter, likely, wishes, heard)
        return GridReport.best([(grid, "loops", confidence)])
    if networks:
        tracked = candidates.by_madmom(listening, _activations(audio, audio.seconds, progress), wishes)
    elif meter is None or likely < SURE_TEMPO:
        tracked = candidates.by_onsets(listening, wishes)
    else:
        tracked = None
    found += [tracked] if tracked is not None else []
    return GridReport.best(found) if found else _assumed(audio, None, wishes, "no beat was found")


def _activations(audio: Audio, seconds: float, progress: Progress) -> Activations:
    """Return what madmom hears in the middle `seconds` of a song."""
    first = max(0.0, (audio.seconds - seconds) / 2)
    last = min(audio.seconds, first + seconds)
    values = trackers.madmom_activations(audio, trackers.madmom_networks(), first, last, progress)
    return Activations(values, float(trackers.MADMOM_FPS), first)

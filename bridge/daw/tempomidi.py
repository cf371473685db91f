"""A project's tempo map -> a Standard MIDI File, format 1, that any DAW takes its bars from; and notes, where there are any.

A tempo of MIDI is a whole number of microseconds per beat. One number for a whole song would be 0.6 ms off after ten minutes;
here the number changes by one now and then, so that every beat is where it should be within `TOLERANCE`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from bridge.daw.media import text
from bridge.daw.project import Project, tempo_map
from engine.model.key import parse_key

TICKS = 4800
"""Ticks per beat. Beats are exactly on ticks; a marker between them is at most 0.1 ms away from its frame from 63 bpm on.
More, and readers take a long song's many ticks for damage.
"""
TOLERANCE = 20.0
"""Microseconds that a beat may be off: about a frame."""


DRUM_CHANNEL = 9
"""General MIDI's tenth."""


@dataclass(frozen=True, slots=True)
class Note:
    """A drum that is struck at a frame of the timeline, for so many frames; `pitch` and `velocity` are MIDI's."""

    frame: int
    frames: int
    pitch: int
    velocity: int


def write_tempo_map(project: Project, path: Path, notes: Sequence[Note] = ()) -> None:
    """Write tempo, time and key signature and markers of a project, from the song's bar 1 on, which is tick 0.

    Notes go to a track of their own, on the channel for drums.
    """
    tracks = [_tempo_track(project), *([_drum_track(project, notes)] if notes else [])]
    mido.MidiFile(type=1, ticks_per_beat=TICKS, tracks=tracks, charset="utf-8").save(str(path))


def _tempo_track(project: Project) -> mido.MidiTrack:
    events: list[tuple[int, mido.MetaMessage]] = [(0, mido.MetaMessage("track_name", name=project.title)), _meter(project)]
    if project.key is not None:
        events.append((0, mido.MetaMessage("key_signature", key=_key(project.key))))
    events += [
        (beat * TICKS, mido.MetaMessage("set_tempo", tempo=tempo)) for beat, tempo in whole_tempos(beat_microseconds(project))
    ]
    events += [
        (_tick(project, marker.frame), mido.MetaMessage("marker", text=text(marker.name)))
        for marker in project.markers
        if marker.frame >= project.origin
    ]
    events.append((_tick(project, project.frames), mido.MetaMessage("end_of_track")))
    return _track(events)


def _drum_track(project: Project, notes: Sequence[Note]) -> mido.MidiTrack:
    events: list[tuple[int, mido.Message | mido.MetaMessage]] = [(0, mido.MetaMessage("track_name", name="Drums"))]
    for note in notes:
        start = _tick(project, note.frame)
        end = max(start + 1, _tick(project, note.frame + note.frames))
        of = {"channel": DRUM_CHANNEL, "note": note.pitch}
        events += [(start, mido.Message("note_on", velocity=note.velocity, **of)), (end, mido.Message("note_off", **of))]
    return _track(events)


def _track(events: Sequence[tuple[int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    """Return events (tick, message) as a track; of those on one tick, notes end before others begin."""
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: (event[0], event[1].type != "note_off")):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def beat_microseconds(project: Project) -> NDArray[np.float64]:
    """Return when each beat is, counted from the song's bar 1 to the first beat at or after the end, in microseconds."""
    tempos = tempo_map(project)
    beats = np.array([tempo.beat for tempo in tempos])
    lengths = 60e6 / np.array([tempo.bpm for tempo in tempos])
    starts = np.concatenate([[0.0], np.cumsum(np.diff(beats) * lengths[:-1])])
    first = _first_beat(project)
    wanted = np.arange(first, max(int(np.ceil(project.beat(project.frames))), first + 1) + 1)
    i = np.searchsorted(beats, wanted, side="right") - 1
    times = starts[i] + (wanted - beats[i]) * lengths[i]
    return np.asarray(times - times[0])


def whole_tempos(beats: NDArray[np.float64], tolerance: float = TOLERANCE) -> list[tuple[int, int]]:
    """Return the fewest whole tempos that a greedy walk finds to keep every beat within `tolerance`.

    Parameters
    ----------
    beats : ndarray [shape=(n,), microseconds]
        The first is 0.
    tolerance : float >= 1, microseconds

    Returns
    -------
    list of (beat, microseconds per beat)
    """
    found: list[tuple[int, int]] = []
    at, now = 0, 0
    while at < beats.size - 1:
        count, tempo = _longest(beats[at + 1 :] - now, tolerance)
        if not found or found[-1][1] != tempo:
            found.append((at, tempo))
        at, now = at + count, now + count * tempo
    return found


def _longest(beats: NDArray[np.float64], tolerance: float) -> tuple[int, int]:
    """Return over how many beats one whole tempo holds, and which.

    Each beat allows tempos from a lowest to a highest; the walk ends where no whole number is left that all of them allow.
    """
    steps = np.arange(1, beats.size + 1)
    lowest = np.maximum.accumulate(np.ceil((beats - tolerance) / steps))
    highest = np.minimum.accumulate(np.floor((beats + tolerance) / steps))
    held = lowest <= highest
    count = beats.size if held.all() else int(np.argmin(held))
    middle = round(float(beats[count - 1]) / count)
    return count, int(min(max(middle, lowest[count - 1]), highest[count - 1]))


def _first_beat(project: Project) -> int:
    return project.lead_in_bars * project.grid.beats_per_bar


def _tick(project: Project, frame: int) -> int:
    return max(0, round((project.beat(frame) - _first_beat(project)) * TICKS))


def _meter(project: Project) -> tuple[int, mido.MetaMessage]:
    return 0, mido.MetaMessage("time_signature", numerator=project.grid.beats_per_bar, denominator=4)


def _key(name: str) -> str:
    key = parse_key(name)
    return f"{key.name.split()[0]}{'m' if key.mode == 'minor' else ''}"

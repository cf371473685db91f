"""A MIDI file -> the notes of a song, each with the stem it belongs to.

Channel 10 is drums, as General MIDI has it. A track whose name speaks of a voice, and the programs of choirs and voices, are
vocals; the programs of basses, and a track named so, bass; everything else is other. Seconds are those of the file's own tempo
map: it has to begin where the song does.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.model.errors import RemixtureError
from engine.model.score import Note, Score

DRUM_CHANNEL = 9
BASSES, VOICES = range(32, 40), (52, 53, 54, 85, 91)
"""General MIDI programs, counted from 0."""
SUNG, LOW = re.compile(r"voc|voice|vox|sing|choir|chant", re.IGNORECASE), re.compile(r"\bbass", re.IGNORECASE)


def read_score(path: Path) -> Score:
    """Return the notes of a MIDI file.

    Raises
    ------
    RemixtureError
        If it cannot be read, is no MIDI file, or has no notes.
    """
    import mido

    try:
        data = path.read_bytes()
        tracks, merged = _tracks(mido.MidiFile(file=io.BytesIO(data)))
    except OSError as error:
        # mido raises bare OSErrors for what is no MIDI file.
        raise RemixtureError(f"cannot read the score {path}: {error.strerror or 'it is not a MIDI file'}") from error
    except (EOFError, ValueError, LookupError, TypeError, mido.KeySignatureError) as error:
        raise RemixtureError(f"the score {path} is not a whole MIDI file of type 0 or 1: export it again") from error
    notes = sorted(_notes(merged, tracks), key=lambda note: (note.start, note.stem, note.pitch))
    if not notes:
        raise RemixtureError(f"the score {path} has no notes: name a MIDI file that has the song's")
    return Score(tuple(notes), hashlib.sha256(data).hexdigest())


def _tracks(file: Any) -> tuple[dict[int, str], list[Any]]:  # noqa: ANN401 - mido has no types
    """Return the names of the tracks that play on each channel, and all messages in order, `time` since the one before."""
    names: dict[int, str] = {}
    for track in file.tracks:
        for channel in {message.channel for message in track if message.type == "note_on"}:
            names[channel] = f"{names.get(channel, '')} {track.name}"
    return names, list(file)


def _notes(messages: list[Any], names: dict[int, str]) -> Iterator[Note]:
    """Yield each note when it ends; one that is struck again ends there, one that never ends does with the file."""
    now, programs = 0.0, dict.fromkeys(range(16), 0)
    sounding: dict[tuple[int, int], tuple[str, float]] = {}
    for message in messages:
        now += message.time
        if message.type == "program_change":
            programs[message.channel] = message.program
        if message.type not in {"note_on", "note_off"}:
            continue
        key = (message.channel, message.note)
        if key in sounding:
            stem, start = sounding.pop(key)
            yield Note(stem, message.note, start, now)
        if message.type == "note_on" and message.velocity > 0:
            sounding[key] = (_stem(message.channel, programs[message.channel], names.get(message.channel, "")), now)
    for (_, pitch), (stem, start) in sounding.items():
        yield Note(stem, pitch, start, now)


def _stem(channel: int, program: int, name: str) -> str:
    """Return where the notes of a channel belong."""
    if channel == DRUM_CHANNEL:
        return "drums"
    if program in VOICES or SUNG.search(name):
        return "vocals"
    return "bass" if program in BASSES or LOW.search(name) else "other"

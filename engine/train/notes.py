"""Notes of a sound font: every third to fifth pitch rendered once by fluidsynth, dry and mono, the rest read faster or slower.

fluidsynth is a program of its own; where it or the sound font is missing, songs are played by `synths` alone.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from mido import Message, MetaMessage, MidiFile, MidiTrack
from numpy.typing import NDArray

from engine.model.audio import Samples
from engine.train.sources import RATE

BASS_PROGRAMS = tuple(range(32, 40))
OTHER_PROGRAMS = (*range(9), 11, 12, 14, *range(16, 22), *range(24, 32), 40, 42, 45, 46, 48, 49, 50, 51, *range(56, 60), 61, 62,
                  63, 64, 65, 66, 68, 71, 73, 75, *range(80, 85), 87, 88, 89, 90, 91, 95, 104, 105, 106, 108)  # fmt: skip
KITS = (0, 8, 16, 24, 25, 32, 40, 48)
KIT_KEYS = {
    "kick": (35, 36),
    "snare": (37, 38, 39, 40),
    "hat": (42, 44),
    "cymbal": (46, 49, 51, 57),
    "perc": (41, 45, 47, 50, 54, 56, 62, 70),
}
SLOT, HELD = 2.2, 1.7
"""Seconds from note to note, and how long each is held."""
DRUM_CHANNEL = 9


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """One instrument: `pitches` [MIDI notes, rising] and their `tones` [shape=(frames,), float16, peak 1 over all]."""

    pitches: tuple[int, ...]
    tones: tuple[NDArray[np.float16], ...]

    def note(self, pitch: float, seconds: float, _rng: np.random.Generator) -> Samples:
        """Return a note [shape=(frames,)], with a short release."""
        nearest = int(np.argmin(np.abs(np.array(self.pitches) - pitch)))
        ratio = 2.0 ** ((pitch - self.pitches[nearest]) / 12)
        return released(read_at(self.tones[nearest], ratio, seconds + 0.08), 0.08)


def read_at(tone: NDArray[np.floating], ratio: float, seconds: float) -> Samples:
    """Return a tone read `ratio` times as fast, of `seconds` at most."""
    n = min(round(seconds * RATE), int((tone.size - 1) / ratio))
    where = np.arange(n, dtype=np.float32) * np.float32(ratio)
    known = tone[: int(n * ratio) + 2]
    return np.asarray(np.interp(where, np.arange(known.size), known), dtype=np.float32)


def released(note: Samples, seconds: float) -> Samples:
    """Fade the end of a note out, in place."""
    n = min(note.size, round(seconds * RATE))
    note[note.size - n :] *= np.linspace(1, 0, n, dtype=np.float32)
    return note


def instruments(font: Path) -> tuple[list[Sampled], list[Sampled], dict[str, list[Samples]]] | None:
    """Return basses, other instruments, and struck one-shots; None where fluidsynth is not there."""
    if shutil.which("fluidsynth") is None:
        return None
    basses = [sampled(font, program, range(26, 56, 3)) for program in BASS_PROGRAMS]
    others = [sampled(font, program, range(40, 90, 5)) for program in OTHER_PROGRAMS]
    return basses, others, kits(font, KITS)


def kits(font: Path, programs: tuple[int, ...]) -> dict[str, list[Samples]]:
    """Return what is struck in the font's drum kits, by its kind; nothing where fluidsynth is not there."""
    struck: dict[str, list[Samples]] = {kind: [] for kind in KIT_KEYS}
    if shutil.which("fluidsynth") is None:
        return struck
    keys = [key for kind in KIT_KEYS.values() for key in kind]
    for kit in programs:
        tones = dict(zip(keys, rendered(font, kit, keys, DRUM_CHANNEL), strict=True))
        for kind, members in KIT_KEYS.items():
            struck[kind] += [tones[key] / np.abs(tones[key]).max() for key in members if np.abs(tones[key]).max() > 1e-3]
    return struck


def sampled(font: Path, program: int, pitches: range) -> Sampled:
    """Return one instrument of the font."""
    tones = rendered(font, program, list(pitches), 0)
    peak = max(1e-6, *(float(np.abs(tone).max()) for tone in tones))
    return Sampled(tuple(pitches), tuple((tone / peak).astype(np.float16) for tone in tones))


def rendered(font: Path, program: int, keys: list[int], channel: int) -> list[Samples]:
    """Return one tone for each key, as fluidsynth plays it without reverb and chorus."""
    track = MidiTrack([MetaMessage("set_tempo", tempo=1_000_000), Message("program_change", program=program, channel=channel)])
    held, left = round(HELD * 1000), round((SLOT - HELD) * 1000)
    for i, key in enumerate(keys):
        track.append(Message("note_on", note=key, velocity=100, channel=channel, time=left if i else 0))
        track.append(Message("note_off", note=key, velocity=0, channel=channel, time=held))
    track.append(MetaMessage("end_of_track", time=left))
    with tempfile.TemporaryDirectory() as room:
        midi, wave = Path(room) / "notes.mid", Path(room) / "notes.wav"
        MidiFile(type=0, ticks_per_beat=1000, tracks=[track]).save(midi)
        options = ["-o", "synth.dynamic-sample-loading=1", "-o", "synth.reverb.active=0", "-o", "synth.chorus.active=0"]
        command = [
            "fluidsynth",
            "-ni",
            *options,
            "-g",
            "0.6",
            "-r",
            str(RATE),
            "-O",
            "float",
            "-T",
            "wav",
            "-F",
            str(wave),
            str(font),
            str(midi),
        ]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own arguments
        audio, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1, dtype=np.float32)
    mono = np.pad(mono, (0, max(0, round(SLOT * RATE) * len(keys) - mono.size)))
    return [np.ascontiguousarray(mono[round(i * SLOT * RATE) : round((i + 1) * SLOT * RATE)]) for i in range(len(keys))]

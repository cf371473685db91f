"""What the small separator is trained on, and on what terms.

Only what a licence plainly allows. The folder given by `--data` holds `sonic_pi` and `vocadito`; the sound font is looked for
where distributions put it and left out where it is not there. Whatever was used is written into the model's card.

| source | what | licence |
|---|---|---|
| sonic_pi | loops and one-shots of Sonic Pi | CC0 1.0 |
| vocadito | sung phrases (Bittner et al., "vocadito: a dataset of solo vocals", ISMIR late-breaking, 2021) | CC BY 4.0 |
| FluidR3 GM | notes of Frank Wen's sound font, rendered by fluidsynth | MIT |
| our own synthesis | `synths`, `voices` | this project's |
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from engine.dsp.resample import resampled
from engine.model.audio import Samples
from engine.model.errors import RemixtureError

RATE = 44_100
SOUND_FONTS = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), Path("/usr/share/soundfonts/FluidR3_GM.sf2"))
LICENCES = {
    "sonic_pi": "CC0 1.0 (Sonic Pi, etc/samples)",
    "vocadito": "CC BY 4.0 (Bittner, Pasalo, Bosch, Meseguer-Brocal & Rubinstein, vocadito, 2021)",
    "fluid_r3": "MIT (FluidR3 GM sound font, Frank Wen)",
    "synthesis": "the project's own",
}
STRUCK = {
    "kick": ("bd_", "drum_heavy_kick", "drum_bass_", "elec_soft_kick", "elec_hollow_kick"),
    "snare": ("sn_", "drum_snare_", "elec_snare", "elec_lo_snare", "elec_hi_snare", "elec_mid_snare", "perc_snap"),
    "hat": ("hat_", "drum_cymbal_closed", "drum_cymbal_pedal"),
    "cymbal": ("drum_cymbal_open", "drum_cymbal_hard", "drum_cymbal_soft", "drum_splash_", "ride_", "elec_cymbal"),
    "perc": ("drum_tom_", "drum_cowbell", "tabla_", "elec_wood", "elec_tick", "elec_fuzz_tom", "perc_impact"),
}
"""Beginnings of file names by what they strike."""
LOOPS = ("arovane_beat_", "loop_amen", "loop_breakbeat", "loop_compus", "loop_electric", "loop_industrial", "loop_mehackit",
         "loop_safari", "loop_tabla")  # fmt: skip
BASSES = ("bass_hard_c", "bass_thick_c", "bass_trance_c", "bass_voxy_c", "bass_woodsy_c", "bass_drop_c")
"""One-shots at some C."""
TEXTURES = ("ambi_", "guit_e_")
MOST_SECONDS = 9.0


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """Recordings by what they are, each mono [shape=(frames,), float32, peak 1] at `RATE`."""

    struck: dict[str, list[Samples]]
    loops: list[Samples]
    basses: list[Samples]
    textures: list[Samples]
    sung: list[Samples]


def anything(_name: str) -> bool:
    """Leave nothing out."""
    return True


def shots(data: Path) -> Shots:
    """Read the recordings.

    Raises
    ------
    RemixtureError
        If the folder lacks `sonic_pi`; without `vocadito` all voices are synthesised.
    """
    folder = data / "sonic_pi"
    if not any(folder.glob("*.flac")):
        raise RemixtureError(f"{data} has no sonic_pi/*.flac: give the folder that holds Sonic Pi's samples with --data")

    struck, loops = drums(data)
    sung = [read(file) for file in sorted((data / "vocadito").glob("*.wav"))]
    return Shots(struck, loops, named(folder, BASSES), named(folder, TEXTURES), sung)


def named(folder: Path, beginnings: tuple[str, ...], wanted: Callable[[str], bool] = anything) -> list[Samples]:
    """Read the recordings of a folder whose names begin so, in the order of their names."""
    return [read(f) for f in sorted(folder.glob("*.flac")) if f.stem.startswith(beginnings) and wanted(f.stem)]


def drums(data: Path, wanted: Callable[[str], bool] = anything) -> tuple[dict[str, list[Samples]], list[Samples]]:
    """Read what is struck, by its kind, and the loops of drums."""
    folder = data / "sonic_pi"
    return {kind: named(folder, names, wanted) for kind, names in STRUCK.items()}, named(folder, LOOPS, wanted)


def read(file: Path) -> Samples:
    """Return a recording as mono of peak 1, at `RATE`, its first seconds only unless it is sung."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    mono = np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32))
    if file.suffix == ".flac":
        mono = mono[: round(MOST_SECONDS * rate)]
    mono = resampled(mono, rate, RATE)
    return np.asarray(mono / max(1e-6, float(np.abs(mono).max())), dtype=np.float32)


def sound_font() -> Path | None:
    """Return the sound font, where there is one, and fluidsynth to play it."""
    return next((file for file in SOUND_FONTS if file.exists() and shutil.which("fluidsynth")), None)


def digest(data: Path, font: Path | None) -> str:
    """Return what tells one material from another: eight hexadecimal digits of the names and sizes of its files."""
    files = [*(data / "sonic_pi").glob("*.flac"), *(data / "vocadito").glob("*.wav"), *([font] if font is not None else [])]
    listed = sorted((file.name, file.stat().st_size) for file in files)
    return hashlib.sha256(repr(listed).encode()).hexdigest()[:8]


def used(data: Path, font: Path | None) -> tuple[str, ...]:
    """Return what songs are played with, where there is such a folder and font: keys of `LICENCES`."""
    sung = any((data / "vocadito").glob("*.wav"))
    return ("sonic_pi", "synthesis", *(("vocadito",) if sung else ()), *(("fluid_r3",) if font is not None else ()))

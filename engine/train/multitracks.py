"""Real songs with all their tracks: the demo projects that LMMS comes with, rendered by LMMS, a track at a time.

    python -m engine.train.multitracks --out FOLDER [--projects FOLDER] [--bars N]

Each becomes FOLDER/NAME/{drums,bass,other}.flac. What a track is follows from its name (a bass drum is a drum, a bass line a
bass) or, where that says nothing, from where most of its energy lies. Songs that `benchmarks.stems` judges by are left out, and
those whose licence (Debian's record of LMMS 1.2.2) does not go together with ours. LMMS is a program of its own; what is there
already is not rendered again.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.train.sources import RATE

WHERE = Path("/usr/share/lmms/projects")
STEMS = ("drums", "bass", "other")
TICKS_PER_BAR = 192
PART = ".part"
"""What a song that is not rendered to its end is called."""
LONGEST_SECONDS = 900
"""What rendering one song may take."""
ARTISTIC, GPL, BY_SA = "Artistic-2.0", "GPL-2.0-or-later", "CC BY-SA 4.0"
PROJECTS = {
    "CapDan-ReggaeTry": (ARTISTIC, "Der Daniel"), "CapDan-ReggaetonTry": (ARTISTIC, "Der Daniel"),
    "CapDan-ZeroSumGame-OriginalByZakarra": (ARTISTIC, "Der Daniel"), "DirtyLove": (GPL, "LMMS developers"),
    "EsoXLB-CPU": (ARTISTIC, "E.SoX"), "Greshz-CoolSnip": (ARTISTIC, "Greshz"), "Impulslogik-Zen": (ARTISTIC, "Impulslogik"),
    "Jousboxx-BuzzerBeater": (BY_SA, "Jousboxx"), "Momo64-esp": (ARTISTIC, "mauro"), "Oglsdl-Dr8v2": (ARTISTIC, "Ümit"),
    "Oglsdl-PpTrip": (ARTISTIC, "Ümit"), "Settel-InnerRecreation": (ARTISTIC, "Achim Settelmeier"),
    "Shovon-ProgressiveHousePluckDemo": (GPL, "LMMS developers"), "Skiessi-C64": (BY_SA, "Skiessi"),
    "Skiessi-Onion": (BY_SA, "Skiessi"), "Socceroos-Progress": (ARTISTIC, "Sam"),
    "StrictProduction-DearJonDoe": (GPL, "LMMS developers"), "Surrender-Main": (ARTISTIC, "Peter Asplund"),
    "TameAnderson-MakeMe": (ARTISTIC, "tame anderson"), "Thomasso-AxeFromThe80s": (ARTISTIC, "Thomasso"),
}  # fmt: skip
"""Songs, licences, authors. Saber-FinalStep, Skiessi-222 and Crunk(Demo) judge us; CC BY-SA 3.0 does not go with the GPL."""
STRUCK = re.compile(
    r"kick|snare|snr|sn_|hat|hh|clap|rim|sidestick|bassdrum|\bbd\b|tom|cymbal|crash|ride|perc|shak|tamb|drum|timbale|conga|bongo|\.ds\b|noise",
    re.IGNORECASE,
)
CLIPS = {"pattern", "bbtco", "sampletco", "automationpattern"}


@dataclass(frozen=True, slots=True, eq=False)
class Multitrack:
    """One song: drums, bass, other [shape=(3, 2, frames), float16, together about -20 dBFS] at `RATE`."""

    name: str
    stems: "np.ndarray[tuple[int, ...], np.dtype[np.float16]]"


def multitracks(folder: Path) -> list[Multitrack]:
    """Read all songs in a folder.

    Raises
    ------
    RemixtureError
        If there is none.
    """
    places = [place for place in folder.iterdir() if place.suffix != PART] if folder.is_dir() else []
    found = [read(place) for place in sorted(places) if (place / "drums.flac").exists()]
    if not found:
        raise RemixtureError(f"{folder} has no multitracks: make them with python -m engine.train.multitracks --out {folder}")
    return found


def licence(name: str) -> str:
    """Return a song's licence."""
    known, author = PROJECTS.get(name, ("not known: do not pass these weights on", name))
    return f"{known} ({author}, in LMMS 1.2.2)"


def read(place: Path) -> Multitrack:
    """Read one song."""
    stems = np.stack([soundfile.read(place / f"{stem}.flac", dtype="float32", always_2d=True)[0].T for stem in STEMS])
    level = float(np.sqrt(np.mean(np.square(stems.sum(axis=0)))))
    return Multitrack(place.name, (stems * np.float32(0.1 / max(level, 1e-4))).astype(np.float16))


def stem_of(name: str, samples: Samples) -> str:
    """Return which stem a track belongs to."""
    if STRUCK.search(name):
        return "drums"
    if "bass" in name.lower():
        return "bass"
    power = np.abs(np.fft.rfft(samples.mean(axis=0))) ** 2
    low = power[np.fft.rfftfreq(samples.shape[1], 1 / RATE) < 200].sum()
    return "bass" if low > power.sum() / 2 else "other"


def shortened(project: bytes, bars: int) -> bytes:
    """Return a project without what begins after so many bars: LMMS renders whole songs only."""
    root = ET.fromstring(project[project.index(b"<?xml") :])  # noqa: S314 - LMMS's own files
    for track in root.findall("song/trackcontainer/track"):
        for clip in [clip for clip in track if clip.tag in CLIPS]:
            begins, length = int(clip.get("pos", 0)), int(clip.get("len", 0))
            if begins >= bars * TICKS_PER_BAR:
                track.remove(clip)
            elif clip.tag == "bbtco" and begins + length > bars * TICKS_PER_BAR:
                clip.set("len", str(bars * TICKS_PER_BAR - begins))
    return b'<?xml version="1.0"?>\n<!DOCTYPE lmms-project>\n' + ET.tostring(root)


def lmms(*arguments: str) -> bytes:
    """Run LMMS without a screen."""
    command = ["lmms", "--allowroot", *arguments]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, check=True, capture_output=True, env=environment, timeout=LONGEST_SECONDS)  # noqa: S603
    return done.stdout


def render(project: Path, out: Path, bars: int) -> None:
    """Render one project into its stems."""
    content = lmms("dump", str(project)) if project.suffix == ".mmpz" else project.read_bytes()
    with tempfile.TemporaryDirectory() as room:
        song = Path(room) / "song.mmp"
        song.write_bytes(shortened(content, bars))
        lmms("rendertracks", str(song), "-o", room, "-f", "wav", "-s", str(RATE), "-x", "1")
        tracks = [
            (file.stem, soundfile.read(file, dtype="float32", always_2d=True)[0].T) for file in sorted(Path(room).glob("*.wav"))
        ]
    stems = {stem: np.zeros((2, max(x.shape[1] for _, x in tracks)), dtype=np.float32) for stem in STEMS}
    for name, samples in tracks:
        stems[stem_of(name, samples)][:, : samples.shape[1]] += samples
    gain = 0.5 / max(1e-4, *(float(np.abs(x).max()) for x in stems.values()))
    part = out.with_name(f"{out.name}{PART}")
    part.mkdir(parents=True, exist_ok=True)
    for stem, samples in stems.items():
        soundfile.write(part / f"{stem}.flac", samples.T * gain, RATE, subtype="PCM_16")
    part.rename(out)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.train.multitracks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--projects", type=Path, default=WHERE, help=f"where LMMS has them (default: {WHERE})")
    parser.add_argument("--bars", type=int, default=48, help="how much of each song")
    options = parser.parse_args()
    if shutil.which("lmms") is None:
        sys.stderr.write("there is no lmms here: install it (apt-get install lmms), or train without --multitracks\n")
        raise SystemExit(2)
    wanted = sorted(p for p in options.projects.rglob("*.mmp*") if p.stem in PROJECTS and not (options.out / p.stem).exists())
    for i, project in enumerate(wanted):
        sys.stderr.write(f"{i + 1} of {len(wanted)}: {project.stem}\n")
        try:
            render(project, options.out / project.stem, options.bars)
        except (subprocess.SubprocessError, ValueError) as error:
            sys.stderr.write(f"{project.stem} is left out, LMMS cannot render it: {error}\n")


if __name__ == "__main__":
    main()

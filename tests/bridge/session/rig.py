"""Sets that are quick to make, and processes to watch."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from engine.model.audio import Samples
from engine.model.grid import Beatgrid, GridReport
from engine.model.remixset import SCHEMA, Decomposition, GridFacts, RemixSet, Song
from engine.model.separation import Part
from engine.store.files import sha256_of
from engine.store.manifest import write_manifest
from engine.store.sources import write_sources
from tests.conftest import ROOT, loop_song

RATE = 22_050
BPM = 120.0


def make_set(room: Path, seconds: float = 12.0, rate: int = RATE, seed: int = 0) -> Path:
    """A set of the short song: two stems, one loop, and what is left of each."""
    audio = loop_song(seconds, rate, seed=seed)
    song = room / f"song-{seed}.wav"
    soundfile.write(song, audio.samples.T, rate, subtype="FLOAT")
    folder = room / f"song-{seed}.remix"
    facts = Song(song.stem, sha256_of(song), str(song), audio.frames, rate, audio.channels)
    grid = GridFacts.of(GridReport(Beatgrid.steady_at(BPM, 0.0, seconds), "test", 1.0, ""), {})
    found = {
        "stems": _decomposition(audio.samples, rate, folder, "stems", ("drums", "bass")),
        "loops": _decomposition(audio.samples, rate, folder, "loops", ("loop-1",)),
    }
    write_manifest(folder, RemixSet(SCHEMA, facts, grid, decompositions=found))
    return folder


def _decomposition(song: Samples, rate: int, folder: Path, name: str, ids: tuple[str, ...]) -> Decomposition:
    shares = np.linspace(0.2, 0.5, len(ids), dtype=np.float32)
    parts = [Part(id_, id_, "stem", "#808080") for id_ in ids]
    sources = write_sources(parts, [np.stack([share * song for share in shares])], song, rate, folder, name)
    return Decomposition("test", 1, {}, None, "", sources)


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is true; fail if it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """Processes that a process has started and that run."""
    found = subprocess.run(["ps", "--no-headers", "-o", "pid", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [child for child in map(int, found.stdout.split()) if alive(child)]


def command(pid: int) -> str:
    """How a process was started."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start `remixture open` with these arguments, without its page; it reads lines from a pipe."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "open", "--no-page", *map(str, arguments)], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def lines_of(stream: Iterator[str]) -> list[str]:
    """All lines that are still to come."""
    return [line.rstrip("\n") for line in stream]

"""Native Instruments' stem file, `NAME.stem.mp4`: a song that every player plays, and DJ programs take apart into four.

Track 0 is the mix; drums, bass, other and vocals follow, disabled for players that do not know them. A JSON atom at
`moov/udta/stem` names and colours them. The file begins where the recording begins, so that it is the song for a DJ, and a set
prepared from it has the same sources.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridge.daw.fourstems import FourStems, Named, four_stems
from bridge.daw.media import text
from bridge.daw.mp4atoms import Atom, write_fronted
from bridge.daw.mp4tracks import MOST_BYTES, check_rate, track_writer
from bridge.daw.project import Project
from bridge.daw.work import Work
from engine.store.files import TEMPORARY, require_space
from engine.store.manifest import read_manifest

PLAYED_RATES = frozenset({44_100, 48_000})
"""Hz that DJ programs and their controllers take for certain."""
NO_MASTERING = {
    "compressor": {
        "enabled": False, "input_gain": 0.5, "output_gain": 0.5, "threshold": 0, "ratio": 3, "attack": 0.003, "release": 0.3,
        "hp_cutoff": 300, "dry_wet": 50,
    },
    "limiter": {"enabled": False, "threshold": 0, "ceiling": -0.35, "release": 0.05},
}  # fmt: skip
"""What a player does to the sum of the stems: nothing. The numbers are those that are usual where it is enabled."""


def write(work: Work, target: Path) -> None:
    """Write a set or a take to `target` as a stem file."""
    project = work.baked
    check_rate(project.rate, work.options.codec)
    first = _first_frame(work, project)
    stems = four_stems(project, first, work.report)
    _write(stems, project, work, target)
    work.say_factor(stems.factor)
    work.said.extend(_notes(stems, project, first))
    if work.take is not None:
        work.said.extend(project.notes)


def _first_frame(work: Work, project: Project) -> int:
    """Return the frame of the timeline at which a recording begins, or a take's first clip."""
    if work.take is None:
        return project.frames - read_manifest(work.source).song.frames
    return min((clip.start for track, _ in project.leaves() for clip in track.clips), default=0)


def _write(stems: FourStems, project: Project, work: Work, target: Path) -> None:
    require_space(target.parent, round(2 * stems.frames * MOST_BYTES[work.options.codec]), "a stem file")
    names = ["Mix", *(one.name for one in stems.named)]
    tags = {"title": text(project.title), "tmpo": str(round(project.grid.bpm))}
    # The muxer knows where its chunks are when all are written: `moov` comes to the front in a second file.
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=target.parent) as folder:
        tracks = Path(folder) / "tracks.mp4"
        progress, done = work.report.step("encode"), 0
        with track_writer(tracks, names, project.rate, work.options.codec, tags) as write_block:
            for block in stems.blocks():
                write_block(block)
                done += block.shape[-1]
                progress(done / stems.frames)
        with tracks.open("rb") as source, target.open("xb") as file:
            write_fronted(source, file, Atom(b"stem", metadata(stems.named)))


def metadata(named: Sequence[Named]) -> bytes:
    """Return the JSON of the stem atom."""
    stems = [{"name": one.name, "color": one.color.upper()} for one in named]
    return json.dumps({"mastering_dsp": NO_MASTERING, "version": 1, "stems": stems}, separators=(",", ":")).encode("ascii")


def _notes(stems: FourStems, project: Project, first: int) -> Iterator[str]:
    """Yield what people should know; a project's own notes speak of files that are not written here."""
    if (lead_in := project.origin - first) > 0:
        yield f"bar 1 is {lead_in / project.rate:.3f} s ({lead_in} frames) into the file: it begins where the recording begins"
    silent = [one.name for one, nothing in zip(stems.named, stems.silent, strict=True) if nothing]
    if silent:
        yield f"silent in this song: {', '.join(silent)}; a stem file has its four stems all the same"
    if project.rate not in PLAYED_RATES:
        yield f"the rate is the song's, {project.rate} Hz: DJ programs may want 44100 or 48000 Hz"

"""A project -> a `.dawproject`, which Bitwig Studio, Studio One and Cubase open: a zip of two XML documents and WAVs.

The same project gives the same bytes, but for 32-bit float, where libsndfile writes the time of day into each file.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from bridge.daw.dawprojectxml import AUDIO, metadata_xml, project_xml
from bridge.daw.media import write_media
from bridge.daw.project import Project
from bridge.daw.work import Work
from engine.store.files import TEMPORARY

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""When all files of a zip were made: the first day that it knows."""
UNIX, READABLE = 3, 0o644
PIECE = 1 << 20


def write(work: Work, target: Path) -> None:
    """Write the project as the zip `target`."""
    project = with_used_media(work.project)
    with TemporaryDirectory(prefix=TEMPORARY, dir=target.parent) as room, ZipFile(target, "w") as archive:
        work.say_factor(write_media(project, Path(room), work.options.depth, work.report))
        for name, content in (("metadata.xml", metadata_xml(project)), ("project.xml", project_xml(project))):
            archive.writestr(_entry(name), content, ZIP_DEFLATED)
        for one in project.media:
            _store(archive, Path(room) / one.name)
    work.said.extend(project.notes)
    work.say_mutes()


def with_used_media(project: Project) -> Project:
    """Return a project without files that no clip plays."""
    used = set(_used(project))
    return replace(project, media=tuple(one for one in project.media if one.name in used))


def _used(project: Project) -> Iterator[str]:
    for track, _ in project.leaves():
        yield from (clip.media for clip in track.clips)
    for scene in project.scenes:
        yield from (clip.media for _, clip in scene.clips)


def _store(archive: ZipFile, path: Path) -> None:
    """Move a file into a zip as it is, so that the room for all of it is never needed twice."""
    entry = _entry(f"{AUDIO}/{path.name}")
    entry.file_size = path.stat().st_size  # tells zipfile whether it needs 64 bits
    with path.open("rb") as source, archive.open(entry, "w") as stored:
        while piece := source.read(PIECE):
            stored.write(piece)
    path.unlink()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, LONG_AGO)
    entry.compress_type, entry.create_system, entry.external_attr = ZIP_STORED, UNIX, READABLE << 16
    return entry

"""`remixture drums SET|SONG -o FOLDER`: the drums of a song, clean, as a kit and as MIDI.

Every strike is played again with the cleanest hit of its drum in the same song. FOLDER gets clean-drums.wav, a WAV for each
drum (kick-1.wav, snare-1.wav, hat-1.wav, ...), and drums.mid, which plays them on the song's own tempo. A song that is no set
yet is taken apart for this alone; nothing of that is kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import Screen, table
from engine.model.errors import RemixtureError
from engine.model.stemchoice import StemChoice

if TYPE_CHECKING:
    from bridge.daw.drumkit import Piece
    from engine.model.audio import Audio, Progress
    from engine.model.grid import Beatgrid
    from engine.model.remixset import RemixSet, Source
    from engine.model.separation import Separation


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser(
        "drums", help="the drums of a song, clean, as a kit and as MIDI", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("source", type=Path, metavar="SET|SONG", help="a folder NAME.remix, or a recording")
    add("-o", "--output", type=Path, required=True, metavar="FOLDER", help="the folder to make")
    add(
        "--stems", choices=[choice.value for choice in StemChoice if choice is not StemChoice.NONE],
        help="who separates a SONG (default: auto); a SET and a .stem.mp4 have their own",
    )  # fmt: skip
    add("--bits", choices=("24", "32f"), default="24", help="what a .wav holds (default: 24)")
    add("--force", action="store_true", help="replace what is there already")
    add("--json", action="store_true", help="print what was made as one JSON document")
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What drums are found in. `song` None: the separator is so good that hits are cleaner in its stem than in the song."""

    title: str
    stem: Audio
    song: Audio | None
    grid: Beatgrid
    key: str | None = None


def run(options: argparse.Namespace) -> None:
    """Find the drums and write them."""
    from bridge.daw.drumkit import Kit, write_kit
    from bridge.daw.export import check_target, staged
    from bridge.daw.formats import Format
    from engine.analysis.drums import find_drums
    from engine.store.encode import BitDepth

    if not options.source.exists():
        raise RemixtureError(f"{options.source} does not exist: name a set (NAME.remix) or a song")
    check_target(options.output, Format("drums", ("",), "", ""), options.source, force=options.force)
    with Screen(options.output.name[:32]) as screen:
        material = of_set(options, screen) if options.source.is_dir() else of_song(options, screen)
        drums = find_drums(material.stem, material.song, screen.step("drums"))
        if not drums:
            raise RemixtureError(f"no drums were found in {options.source}: there is nothing to write")
        screen.step("write")
        kit = Kit(material.title, material.grid, material.stem, drums, material.key)
        with staged(options.output, force=options.force) as part:
            pieces, said = write_kit(kit, part, BitDepth(options.bits))
    print(as_json(options.output, pieces, said) if options.json else as_text(options.output, pieces, said))


def of_set(options: argparse.Namespace, screen: Screen) -> Material:
    """Return the drums of a set, and the song as the sum of its stems.

    Raises
    ------
    RemixtureError
        If it is no set, or has no drums among its stems.
    """
    from bridge.daw.export import check_apart
    from engine.analysis.drums import CLOSE, DRUMS, REST
    from engine.store.setdir import open_set

    folder = options.source
    if options.stems is not None:
        raise RemixtureError(f"--stems is for songs, and {folder} is a set: prepare it again with --stems {options.stems}")
    remixset = open_set(folder)
    check_apart(options.output, Path(remixset.song.path))
    stems = remixset.decompositions.get("stems")
    if stems is None or DRUMS not in [source.id for source in stems.sources]:
        raise RemixtureError(f"{folder} has no drums among its stems: run remixture prepare, with stems")
    if remixset.grid is None:
        raise RemixtureError(f"{folder} has no grid yet: run remixture prepare again")
    screen.step("load")
    drums = summed(remixset, folder, [source for source in stems.sources if source.id in {DRUMS, REST}])
    song = None if stems.algorithm in CLOSE else summed(remixset, folder, stems.sources)
    return Material(remixset.song.title, drums, song, remixset.grid.grid(), remixset.key)


def summed(remixset: RemixSet, folder: Path, sources: Sequence[Source]) -> Audio:
    """Return the sum of sources of a set, with one of them in memory at a time."""
    from engine.model.audio import Audio
    from engine.store.sources import read_source

    total = read_source(sources[0], folder, remixset.song)
    for source in sources[1:]:
        total += read_source(source, folder, remixset.song)
    return Audio(total, remixset.song.rate)


def of_song(options: argparse.Namespace, screen: Screen) -> Material:
    """Return the drums of a recording, separated for this alone, and its grid.

    Raises
    ------
    RemixtureError
        If it cannot be read or separated, or brought stems of its own without drums.
    """
    import numpy as np

    from engine.analysis.drums import CLOSE, DRUMS
    from engine.analysis.grid import find_grid
    from engine.model.audio import Audio
    from engine.store.decode import decode, probe
    from engine.store.files import printable

    probe(options.source)  # before a model is fetched for nothing
    separate = separator_of(options, screen)
    audio = decode(options.source, screen.step("decode"))
    report = find_grid(audio, progress=screen.step("grid"))
    separation = separate(audio, screen.step("stems"))
    place = next((k for k, part in enumerate(separation.parts) if part.id == DRUMS), None)
    if place is None:
        raise RemixtureError(f"{options.source} has no drums among its stems: --stems builtin finds some in its mix")
    drums = np.concatenate([block[place] for block in separation.blocks], axis=-1)
    near = separation.provenance.algorithm in CLOSE
    title = printable(options.source.stem).removesuffix(".stem")
    return Material(title, Audio(drums, audio.rate), None if near else audio, report.grid)


def separator_of(options: argparse.Namespace, screen: Screen) -> Callable[[Audio, Progress], Separation]:
    """Return what takes a recording apart: as `remixture prepare` has it, stems that the file brought come first."""
    from engine.analysis.stems import separator_for
    from engine.store.stemfile import holds_stems, read_stems

    choice = StemChoice(options.stems or StemChoice.AUTO)
    if choice is StemChoice.AUTO and holds_stems(options.source):
        return lambda audio, _: read_stems(options.source, audio.frames)
    screen.step("stem model")
    separator = separator_for(choice)
    if separator.provenance.note:
        screen.note(separator.provenance.note)
    return separator.separate


def as_text(folder: Path, pieces: tuple[Piece, ...], said: tuple[str, ...]) -> str:
    """Return what was made, for people."""
    rows = [("file", "strikes", "note", "hit"), *((one.file, str(one.strikes), str(one.note), one.how) for one in pieces)]
    return "\n".join([f"{folder}", *(f"  {line}" for line in (*table(rows, right=(1, 2)).split("\n"), *said))])


def as_json(folder: Path, pieces: tuple[Piece, ...], said: tuple[str, ...]) -> str:
    """Return what was made, for programs."""
    import msgspec

    return msgspec.json.encode({"folder": str(folder), "drums": pieces, "said": said}).decode()

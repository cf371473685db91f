"""`remixture render SET... -o OUT`: sets, or a take of them -> an audio file.

Sources are named as `remixture info` lists them. With several sets the decks are a, b, c, d in the order given: `drums=+6`
means every deck that has drums, `b.vocals=-3` only deck b, `b=-3` deck b as a whole.

With --remixer neural no sources are mixed: a remixing network (python -m engine.train.remix) makes the song's own recording, or
that of one set, sound as with the levels given. Its sources have their own names.

With --take what was played is rendered again, with --recording only what was recorded of it. Its sets are looked for where they
were, and beside the take; SET names other places to look in: sets, or folders of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import Screen
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from engine.bounce import Bounced, Mix

PARTS = ("stems", "loops")
AUTO = "auto"
REMIXERS = ("direct", "neural")
LIVE = ("parts", "gain", "mute", "solo", "tempo", "pitch", "start", "bars", "straighten", "ceiling", "scene")
"""Options that a take decides."""
NOT_NEURAL = ("take", "recording", "scene", "parts", "tempo", "pitch", "start", "bars", "straighten", "each")
"""Options that a remixing network cannot follow: it moves levels, all along the song."""


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser(
        "render", help="bounce a remix of one or more sets", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add(
        "sets", nargs="*", type=Path, metavar="SET", help="folders NAME.remix, one to four; for --remixer neural one, or a song"
    )
    add("--remixer", choices=REMIXERS, default=REMIXERS[0], help="mix the sources, or have a network remix the recording")
    add("--remix-model", type=Path, metavar="FILE", help="the network's weights, .safetensors, for --remixer neural")
    add("--take", type=Path, metavar="FILE", help="a take.jsonl, to be rendered as it was played")
    add("--recording", type=int, metavar="N", help="only what was recorded in the take; 1 is the first recording")
    add("--scene", metavar="NAME", help="begin with a scene: its name, or a .toml file")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help="a .wav, .flac or .mp3")
    add("--parts", metavar="PARTS", help="stems or loops; or one word a set, as stems,loops (default: stems where there are)")
    add("--gain", action="append", default=[], metavar="SOURCE=DB", help="level of a source, -12 to +12 dB; may be repeated")
    add("--mute", action="append", default=[], metavar="SOURCE", help="silence a source; may be repeated, or a,b,c")
    add("--solo", action="append", default=[], metavar="SOURCE", help="only these sources of their deck")
    add("--tempo", type=float, metavar="BPM", help="tempo of all sets (default: the first set's)")
    add("--pitch", action="append", default=[], metavar="N", help="semitones, -12 to +12; b=-2 for deck b alone")
    add("--start", type=int, metavar="BAR", help="begin at this bar of each song; 1 is the first")
    add("--bars", type=int, metavar="N", help="length in bars")
    add("--straighten", action="store_true", help="put drifting recordings onto a steady tempo (needs the program rubberband)")
    add("--loudness", type=float, metavar="LUFS", help="integrated loudness to reach, such as -14")
    add(
        "--ceiling",
        default=AUTO,
        metavar="DBTP",
        help="true peak that the limiter lets pass, or off (default: -1, or the songs' own)",
    )
    add("--bits", choices=("24", "32f"), default="24", help="what a .wav holds (default: 24)")
    add("--each", action="store_true", help="also write one file per source")
    add("--json", action="store_true", help="print what was made as one JSON document")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Bounce the mix, or the take."""
    from engine.bounce import Target, bounce, bounce_take
    from engine.store.encode import BitDepth

    if options.remixer == "neural":
        done = neural(options)
    elif options.remix_model is not None:
        raise RemixtureError("--remix-model is for --remixer neural: say so, or leave it away")
    elif options.take is None:
        if options.recording is not None:
            raise RemixtureError(f"--recording {options.recording} is a part of a take: name the take with --take")
        mix = mix_of(options)
        with Screen(options.output.name[:32]) as screen:
            done = bounce(mix, options.output, screen)
    else:
        from bridge.session.effects import opened

        refuse_beside_take(options)
        target = Target(options.output, BitDepth(options.bits), options.loudness, options.each)
        with Screen(options.output.name[:32]) as screen:
            done = bounce_take(options.take, target, options.sets, screen, opened, options.recording)
    if options.json:
        import msgspec

        print(msgspec.json.encode(done, enc_hook=str).decode())
    else:
        print(summary(done))


def refuse_beside_take(options: argparse.Namespace) -> None:
    """Raise RemixtureError if there are options that would change what was played."""
    for name in given(options, LIVE):
        raise RemixtureError(f"--{name} cannot change a take: what was played decides; leave it away, or --take")


def given(options: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    """Return which of some options were used."""
    values = {name: getattr(options, name) for name in names}
    return [name for name, value in values.items() if not (value is None or value is False or value in ([], AUTO))]


def neural(options: argparse.Namespace) -> Bounced:
    """Have a network remix a recording."""
    from engine.bounce import NeuralMix, Target, bounce_neural
    from engine.store.encode import BitDepth

    for name in given(options, NOT_NEURAL):
        raise RemixtureError(f"--{name} is nothing a remixing network can do: leave it away, or --remixer direct")
    if options.remix_model is None:
        raise RemixtureError(
            "--remixer neural has no weights of its own: name yours with --remix-model FILE.safetensors; "
            "python -m engine.train.remix trains them"
        )
    if len(options.sets) != 1:
        raise RemixtureError(f"--remixer neural takes one song or set, got {len(options.sets)}")
    mix = NeuralMix(
        options.sets[0], options.remix_model, levels(options), tuple(map(source_of, names(options.solo))),
        limiter=options.ceiling != "off", ceiling_dbtp=ceiling(options),
    )  # fmt: skip
    target = Target(options.output, BitDepth(options.bits), options.loudness)
    with Screen(options.output.name[:32]) as screen:
        return bounce_neural(mix, target, screen)


def levels(options: argparse.Namespace) -> dict[str, float]:
    """Return the linear gain of each source that is named, for a network: 0 for what is muted."""
    from engine.dsp.levels import gain_of_db
    from engine.model.params import find

    param = find("deck.a.drums.gain")
    wanted = {source_of(name): gain_of_db(param.check(db, f"--gain {name}")) for name, db in map(assigned_gain, options.gain)}
    return wanted | {source_of(name): 0.0 for name in names(options.mute)}


def source_of(name: str) -> str:
    """Return the source that is meant by `drums` or `a.drums`; RemixtureError for other decks, and for a whole one."""
    deck, source = place(name)
    if deck not in {None, "a"} or source is None:
        raise RemixtureError(f"--remixer neural has one song, and moves its sources: drums or a.drums, got {name}")
    return source


def summary(done: Bounced) -> str:
    """Return what was made, in a few lines for people."""
    lines = [str(path) for path in done.files]
    loudness = "silent" if done.loudness_lufs is None else f"{done.loudness_lufs:.1f} LUFS"
    tempo = "" if done.bpm is None else f"{done.bpm:.2f} bpm, "
    lines.append(f"  {done.seconds:.1f} s, {tempo}{loudness}, true peak {done.true_peak_dbtp:+.1f} dBTP")
    if done.reduction_db > 0.0:
        lines.append(f"  the limiter took away up to {done.reduction_db:.1f} dB")
    return "\n".join(lines)


def mix_of(options: argparse.Namespace) -> Mix:
    """Return the mix that the options describe."""
    from engine.bounce import Mix, SetChoice, Setting
    from engine.model.params import DECKS
    from engine.store.encode import BitDepth
    from engine.store.scene import find_scene

    if not options.sets:
        raise RemixtureError("name a set to render, such as song.remix, or a take with --take")
    if len(options.sets) > len(DECKS):
        raise RemixtureError(f"there are {len(DECKS)} decks, got {len(options.sets)} sets")
    settings = [Setting("gain", *place(name), value) for name, value in map(assigned_gain, options.gain)]
    settings += [Setting("mute", *place(name), 1.0) for name in names(options.mute)]
    settings += [Setting("solo", *place(name), 1.0) for name in names(options.solo)]
    settings += [Setting("pitch", *place(name), value) for name, value in map(assigned_pitch, options.pitch)]
    return Mix(
        tuple(map(SetChoice, options.sets, _parts(options.parts, len(options.sets)))), tuple(settings),
        scene=None if options.scene is None else find_scene(options.scene),
        tempo=options.tempo, start_bar=options.start, bars=options.bars, straighten=options.straighten,
        loudness_lufs=options.loudness, limiter=options.ceiling != "off", depth=BitDepth(options.bits), each=options.each,
        ceiling_dbtp=ceiling(options),
    )  # fmt: skip


def ceiling(options: argparse.Namespace) -> float | None:
    """Return the true peak that was asked for in dBTP; None: the usual one, or none."""
    return None if options.ceiling in {AUTO, "off"} else number(options.ceiling, "--ceiling")


def place(name: str) -> tuple[str | None, str | None]:
    """Return (deck, source) of `b.vocals`, `b` or `vocals`; None means every one."""
    from engine.model.params import DECKS

    first, _, rest = name.partition(".")
    return (first, rest or None) if first in DECKS else (None, name or None)


def names(texts: list[str]) -> list[str]:
    """Return the names in repeated options, each of which may list several with commas."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def assigned_gain(text: str) -> tuple[str, float]:
    """Return (name, dB) of `drums=+6`."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise RemixtureError(f"--gain takes a source and its dB such as drums=+6, got {text!r}")
    return name.strip(), number(value, "--gain")


def assigned_pitch(text: str) -> tuple[str, float]:
    """Return (deck or nothing, semitones) of `b=-2` or `-2`."""
    name, _, value = text.rpartition("=")
    return name.strip(), number(value, "--pitch")


def number(text: str, option: str) -> float:
    """Return a number that a person typed; "6", "+6" and "+6dB" are the same."""
    try:
        return float(text.strip().lower().removesuffix("db"))
    except ValueError as error:
        raise RemixtureError(f"{option} takes a number, got {text!r}") from error


def _parts(text: str | None, count: int) -> list[str | None]:
    words: list[str | None] = [None] if text is None else list(text.split(","))
    unknown = [word for word in words if word is not None and word not in PARTS]
    if unknown:
        raise RemixtureError(f"--parts takes stems or loops, got {unknown[0]!r}")
    if len(words) == 1:
        return words * count
    if len(words) != count:
        raise RemixtureError(f"--parts names {len(words)} decks, but there are {count} sets")
    return words

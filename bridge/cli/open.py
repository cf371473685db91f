"""`remixture open SONG|SET...`: play, on the page, under the keyboard, a controller, or another program.

Lines are read from the terminal or a pipe; `help` lists them. Where there is nothing to read it plays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
from pathlib import Path

from bridge.cli import page, wanted
from engine.model.params import DECKS


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser("open", help="play songs and sets; what is missing is prepared meanwhile", description=__doc__)
    add = parser.add_argument
    add("songs", nargs="*", type=Path, metavar="SONG|SET", help="up to four, on decks a to d")
    add("-o", "--output", type=Path, metavar="DIR", help="folder for the sets of songs that are still to be prepared")
    add(
        "--sink",
        default="pedalboard",
        help="pedalboard, jack, portaudio, browser, file, null, or NAME:DEVICE (default: pedalboard)",
    )
    add("--device", metavar="NAME", help="the device of the sink; remixture devices lists them")
    add("--rate", type=int, metavar="HZ", help="what the device should run at (default: the first song's)")
    add("--frames", type=int, default=512, help="frames of a block (default: 512)")
    add("--split", action="store_true", help="also a stereo pair for each source, for a DAW")
    add("--connect", action="append", default=[], metavar="PAIR=PORT,PORT", help="JACK: the two ports that a pair goes to")
    add("--stretch", choices=("R2", "R3"), default="R2", help="time-stretching: faster or finer (default: R2)")
    add("--parts", choices=("stems", "loops"), help="what plays first (default: stems)")
    add("--tempo", type=float, metavar="BPM", help="tempo of a clock that all songs follow")
    add("--sync", action="store_true", help="all songs follow the first one")
    add("--fx", action="append", default=[], metavar="PLACE=CHAIN", help="effects, such as a.drums=echo-out; see also help")
    add("--midi", action=argparse.BooleanOptionalAction, default=True, help="take up MIDI controllers (default: yes)")
    add("--clock", default="", metavar="PORT", help="follow the MIDI clock of the port with this in its name")
    add("--osc", type=int, metavar="PORT", help="listen for OSC")
    add("--link", action="store_true", help="join Ableton Link")
    add("--take", type=Path, metavar="FILE", help=f"where the take goes (default: {wanted.TAKE} beside the first set)")
    add("--no-take", action="store_true", help="write no take")
    page.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Play until it is told to quit, or what it is told by has ended."""
    from bridge.cli.terminal import Said, Terminal, tell
    from bridge.session.player import Player
    from bridge.session.songs import ready_set

    effects, password = wanted.check(options), page.check(options)
    sets = {deck: ready_set(path, options.output) for deck, path in zip(DECKS, options.songs, strict=False)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    take, say = None, Said()
    with (
        contextlib.suppress(KeyboardInterrupt),
        Player(wanted.output(options, sets), say, wanted.take(options, sets)) as player,
    ):
        take = player.take
        Terminal(options, player, say, password).run(sets, effects)
    if take is not None:
        tell(f"to render it: remixture render --take {shlex.quote(str(take))} -o performance.wav --bits 32f")

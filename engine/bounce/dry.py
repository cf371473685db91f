"""A take without its faders: each source as it ran, with loops, jumps and tempo in it, and beside it where its faders stood.

Together they are the performance: sources times their levels times their decks' and the master's give what was heard, but for
isolator, filter, effects and limiter, which no other program has.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bounce.beats import BeatCounter
from engine.bounce.faders import GlideReader, SourceReader
from engine.bounce.load import LARGEST_IN_MEMORY, Chosen, room
from engine.bounce.replay import Found, Hands, find_sets, no_effects, recording_of
from engine.dsp.fades import GLIDE_SECONDS
from engine.mix.addresses import SOURCE_GAIN
from engine.mix.live import LiveDeck
from engine.model.audio import Progress, Samples
from engine.model.command import Command
from engine.model.curve import Curve, Switch
from engine.model.grid import Beatgrid
from engine.model.report import Report
from engine.model.take import FX, OFF, Recording, Take
from engine.store.take import read_take

BLOCK = 1024
LEFT_OUT = ("eq_low", "eq_mid", "eq_high", "filter", FX)
"""What acts on sound in ways that no other program can be told."""

Place = tuple[str, int, str]
"""A deck, the number of the song on it, a source."""


@dataclass(frozen=True, slots=True, eq=False)
class DrySource:
    """A source of a song on a deck: `samples` [shape=(2, frames), float32] as it ran, `gain`, `mute`, and `level`: both."""

    deck: str
    song: int
    source: str
    samples: Samples
    gain: Curve
    mute: Switch
    level: Curve


@dataclass(frozen=True, slots=True, eq=False)
class Dry:
    """All of it, in frames of the take: from `first`, where something begins to play or to be recorded, up to `last`."""

    rate: int
    first: int
    last: int
    sources: tuple[DrySource, ...]
    """Those that sound between them, in the order of decks and of the songs on them."""
    decks: Mapping[str, Curve]
    """What each deck's fader and the crossfader did together, linear."""
    master: Curve
    grid: Beatgrid
    """The beats of the performance in seconds of the take, from the bar line at or before `first` on."""
    left_out: tuple[str, ...]
    """Parameters that moved and did not come along."""


@dataclass(frozen=True, eq=False)
class DryTake:
    """A take that was read and checked, with its sets found."""

    path: Path
    take: Take
    found: Found
    part: Recording

    @classmethod
    def opened(cls, path: Path, folders: Sequence[Path], recording: int | None) -> "DryTake":
        """Read a take and find its sets, as `bounce_take` does.

        Raises
        ------
        RemixtureError
            For everything a person can mend.
        """
        take = read_take(path)
        return cls(path, take, find_sets(take, path, folders), recording_of(take, path, recording))

    def song(self, number: int) -> Chosen:
        """Return one decomposition of a song, whose set tells about it."""
        return next(iter(self.found[number].values()))

    def play(self, report: Report, *, bare: bool) -> Dry:
        """Play it; with `bare` sources are as they ran before their faders, else after them and their deck's."""
        return _Playing(self, bare=bare).play(report.step("play"))


class _Playing:
    """The take under way; readers grow with every block."""

    def __init__(self, opened: DryTake, *, bare: bool) -> None:
        take = opened.take
        self._commands = [command for command in take.commands if not _is_effect(command)]
        self._all = take.commands
        self._hands = Hands(dataclasses.replace(take, commands=tuple(self._commands)), opened.found, no_effects, limited=False)
        self._mixer = self._hands.mixer
        if bare:
            self._mixer.bare_taps()
        self._rate, self._part = take.head.rate, opened.part
        self._end = take.frames if opened.part.end is None else opened.part.end
        self._length = max(1, round(GLIDE_SECONDS * self._rate))
        sounding = sum(len(one.ids) for song in opened.found.values() for one in song.values())
        self._in_file = sounding * self._end * 8 > LARGEST_IN_MEMORY
        self._samples: dict[Place, Samples] = {}
        self._readers: dict[Place, SourceReader] = {}
        self._decks: dict[str, tuple[GlideReader, GlideReader]] = {}
        self._master = GlideReader(0, 1.0, self._length)
        self._beats = BeatCounter()
        self._began: int | None = None

    def play(self, progress: Progress) -> Dry:
        """Play all of it."""
        done = 0
        for wanted in self._edges():
            while done < wanted:
                until = self._hands.feed(wanted)
                n = until - done
                if n:
                    self._block(done, n)
                done = until
                progress(done / max(1, self._end))
        first = self._part.start or (self._began if self._began is not None else 0)
        sources = [
            DrySource(deck, song, name, samples, *self._readers[deck, song, name].curves())
            for (deck, song, name), samples in sorted(self._samples.items(), key=self._order)
            if samples[:, first : self._end].any()
        ]
        decks = {deck: gain.curve() * side.curve() for deck, (gain, side) in self._decks.items()}
        return Dry(
            self._rate, first, self._end, tuple(sources), decks, self._master.curve(),
            self._beats.grid(first, self._end, self._rate, self._mixer.clock.beats_per_bar), tuple(_left_out(self._all)),
        )  # fmt: skip

    def _edges(self) -> Iterator[int]:
        """Yield where blocks end: wherever something changes, and at least every `BLOCK` frames."""
        changes = {command.at for command in self._commands if 0 < command.at < self._end}
        steps = itertools.chain(range(BLOCK, self._end, BLOCK), (self._end,), changes)
        yield from sorted(set(steps))

    def _order(self, item: tuple[Place, Samples]) -> tuple[str, int, int]:
        (deck, song, name), _ = item
        places = [place for place in self._readers if place[:2] == (deck, song)]
        return deck, song, places.index((deck, song, name))

    def _block(self, frame: int, n: int) -> None:
        mixer = self._mixer
        out, taps = np.zeros((2, n), dtype=np.float32), mixer.make_taps(n)
        mixer.render(out, taps)
        self._count(frame, n)
        self._master.read(mixer.fader, frame, n)
        songs = self._hands.songs
        for deck, tap in zip(mixer.decks, taps, strict=True):
            if deck.name not in songs or not isinstance(deck, LiveDeck):
                continue
            if self._began is None and deck.running:
                self._began = frame
            self._read_deck(deck, songs[deck.name], frame, n)
            self._keep(deck, songs[deck.name], tap, frame)

    def _read_deck(self, deck: LiveDeck, song: int, frame: int, n: int) -> None:
        if deck.name not in self._decks:
            gain, side = GlideReader(0, 1.0, self._length), GlideReader(0, 1.0, self._length)
            self._decks[deck.name] = gain, side
        for fader, row in zip(self._decks[deck.name], deck.strip.faders, strict=True):
            fader.read(row, frame, n)
        levels, playing = deck.levels, set(deck.levels.names[deck.playing].tolist())
        # A name that several decompositions have, such as the residual, is as the one that plays has it.
        banks = [*range(len(levels.glides)), deck.playing]
        rows = {int(name): row for bank in banks for name, row in zip(levels.names[bank], levels.glides[bank], strict=True)}
        for k, name in enumerate(deck.names):
            place = (deck.name, song, name)
            if place not in self._readers:
                self._readers[place] = SourceReader(frame, self._length)
            db = float(levels.values[k, SOURCE_GAIN])
            self._readers[place].read(db, rows[k], frame, n, plays=k in playing)

    def _keep(self, deck: LiveDeck, song: int, tap: Samples, frame: int) -> None:
        for name, samples in zip(deck.names, tap, strict=True):
            if not samples.any():
                continue
            place = (deck.name, song, name)
            if place not in self._samples:
                self._samples[place] = room((2, self._end), in_file=self._in_file)
            self._samples[place][:, frame : frame + samples.shape[1]] = samples

    def _count(self, frame: int, n: int) -> None:
        """Note how far the clock went."""
        mixer = self._mixer
        coarse = any(deck.running and deck.stretching for deck in mixer.decks if isinstance(deck, LiveDeck))
        expected, follow = mixer.clock.per_frame * n, not self._in_fragments()
        self._beats.note(frame + n, mixer.beat, expected, follow=follow, coarse=coarse)

    def _in_fragments(self) -> bool:
        """Whether a deck goes round in less than whole beats, so that the clock's own beat tells nothing."""
        bar = self._mixer.clock.beats_per_bar
        return any(deck.running and deck.loop_bars * bar % 1.0 for deck in self._mixer.decks if isinstance(deck, LiveDeck))


def _is_effect(command: Command) -> bool:
    return FX in command.path.split(".")


def _left_out(commands: Sequence[Command]) -> list[str]:
    """Return which parameters moved that do not come along, each once."""
    found = (
        command.path.partition(f".{FX}")[0] + f".{FX}" if _is_effect(command) else command.path
        for command in commands
        if set(command.path.split(".")) & set(LEFT_OUT) and command.value not in (0.0, OFF)
    )
    return list(dict.fromkeys(found))

"""A performance -> files: rendered block by block, the limiter's delay taken off, brought to a loudness where one is wanted.

A static mix and a take differ in how their mixer is set up and who feeds it; from there on they are the same.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.bounce.load import room
from engine.dsp.levels import db_of_gain
from engine.dsp.loudness import LoudnessMeter, gain_to_loudness
from engine.dsp.truepeak import TruePeakMeter
from engine.mix.bank import Bank
from engine.mix.deck import Deck
from engine.mix.mixer import Mixer
from engine.model.audio import Progress, Samples
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.params import find
from engine.model.report import Report
from engine.store.encode import BitDepth, WriteBlock, audio_writer
from engine.store.files import require_space, safe_name

BLOCK = 4096
CEILING_DBTP = -1.0

Names = Mapping[str, Sequence[str]]
"""The sources of each deck, in order."""


@dataclass(frozen=True, slots=True)
class Bounced:
    """What was written. `bpm` None: there is not one tempo. `reduction_db` is the most that the limiter took away."""

    files: tuple[Path, ...]
    seconds: float
    bpm: float | None
    loudness_lufs: float | None
    true_peak_dbtp: float
    reduction_db: float


@dataclass(frozen=True, slots=True)
class Target:
    """What the file should be like; `each`: also one file per source."""

    path: Path
    depth: BitDepth = BitDepth.PCM_24
    loudness_lufs: float | None = None
    each: bool = False

    def __post_init__(self) -> None:
        """Check at the door, once."""
        if self.loudness_lufs is not None and not -70.0 <= self.loudness_lufs <= 0.0:
            raise RemixtureError(f"the loudness must be within -70 to 0 LUFS, got {self.loudness_lufs:g} LUFS")


class Player(Protocol):
    """A mixer, and who sends it its commands."""

    @property
    def mixer(self) -> Mixer:
        """What is rendered."""

    def feed(self, until: int) -> int:
        """Send what is due before the mixer's frame `until`; return how far it may be rendered now, at most `until`."""

    def names(self) -> Names:
        """Return what is on the decks for the frames that come next: the rows of the mixer's taps."""


class Performance(Protocol):
    """What can be played any number of times, always the same."""

    @property
    def rate(self) -> int:
        """In Hz."""

    @property
    def skipped(self) -> int:
        """How many frames are played first and not written, so that everything is as it was."""

    @property
    def frames(self) -> int:
        """How many frames are written."""

    @property
    def bpm(self) -> float | None:
        """Its tempo; None: there is not one."""

    @property
    def names(self) -> Names:
        """All that ever is on the decks."""

    @property
    def ceiling_dbtp(self) -> float | None:
        """The true peak to hold after the loudness was changed; None: not to be limited."""

    def player(self, *, limited: bool, integer_output: bool) -> Player:
        """Return a player at the start; `limited` False switches the limiter off, else it does what it is told."""


def usual_ceiling(peaks: Sequence[float | None]) -> float:
    """Return -1 dBTP, or the true peak of the loudest song where that is higher: what is not changed stays as it is."""
    return find("master.ceiling").clamp(max(CEILING_DBTP, *(peak or 0.0 for peak in peaks)))


class Renderer:
    """Plays a performance and writes it."""

    def __init__(self, performance: Performance, target: Target) -> None:
        self._performance, self._target = performance, target
        self._rate, self._frames = performance.rate, performance.frames
        self._loudest_part = 0.0

    def write(self, report: Report) -> Bounced:
        """Play and write; nothing is left half-written."""
        output, loudness = self._target.path, self._target.loudness_lufs
        each = self._each_paths()
        files = (output, *each.values())
        require_space(output.parent, self._frames * 2 * 4 * len(files), f"bouncing to {output.name}")
        meter, peak = LoudnessMeter(self._rate, 2), TruePeakMeter(2)
        with contextlib.ExitStack() as stack:
            parts = {place: stack.enter_context(self._writer(path)) for place, path in each.items()}
            skipped = self._performance.skipped
            if loudness is None:
                player = self._performance.player(limited=True, integer_output=self._integers)
            else:
                player, skipped, parts = self._to_loudness(parts, loudness, report.step("mix")), 0, {}
            write = stack.enter_context(self._writer(output))
            _hand_on(self._play(player, report.step("bounce"), parts, skipped), (write, meter.add, peak.add))
        if self._loudest_part > 1.0 and self._integers:
            over = db_of_gain(self._loudest_part)
            report.note(f"a source exceeds full scale by {over:.1f} dB and is clipped in its file: use --bits 32f")
        seconds, reduction = self._frames / self._rate, player.mixer.reduction_db
        return Bounced(files, seconds, self._performance.bpm, meter.integrated(), peak.dbtp(), reduction)

    @property
    def _integers(self) -> bool:
        return self._target.depth is not BitDepth.FLOAT

    def _play(
        self, player: Player, progress: Progress, parts: Mapping[tuple[str, str], WriteBlock], skipped: int
    ) -> Iterator[Samples]:
        """Yield the mix, the limiter's delay taken off; write each source's share to `parts`. Pieces may be empty."""
        mixer, total, done = player.mixer, skipped + self._frames, 0
        until = player.feed(min(BLOCK, total))
        # Effects that are there from the start make it longer.
        late = mixer.latency
        out, taps = np.zeros((2, 0), dtype=np.float32), []
        while done < total + late:
            n = until - done
            if out.shape[1] != n:
                out = np.zeros((2, n), dtype=np.float32)
                taps = mixer.make_taps(n) if parts else []
            if done <= skipped + late < until:
                mixer.forget_reduction()
            mixer.render(out, taps)
            if parts:
                self._write_parts(player.names(), taps, parts, slice(max(0, skipped - done), max(0, total - done)))
            yield out[:, max(0, skipped + late - done) : total + late - done]
            done += n
            progress(done / (total + late))
            until = player.feed(min(done + BLOCK, total + late))

    def _write_parts(
        self, names: Names, taps: Sequence[Samples], parts: Mapping[tuple[str, str], WriteBlock], wanted: slice
    ) -> None:
        rows: dict[tuple[str, str], Samples] = {}
        for (deck, there), tap in zip(names.items(), taps, strict=True):
            rows |= {(deck, name): row for name, row in zip(there, tap, strict=True)}
        silence = np.zeros((2, taps[0].shape[2]), dtype=np.float32)
        for place, write in parts.items():
            share = rows.get(place, silence)[:, wanted]
            write(share)
            self._loudest_part = max(self._loudest_part, float(np.abs(share).max(initial=0.0)))

    def _to_loudness(self, parts: Mapping[tuple[str, str], WriteBlock], wanted: float, progress: Progress) -> Player:
        """Play once, unlimited, and measure; return a player of what was heard at the wanted loudness."""
        meter = LoudnessMeter(self._rate, 2)
        heard, done = room((1, 2, self._frames)), 0
        # Between two passes there are floats; the last one makes the file.
        player = self._performance.player(limited=False, integer_output=False)
        for block in self._play(player, progress, parts, self._performance.skipped):
            meter.add(block)
            heard[0, :, done : done + block.shape[1]] = block
            done += block.shape[1]
        grid = Beatgrid.steady_at(120.0, 0.0, 2.0)
        mixer = Mixer(self._rate, [Deck("a", Bank(("mix",), heard, self._rate, grid))], integer_output=self._integers)
        mixer.send(Command(0, "master.gain", gain_to_loudness(meter.integrated(), wanted)))
        limit(mixer, self._performance.ceiling_dbtp)
        return Still(mixer, {"a": ("mix",)})

    def _writer(self, path: Path) -> contextlib.AbstractContextManager[WriteBlock]:
        return audio_writer(path, self._rate, 2, self._frames, self._target.depth)

    def _each_paths(self) -> dict[tuple[str, str], Path]:
        """Return a file beside the output for each source of each deck; the deck is named where there are several."""
        names, output = self._performance.names if self._target.each else {}, self._target.path
        return {
            (deck, name): output.with_name(
                f"{output.stem}-{f'{deck}-' if len(names) > 1 else ''}{safe_name(name)}{output.suffix}"
            )
            for deck, there in names.items()
            for name in there
        }


class Still:
    """A mixer that was sent everything already."""

    def __init__(self, mixer: Mixer, names: Names) -> None:
        self.mixer, self._names = mixer, names

    def feed(self, until: int) -> int:
        """Nothing is left to send."""
        return until

    def names(self) -> Names:
        """Return what was put on."""
        return self._names


def limit(mixer: Mixer, ceiling_dbtp: float | None) -> None:
    """Hold true peaks under a ceiling from the start, or nothing where there is none."""
    if ceiling_dbtp is not None:
        mixer.send(Command(0, "master.ceiling", ceiling_dbtp))
    mixer.send(Command(0, "master.limiter", float(ceiling_dbtp is not None)))


def _hand_on(blocks: Iterator[Samples], takers: Sequence[WriteBlock]) -> None:
    """Give each block to all takers in a thread beside, while the next one is being mixed."""

    def take(block: Samples) -> None:
        for taker in takers:
            taker(block)

    with ThreadPoolExecutor(1) as beside:
        pending = beside.submit(take, np.zeros((2, 0), dtype=np.float32))
        for block in blocks:
            pending.result()
            pending = beside.submit(take, block.copy())
        pending.result()

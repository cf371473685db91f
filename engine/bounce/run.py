"""Banks -> mixer -> files.

Levels that stay as they are let a deck mix first and stretch two channels; levels that move, and one file per source, make it
stretch every source.
"""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bounce.load import Chosen, bank_of, choose, room
from engine.bounce.wanted import Mix, Setting
from engine.dsp.levels import db_of_gain
from engine.dsp.loudness import LoudnessMeter, gain_to_loudness
from engine.dsp.truepeak import TruePeakMeter
from engine.mix.bank import Bank
from engine.mix.deck import Deck, StretchMode
from engine.mix.mixer import Mixer
from engine.model.audio import Progress, Samples
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.params import DECKS, find
from engine.model.report import Quiet, Report
from engine.store.encode import BitDepth, WriteBlock, audio_writer, check_target
from engine.store.files import require_space, safe_name

BLOCK = 4096
CEILING_DBTP = -1.0


@dataclass(frozen=True, slots=True)
class Bounced:
    """What was written. `reduction_db` is the most that the limiter took away."""

    files: tuple[Path, ...]
    seconds: float
    bpm: float
    loudness_lufs: float | None
    true_peak_dbtp: float
    reduction_db: float


def bounce(mix: Mix, output: Path, report: Report = Quiet()) -> Bounced:  # noqa: B008 - a value
    """Render a mix to a file, and with `each` one file per source beside it.

    Raises
    ------
    RemixtureError
        For everything a person can mend; nothing is left half-written.
    """
    chosen = [choose(choice) for choice in mix.sets]
    rate = chosen[0].set.song.rate
    check_target(output, rate, mix.depth)
    for one in chosen:
        if output.resolve() == Path(one.set.song.path):
            raise RemixtureError(f"{output} is the recording itself: name another file")
    for setting in [*mix.settings, *(move.setting for move in mix.moves)]:
        _targets(setting, chosen)
    banks = [bank_of(one, rate, straighten=mix.straighten, report=report) for one in chosen]
    run = _Run(mix, chosen, banks)
    done = run.write(output, report)
    if run.loudest_part > 1.0 and mix.depth is not BitDepth.FLOAT:
        report.note(
            f"a source exceeds full scale by {db_of_gain(run.loudest_part):.1f} dB and is clipped in its file: use --bits 32f"
        )
    return done


def _targets(setting: Setting, chosen: Sequence[Chosen]) -> list[str]:
    """Return the paths of the parameters that a setting concerns."""
    decks = dict(zip(DECKS, chosen, strict=False))
    if setting.deck is not None and setting.deck not in decks:
        raise RemixtureError(f"there is no deck {setting.deck}: there are {', '.join(decks)}")
    concerned = {name: one for name, one in decks.items() if setting.deck in {None, name}}
    if setting.source is None:
        if setting.param in {"mute", "solo"}:
            raise RemixtureError(f"{setting.param} takes a source such as drums or a.drums, not a whole deck")
        return [f"deck.{name}.{setting.param}" for name in concerned]
    found = [f"deck.{name}.{setting.source}.{setting.param}" for name, one in concerned.items() if setting.source in one.ids]
    if not found:
        there = "; ".join(f"{name}: {', '.join(one.ids)}" for name, one in concerned.items())
        raise RemixtureError(f"no source named {setting.source!r}: there are {there if len(chosen) > 1 else there[3:]}")
    return found


class _Run:
    """A mix whose banks are loaded. Each pass builds its own decks and mixer, so that every pass is the same."""

    def __init__(self, mix: Mix, chosen: Sequence[Chosen], banks: Sequence[Bank]) -> None:
        self.mix, self.chosen, self.banks = mix, chosen, banks
        self.rate = banks[0].rate
        self.bpm = mix.tempo or banks[0].grid.bpm
        self.tempos = [_near_one(bank.tempo_for(self.bpm)) for bank in banks]
        self.starts, self.offsets = self._places()
        self.frames = self._length()
        self.loudest_part = 0.0

    def _places(self) -> tuple[list[int], list[int]]:
        """Return where each song begins and when, in frames: all first bars, or all start bars, fall together."""
        if self.mix.start_bar is not None:
            bar = self.mix.start_bar - 1
            for one, bank in zip(self.chosen, self.banks, strict=True):
                bars = bank.grid.full_bars(bank.frames / bank.rate)
                if bar >= bars:
                    raise RemixtureError(f"{one.set.song.title} has {bars} bars, got start bar {bar + 1}")
            return [bank.bar_frame(bar) for bank in self.banks], [0] * len(self.banks)
        lead_ins = [bank.grid.bar_seconds(0) / tempo for bank, tempo in zip(self.banks, self.tempos, strict=True)]
        return [0] * len(self.banks), [round((max(lead_ins) - lead) * self.rate) for lead in lead_ins]

    def _length(self) -> int:
        if self.mix.bars is None:
            ends = zip(self.banks, self.starts, self.offsets, self.tempos, strict=True)
            return max(offset + round((bank.frames - start) / tempo) for bank, start, offset, tempo in ends)
        return self.bar_frame(self.mix.bars)

    def bar_frame(self, bar: float) -> int:
        """Return the mixer's frame at which a bar of the first set comes; 0 is the first that plays."""
        bank, first = self.banks[0], (self.mix.start_bar or 1) - 1
        return self.offsets[0] + round((bank.bar_frame(first + bar) - self.starts[0]) / self.tempos[0])

    def _pitch(self, deck: str) -> float:
        wanted = [s.value for s in self.mix.settings if s.param == "pitch" and s.deck in {None, deck}]
        return wanted[-1] if wanted else 0.0

    def _desk(self) -> Mixer:
        """Return the mixer with all decks and everything that was set, its master still as it comes."""
        moving = any(move.setting.source is not None for move in self.mix.moves)
        mode: StretchMode = "sources" if moving or self.mix.each else "sum"
        decks = [
            Deck(name, bank, start=start, offset=offset, tempo=tempo, pitch=self._pitch(name), stretch=mode)
            for name, bank, start, offset, tempo in zip(DECKS, self.banks, self.starts, self.offsets, self.tempos, strict=False)
        ]
        mixer = Mixer(self.rate, decks, integer_output=self._integer_output)
        for setting in self.mix.settings:
            for path in _targets(setting, self.chosen) if setting.param != "pitch" else ():
                mixer.send(Command(0, path, setting.value))
        for move in sorted(self.mix.moves, key=lambda move: move.bar):
            at = 0 if move.bar <= 1 else self.bar_frame(move.bar - 1)
            for path in _targets(move.setting, self.chosen):
                mixer.send(Command(at, path, move.setting.value))
        return mixer

    @property
    def _integer_output(self) -> bool:
        # Between two passes there are floats; the last one makes the file.
        return self.mix.depth is not BitDepth.FLOAT and self.mix.loudness_lufs is None

    def _limit(self, mixer: Mixer) -> None:
        peaks = [one.set.true_peak_dbtp or 0.0 for one in self.chosen]
        usual = find("master.ceiling").clamp(max(CEILING_DBTP, *peaks))
        mixer.send(Command(0, "master.ceiling", usual if self.mix.ceiling_dbtp is None else self.mix.ceiling_dbtp))
        mixer.send(Command(0, "master.limiter", float(self.mix.limiter)))

    def _play(self, mixer: Mixer, progress: Progress, parts: Sequence[Sequence[WriteBlock]] = ()) -> Iterator[Samples]:
        """Yield the mix, the limiter's delay taken off; write each source's share to `parts`. The last pieces may be empty."""
        late, total = mixer.latency, self.frames
        out = np.zeros((2, BLOCK), dtype=np.float32)
        taps = mixer.make_taps(BLOCK) if parts else []
        for done in range(0, total + late, BLOCK):
            mixer.render(out, taps)
            for writers, tap in zip(parts, taps, strict=True):
                for write, source in zip(writers, tap[..., : max(0, total - done)], strict=True):
                    write(source)
                self.loudest_part = max(self.loudest_part, float(np.abs(tap).max(initial=0.0)))
            yield out[:, max(0, late - done) : total + late - done]
            progress(min(1.0, (done + BLOCK) / (total + late)))

    def _to_loudness(self, parts: Sequence[Sequence[WriteBlock]], wanted: float, progress: Progress) -> Mixer:
        """Play the decks once, unlimited, and measure; return a mixer that plays what was heard at the wanted loudness."""
        desk, meter = self._desk(), LoudnessMeter(self.rate, 2)
        desk.send(Command(0, "master.limiter", 0.0))
        heard, done = room((1, 2, self.frames)), 0
        for block in self._play(desk, progress, parts):
            meter.add(block)
            heard[0, :, done : done + block.shape[1]] = block
            done += block.shape[1]
        mixer = Mixer(
            self.rate, [Deck("a", Bank(("mix",), heard, self.rate, self.banks[0].grid))],
            integer_output=self.mix.depth is not BitDepth.FLOAT,
        )  # fmt: skip
        mixer.send(Command(0, "master.gain", gain_to_loudness(meter.integrated(), wanted)))
        return mixer

    def write(self, output: Path, report: Report) -> Bounced:
        """Play and write."""
        each = self._each_paths(output)
        files = (output, *(path for deck in each for path in deck))
        require_space(output.parent, self.frames * 2 * 4 * len(files), f"bouncing to {output.name}")
        loudness, peak = LoudnessMeter(self.rate, 2), TruePeakMeter(2)
        with contextlib.ExitStack() as stack:
            parts = [[stack.enter_context(self._writer(path)) for path in deck] for deck in each]
            if self.mix.loudness_lufs is None:
                mixer = self._desk()
            else:
                mixer, parts = self._to_loudness(parts, self.mix.loudness_lufs, report.step("mix")), []
            self._limit(mixer)
            write = stack.enter_context(self._writer(output))
            _hand_on(self._play(mixer, report.step("bounce"), parts), (write, loudness.add, peak.add))
        seconds = self.frames / self.rate
        return Bounced(files, seconds, self.bpm, loudness.integrated(), peak.dbtp(), mixer.reduction_db)

    def _writer(self, path: Path) -> contextlib.AbstractContextManager[WriteBlock]:
        return audio_writer(path, self.rate, 2, self.frames, self.mix.depth)

    def _each_paths(self, output: Path) -> list[list[Path]]:
        """Return a file beside the output for each source of each deck; the deck is named where there are several."""
        if not self.mix.each:
            return []
        several = len(self.banks) > 1
        return [
            [
                output.with_name(f"{output.stem}-{f'{name}-' if several else ''}{safe_name(id_)}{output.suffix}")
                for id_ in bank.ids
            ]
            for name, bank in zip(DECKS, self.banks, strict=False)
        ]


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


def _near_one(tempo: float) -> float:
    """Return 1 for what is 1 but for rounding, so that no song is stretched for a rounding error's sake."""
    return 1.0 if abs(tempo - 1.0) < 1e-9 else tempo

"""A song at other levels by a remixing network (`engine.analysis.remix`) -> a file, by the same way as a mix of a set.

The network hears the recording, or the sum of a set's sources, which is the recording; what it makes is played by the mixer as
one source, so that loudness, limiter and files are as ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bounce.load import bank_of, choose, room
from engine.bounce.output import Bounced, Renderer, Still, Target, limit, usual_ceiling
from engine.bounce.wanted import SetChoice
from engine.dsp.truepeak import true_peak_dbtp
from engine.mix.bank import Bank
from engine.mix.deck import Deck
from engine.mix.mixer import Mixer
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.report import Quiet, Report
from engine.store.decode import decode, probe
from engine.store.encode import check_target

NAME = "mix"


@dataclass(frozen=True, slots=True)
class NeuralMix:
    """A song, a network's weights and the linear gain of each source that moves; what is not named stays.

    With `solo` only those sources of the network are heard, and what it takes for none. `limiter` and `ceiling_dbtp` as in a
    `Mix`.
    """

    song: Path
    weights: Path
    gains: Mapping[str, float]
    solo: tuple[str, ...] = ()
    limiter: bool = True
    ceiling_dbtp: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """A recording, its tempo where it is known, its true peak."""

    audio: Audio
    bpm: float | None
    peak_dbtp: float | None


def bounce_neural(mix: NeuralMix, target: Target, report: Report = Quiet()) -> Bounced:  # noqa: B008 - a value
    """Render a song at other levels to a file.

    Raises
    ------
    RemixtureError
        For everything a person can mend; nothing is left half-written.
    """
    from engine.analysis.remix.remixer import remix
    from engine.analysis.remix.weights import checked, loaded

    rate, recording = _recording(mix.song)
    check_target(target.path, rate, target.depth)
    if target.path.resolve() == recording:
        raise RemixtureError(f"{target.path} is the recording itself: name another file")
    net = loaded(checked(mix.weights))
    gains = gains_of(mix, net.shape.names)
    heard = _heard(mix.song, report)
    made, done = room((1, heard.audio.channels, heard.audio.frames)), 0
    for block in remix(net, heard.audio, gains, progress=report.step("remix")):
        made[0, :, done : done + block.shape[1]] = block
        done += block.shape[1]
    usual = usual_ceiling([heard.peak_dbtp]) if mix.ceiling_dbtp is None else mix.ceiling_dbtp
    return Renderer(_Whole(made, heard, usual if mix.limiter else None), target).write(report)


def gains_of(mix: NeuralMix, names: Sequence[str]) -> Samples:
    """Return a gain for each source of a network [shape=(sources,), linear].

    Raises
    ------
    RemixtureError
        If it knows no such source.
    """
    for name in (*mix.gains, *mix.solo):
        if name not in names:
            raise RemixtureError(f"no source named {name!r}: the remixing network knows {', '.join(names)}")
    heard = mix.solo or names
    return np.array([mix.gains.get(name, 1.0) if name in heard else 0.0 for name in names], dtype=np.float32)


def _recording(song: Path) -> tuple[int, Path]:
    """Return rate and place of the recording in a file, or of a set."""
    if not song.is_dir():
        return probe(song).rate, song.resolve()
    facts = choose(SetChoice(song)).set.song
    return facts.rate, Path(facts.path)


def _heard(song: Path, report: Report) -> _Heard:
    """Return the recording in a file, or the one that a set's sources sum to."""
    if not song.is_dir():
        audio = decode(song, report.step("decode"))
        return _Heard(audio, None, true_peak_dbtp(audio.samples))
    chosen = choose(SetChoice(song))
    bank = bank_of(chosen, chosen.set.song.rate, straighten=False, report=report)
    audio = Audio(bank.samples.sum(axis=0), bank.rate)
    return _Heard(audio, bank.grid.bpm, chosen.set.true_peak_dbtp)


class _Whole:
    """A performance of one source."""

    def __init__(self, samples: Samples, heard: _Heard, ceiling_dbtp: float | None) -> None:
        self.rate, self.frames, self.bpm = heard.audio.rate, heard.audio.frames, heard.bpm
        self.skipped, self.names, self.ceiling_dbtp = 0, {"a": (NAME,)}, ceiling_dbtp
        self._bank = Bank((NAME,), samples, self.rate, Beatgrid.steady_at(120.0, 0.0, 2.0))

    def player(self, *, limited: bool, integer_output: bool) -> Still:
        """Return a mixer with the source on deck a."""
        mixer = Mixer(self.rate, [Deck("a", self._bank)], integer_output=integer_output)
        limit(mixer, self.ceiling_dbtp if limited else None)
        return Still(mixer, self.names)

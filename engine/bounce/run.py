"""A mix of sets -> a performance.

Levels that stay as they are let a deck mix first and stretch two channels; levels that move, and one file per source, make it
stretch every source.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.bounce.load import Chosen, bank_of, choose
from engine.bounce.output import Bounced, Names, Renderer, Still, Target, limit, usual_ceiling
from engine.bounce.wanted import Mix, Setting
from engine.mix.bank import Bank
from engine.mix.deck import Deck, StretchMode
from engine.mix.mixer import Mixer
from engine.model.command import Command
from engine.model.errors import RemixtureError
from engine.model.params import DECKS
from engine.model.report import Quiet, Report
from engine.model.scene import Scene, expand
from engine.store.encode import check_target

FOLLOWED = frozenset({"gain", "mute", "solo", "pitch", "eq_low", "eq_mid", "eq_high", "filter", "limiter", "ceiling"})
"""What of a scene a static mix follows."""


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
    scene = {} if mix.scene is None else _recalled(mix.scene, chosen, report)
    target = Target(output, mix.depth, mix.loudness_lufs, mix.each)
    banks = [bank_of(one, rate, straighten=mix.straighten, report=report) for one in chosen]
    return Renderer(_Static(mix, chosen, banks, scene), target).write(report)


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


def _recalled(scene: Scene, chosen: Sequence[Chosen], report: Report) -> dict[str, float]:
    """Return what a scene sets in a static mix, by path; say what it sets besides."""
    found = expand(scene, {name: one.ids for name, one in zip(DECKS, chosen, strict=False)})
    wanted = {path: value for path, value in found.values if path.rpartition(".")[2] in FOLLOWED}
    rest = [*found.skipped, *(path for path, _ in found.values if path not in wanted)]
    if rest:
        report.note(f"scene {scene.name}: left out {', '.join(rest)}, since it is not there or only plays live")
    return wanted


class _Static:
    """A mix whose banks are loaded. Each pass builds its own decks and mixer, so that every pass is the same."""

    def __init__(self, mix: Mix, chosen: Sequence[Chosen], banks: Sequence[Bank], scene: Mapping[str, float]) -> None:
        self.mix, self.chosen, self.banks, self.scene = mix, chosen, banks, scene
        self.rate = banks[0].rate
        self.bpm = mix.tempo or banks[0].grid.bpm
        self.tempos = [_near_one(bank.tempo_for(self.bpm)) for bank in banks]
        self.starts, self.offsets = self._places()
        self.skipped, self.frames = 0, self._length()

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
        return wanted[-1] if wanted else self.scene.get(f"deck.{deck}.pitch", 0.0)

    @property
    def names(self) -> Names:
        """The sources of each deck."""
        return {name: bank.ids for name, bank in zip(DECKS, self.banks, strict=False)}

    @property
    def ceiling_dbtp(self) -> float | None:
        """As wanted, or the usual one."""
        if not self.mix.limiter:
            return None
        usual = usual_ceiling([one.set.true_peak_dbtp for one in self.chosen])
        return usual if self.mix.ceiling_dbtp is None else self.mix.ceiling_dbtp

    def player(self, *, limited: bool, integer_output: bool) -> Still:
        """Return the mixer with all decks and everything that was set."""
        mixer = Mixer(self.rate, self._decks(), integer_output=integer_output)
        limit(mixer, self.ceiling_dbtp)
        for path, value in self.scene.items():
            if not path.endswith(".pitch"):
                mixer.send(Command(0, path, value))
        for setting in self.mix.settings:
            for path in _targets(setting, self.chosen) if setting.param != "pitch" else ():
                mixer.send(Command(0, path, setting.value))
        for move in sorted(self.mix.moves, key=lambda move: move.bar):
            at = 0 if move.bar <= 1 else self.bar_frame(move.bar - 1)
            for path in _targets(move.setting, self.chosen):
                mixer.send(Command(at, path, move.setting.value))
        if not limited:
            limit(mixer, None)
        return Still(mixer, self.names)

    def _decks(self) -> list[Deck]:
        moving = any(move.setting.source is not None for move in self.mix.moves)
        mode: StretchMode = "sources" if moving or self.mix.each else "sum"
        return [
            Deck(name, bank, start=start, offset=offset, tempo=tempo, pitch=self._pitch(name), stretch=mode)
            for name, bank, start, offset, tempo in zip(DECKS, self.banks, self.starts, self.offsets, self.tempos, strict=False)
        ]


def _near_one(tempo: float) -> float:
    """Return 1 for what is 1 but for rounding, so that no song is stretched for a rounding error's sake."""
    return 1.0 if abs(tempo - 1.0) < 1e-9 else tempo

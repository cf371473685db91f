"""Where a set is cut into samples: a period of every loop, and every other source at the sections of its song.

A slice is whole bars, so that it loops. What a song has before its bar 1 and after its last full bar are one-shots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.daw.media import distinct
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from engine.model.grid import Beatgrid
from engine.model.key import parse_key
from engine.model.remixset import RemixSet, Section, Song, Source
from engine.store.files import safe_name

BARS = 4
"""Length of a slice where a song has no sections."""
LOOPS = "loops"
DRUMS = frozenset({"kick", "snare", "hats", "drums", "effect"})
"""How loops are called that follow no key."""
LEAD_IN, TAIL = "lead-in", "tail"


@dataclass(frozen=True, slots=True)
class Span:
    """Frames [start, stop) of a song; `stop` may lie behind its end.

    `bars` [frames] are where its bars start, counted from `start`; a one-shot has none. `first_bar` is what people call the
    first of them, `bpm` the mean tempo.
    """

    label: str
    start: int
    stop: int
    bpm: float
    bars: tuple[int, ...] = ()
    first_bar: int = 1

    def of(self, samples: Samples) -> Samples:
        """Return its part of a source [shape=(channels, stop - start)], with silence behind the end."""
        part = samples[:, self.start : self.stop]
        return np.pad(part, ((0, 0), (0, self.stop - self.start - part.shape[1])))


@dataclass(frozen=True, slots=True)
class Cut:
    """One sample to be: a span of a source. `name` is that of its file; `root` a pitch class where it follows a key."""

    source: Source
    span: Span
    name: str
    root: int | None


@dataclass(frozen=True, slots=True, eq=False)
class _Bars:
    """The bars of a song, as spans."""

    grid: Beatgrid
    song: Song

    def frame(self, bar: int) -> int:
        """Return where a bar starts, which may lie behind the end."""
        return max(0, round(self.grid.bar_seconds(bar) * self.song.rate))

    def bpm(self, first: int, last: int) -> float:
        """Return the mean tempo of bars `first` up to `last`."""
        seconds = self.grid.bar_seconds(last) - self.grid.bar_seconds(first)
        return (last - first) * self.grid.beats_per_bar * 60.0 / seconds

    def span(self, first: int, last: int, label: str) -> Span:
        """Return bars `first` up to `last`."""
        edges = [self.frame(bar) for bar in range(first, last + 1)]
        return Span(label, edges[0], edges[-1], self.bpm(first, last), tuple(edge - edges[0] for edge in edges[:-1]), first + 1)

    def slices(self, sections: Sequence[Section]) -> Iterator[Span]:
        """Yield the slices of a whole song: before bar 1, its sections, after the last full bar."""
        full = self.grid.full_bars(self.song.seconds)
        lead_in, end = min(self.frame(0), self.song.frames), self.frame(full)
        if lead_in > 0:
            yield Span(LEAD_IN, 0, lead_in, self.bpm(0, 1))
        for first, last, label in _stretches(sections, full):
            yield self.span(first, last, f"{label} {_bars_text(first, last)}".strip())
        if end < self.song.frames:
            yield Span(TAIL, end, self.song.frames, self.bpm(max(full - 1, 0), max(full, 1)))


def cuts_of(folder: Path, remixset: RemixSet, parts: str | None) -> tuple[Cut, ...]:
    """Return all cuts of a set, those of a source one after the other.

    Parameters
    ----------
    folder : Path
        Where it is, for errors.
    remixset : RemixSet
    parts : str, optional
        Only that decomposition: loops, or stems.

    Raises
    ------
    RemixtureError
        If there is nothing to cut.
    """
    if parts is not None and parts not in remixset.decompositions:
        raise RemixtureError(f"{folder} has no {parts}: there are {', '.join(remixset.decompositions) or 'neither'}")
    if remixset.grid is None:
        raise RemixtureError(f"{folder} has no grid yet: run remixture prepare again")
    found = list(_spans(remixset, _Bars(remixset.grid.grid(), remixset.song), parts))
    if not found:
        raise RemixtureError(f"{folder} has neither loops nor stems to cut: run remixture prepare again")
    key = None if remixset.key is None else parse_key(remixset.key)
    mode = "" if key is None else f" {key.name.split()[0]}{'m' if key.mode == 'minor' else ''}"
    bases = distinct(f"{called} {span.label}" for _, called, span in found)
    return tuple(
        Cut(source, span, f"{base} {tempo_text(span.bpm)}{mode}.wav", None if key is None or _struck(source) else key.tonic)
        for (source, _, span), base in zip(found, bases, strict=True)
    )


def tempo_text(bpm: float) -> str:
    """Return a tempo as file names have it: `124bpm`, `123.9bpm`."""
    return f"{round(bpm, 1):g}bpm"


def _spans(remixset: RemixSet, bars: _Bars, parts: str | None) -> Iterator[tuple[Source, str, Span]]:
    """Yield a source, how it is called in file names, and a span of it."""
    # A loop's period comes first: it is what most people look for.
    for name in sorted(remixset.decompositions, key=lambda name: name != LOOPS):
        if parts not in {None, name}:
            continue
        sources = remixset.decompositions[name].sources
        names = distinct(safe_name(source.name or source.id, 48) for source in sources)
        for source, called in zip(sources, names, strict=True):
            if name != LOOPS:
                yield from ((source, called, span) for span in bars.slices(remixset.sections))
            elif source.period and source.best_bar is not None:
                yield source, called, bars.span(source.best_bar, source.best_bar + source.period, "")


def _stretches(sections: Sequence[Section], bars: int) -> list[tuple[int, int, str]]:
    """Return from which bar to which slices go, and what their sections are called."""
    starts = [(section.bar, section.label) for section in sections if 0 <= section.bar < bars]
    if not starts:
        starts = [(bar, "") for bar in range(0, bars, BARS)]
    elif starts[0][0] > 0:
        starts = [(0, ""), *starts]
    ends = [*(bar for bar, _ in starts[1:]), bars]
    return [(bar, end, label) for (bar, label), end in zip(starts, ends, strict=True) if end > bar]


def _bars_text(first: int, last: int) -> str:
    return f"bar {first + 1}" if last - first == 1 else f"bars {first + 1}-{last}"


def _struck(source: Source) -> bool:
    """Tell whether a source should stay as it is where a project changes its key."""
    if source.kind == "loop":
        return (source.name.split() or [""])[0].lower() in DRUMS
    return source.kind in {"drums", "residual"}

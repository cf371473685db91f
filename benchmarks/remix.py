"""How good is a remix? Separate-then-remix, and networks that learnt to remix, each as it is and in the residual form.

    python -m benchmarks.remix [--network NAME=FILE ...] [--data DIR] [--songs DIR] [--json FILE]

A table in the shape of Yang et al., "Don't separate, learn to remix" (ICASSP 2022): minSDR and loudness difference LD in dB by
the number of sources whose gains are drawn from -12 to +12 dB, means over songs and draws; and one by gain, where one source is
moved and the others are not, mean over the sources. `direct` is what a method makes, `residual` the song plus what the method
says changes: `x + sum of (g - 1) s`, or `x + f(x, g) - f(x, 1)`.

Songs are made up from --data, by a seed that training never uses, but of the same sounds; stempeg's example; and with --songs
folders of tracks as `benchmarks.stems` reads them. Two and three sources are the four with some under one gain: vocals and the
rest; drums, vocals and the rest. A source that a song lacks is not moved. Methods are every network given, the separators that
--only names, Demucs where its weights can be had, the mask that knows the truth, and the song as it is.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.stems import Method, Song, Stems, example, methods, songs
from engine.analysis.remix.shape import NAMES
from engine.dsp.levels import gain_of_db, gain_to_hear
from engine.dsp.resample import resampled
from engine.dsp.sdr import LIMIT_DB, level_db, ratio_db
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.model.stemchoice import StemChoice
from engine.train.sources import RATE, sound_font

FORMS = ("direct", "residual")
MOST_DB = 12.0
STEPS_DB = (0.0, 1.0, -1.0, 3.0, -3.0, 6.0, -6.0, 12.0, -12.0)
HELD_OUT = 1_000_003
"""The seed of the songs that no training sees."""
PARENTS = {"chords": "other", "melody": "other"}
Gains = Mapping[str, float]
Remixes = Callable[[Gains], tuple[Samples, Samples]]
"""Gains by source, linear -> the remix as it is, and in the residual form."""
Way = Callable[[Audio, Stems], Remixes]
Score = tuple[float, float]
"""minSDR and LD in dB."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A method, the sources that it can move on their own, and how it remixes a song."""

    names: tuple[str, ...]
    way: Way


def group_of(name: str, count: int) -> str:
    """Return under which of so many gains a source is."""
    if name in NAMES[count]:
        return name
    return PARENTS[name] if PARENTS.get(name) in NAMES[count] else "music"


def grouped(truth: Stems, count: int) -> Stems:
    """Return the true sources of a song, those under one gain summed."""
    found: Stems = {}
    for name, samples in truth.items():
        group = group_of(name, count)
        found[group] = found[group] + samples if group in found else samples
    return found


def can(names: tuple[str, ...], count: int) -> bool:
    """Tell whether a method that knows these sources can move so many: all of a gain's, and none of another's."""
    return {group_of(name, count) for name in names} == set(NAMES[count])


def by_stems(method: Method, audio: Audio, truth: Stems) -> Remixes:
    """Return how stems remix; those that a method does not make are silent."""
    stems = method(audio, truth)

    def remixes(gains: Gains) -> tuple[Samples, Samples]:
        made = np.sum([np.float32(gains[name]) * stem for name, stem in stems.items()], axis=0)
        change = np.sum([np.float32(gains[name] - 1) * stem for name, stem in stems.items()], axis=0)
        return made, audio.samples + change

    return remixes


def by_network(file: Path) -> Ranked:
    """Return a network as a method. A song is heard once, as a whole, and decoded for each remix."""
    import torch

    from engine.analysis.remix.weights import checked, loaded

    net = loaded(checked(file))

    def way(audio: Audio, _truth: Stems) -> Remixes:
        wav = resampled(audio.samples, audio.rate, net.shape.rate)
        gain = gain_to_hear(wav)
        latents = net.latents(torch.from_numpy(wav * gain))

        def decoded(gains: list[float]) -> Samples:
            made = net.decoded((torch.tensor(gains)[:, None, None] * latents).sum(dim=1), wav.shape[1])
            return np.asarray(made.numpy() / gain, dtype=np.float32)

        def at_rate(samples: Samples) -> Samples:
            return resampled(samples, net.shape.rate, audio.rate, audio.frames)

        heard, still = at_rate(wav), at_rate(decoded([1.0] * net.shape.sources))

        def remixes(gains: Gains) -> tuple[Samples, Samples]:
            made = at_rate(decoded([gains[name] for name in net.shape.names]))
            return audio.samples + (made - heard), audio.samples + (made - still)

        return remixes

    return Ranked(net.shape.names, way)


def unchanged(audio: Audio, _truth: Stems) -> Remixes:
    """Remix nothing."""
    return lambda _gains: (audio.samples, audio.samples)


def ranked(options: argparse.Namespace) -> dict[str, Ranked]:
    """Return all methods by name."""
    found = {"the song as it is": Ranked(NAMES[5], unchanged)}
    for name, method in methods(options.model, options.only, None).items():
        if name != "mixture / 4":
            names = NAMES[5] if name == "ideal ratio mask" else NAMES[4]
            found[name] = Ranked(names, lambda audio, truth, method=method: by_stems(method, audio, truth))  # type: ignore[misc]
    for text in options.network:
        name, _, file = text.rpartition("=")
        found[name or Path(file).stem] = by_network(Path(file))
    return found


class Yardstick:
    """Scores remixes of one song: minSDR and LD as `engine.dsp.sdr` has them, from inner products that are taken once.

    The wanted remix is the recording with its true sources moved; what else it holds, such as what a codec left, stays.
    """

    def __init__(self, audio: Audio, groups: Stems) -> None:
        self.names = [name for name, samples in groups.items() if samples.any()]
        rows = [audio.samples, *(groups[name] for name in self.names)]
        self._rows = np.stack([row.ravel() for row in rows]).astype(np.float64)
        self._products = self._rows @ self._rows.T

    def score(self, made: Samples, gains: Gains) -> Score:
        """Return the scores of a remix that should have these gains."""
        heard = made.ravel().astype(np.float64)
        found, weights = self._rows @ heard, np.array([1.0, *(gains[name] - 1.0 for name in self.names)])
        wanted = self._products @ weights
        power, alike = float(weights @ wanted), float(weights @ found)
        error = float(heard @ heard) - 2.0 * alike + power
        sd_sdr = ratio_db(alike**2 / power, error) if alike else -LIMIT_DB
        levels = level_db(np.linalg.lstsq(self._products[1:, 1:], np.stack([wanted, found], axis=1)[1:], rcond=1e-12)[0])
        return min(ratio_db(power, error), sd_sdr), float(np.abs(levels[:, 0] - levels[:, 1]).sum())


def judged(remixes: Remixes, yardstick: Yardstick, count: int, draws: list[Gains], names: Iterable[str]) -> list[list[Score]]:
    """Return the scores of both forms for each draw of gains by group [forms x draws]. `names` are all that can be moved."""
    scores: list[list[Score]] = [[], []]
    for draw in draws:
        gains = {name: draw.get(group_of(name, count), 1.0) for name in names}
        for of_form, made in zip(scores, remixes(gains), strict=True):
            of_form.append(yardstick.score(made, draw))
    return scores


def drawn(truth: Stems, count: int, times: int, rng: np.random.Generator) -> list[Gains]:
    """Return gains by chance, by group of those that are there."""
    return [{name: gain_of_db(rng.uniform(-MOST_DB, MOST_DB)) for name in grouped(truth, count)} for _ in range(times)]


def moved(truth: Stems, db: float) -> list[Gains]:
    """Return each source of a song moved alone."""
    return [{name: gain_of_db(db) if name == one else 1.0 for name in truth} for one in truth]


def made_up(options: argparse.Namespace, sources: int) -> Iterator[Song]:
    """Yield songs of four or five sources that no training saw."""
    from engine.train import songs as workshop
    from engine.train.remix.multitracks import multitrack

    bank = workshop.bank(options.data, sound_font())
    for i in range(options.made):
        stems = multitrack(bank, HELD_OUT, i, sources)
        yield f"made up {i + 1}", Audio(stems.sum(axis=0), RATE), dict(zip(NAMES[sources], stems, strict=True))


Table = dict[tuple[str, str], dict[str, list[Score]]]
"""By method and form: by column, scores."""


def add(table: Table, song: Song, ways: Mapping[str, Ranked], counts: list[int], options: argparse.Namespace) -> None:
    """Add the scores of one song to a table."""
    title, audio, truth = song
    yardsticks = {count: Yardstick(audio, grouped(truth, count)) for count in counts}
    for name, method in ways.items():
        able = [count for count in counts if can(method.names, count)]
        if not able:
            continue
        remixes, names = method.way(audio, truth), {*method.names, *truth}
        for count in able:
            draws = drawn(truth, count, options.draws, np.random.default_rng((count, zlib.crc32(title.encode()))))
            put(table, name, str(count), judged(remixes, yardsticks[count], count, draws, names))
        for db in STEPS_DB if 4 in able else ():
            put(table, name, f"{db:+g} dB", judged(remixes, yardsticks[4], 4, moved(truth, db), names))
        print(f"{title}: {name}", file=sys.stderr, flush=True)


def put(table: Table, name: str, column: str, scores: list[list[Score]]) -> None:
    """Add the scores of both forms."""
    for form, found in zip(FORMS, scores, strict=True):
        table.setdefault((name, form), {}).setdefault(column, []).extend(found)


def print_tables(title: str, table: Table, counts: list[int]) -> None:
    """Print both tables of a kind of songs."""
    heads = [f"{count}: {what}" for count in counts for what in ("minSDR", "LD")]
    print(f"\n{title}: by number of sources\n\n| method | form | {' | '.join(heads)} |\n|---|---|{'---|' * len(heads)}")
    print_rows(table, lambda columns: [cell(columns.get(str(count)), k) for count in counts for k in (0, 1)])
    steps = [f"{db:+g} dB" for db in STEPS_DB]
    print(f"\n{title}: minSDR (LD), one of four sources moved\n")
    print(f"| method | form | {' | '.join(steps)} |\n|---|---|{'---|' * len(steps)}")
    able = {place: columns for place, columns in table.items() if steps[0] in columns}
    print_rows(able, lambda columns: [f"{cell(columns[step], 0)} ({cell(columns[step], 1)})" for step in steps])


def print_rows(table: Table, cells: Callable[[dict[str, list[Score]]], list[str]]) -> None:
    """Print a row for each method and form; one where both come to the same, since the method's sources sum to the song."""
    rows = {place: " | ".join(cells(columns)) for place, columns in table.items()}
    for (name, form), row in rows.items():
        same = rows[name, FORMS[0]] == rows[name, FORMS[1]]
        if not same or form == FORMS[0]:
            print(f"| {name} | {'both' if same else form} | {row} |", flush=True)


def cell(scores: list[Score] | None, k: int) -> str:
    """Return the mean of one of the two scores, or a dash."""
    values = np.array([score[k] for score in scores or []])
    return f"{np.nanmean(values):.1f}" if np.isfinite(values).any() else "-"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("--network", action="append", default=[], metavar="NAME=FILE", help="weights of a remixing network; may be repeated")
    option("--data", type=Path, metavar="DIR", help="what songs are made up from: sonic_pi/ and vocadito/")
    option("--made", type=int, default=8, metavar="N", help="how many songs are made up (default: 8)")
    option("--songs", type=Path, metavar="DIR", help="folders of tracks")
    option("--seconds", type=float, default=30.0, metavar="S", help="how much of each of --songs (default: its first 30)")
    option("--draws", type=int, default=4, metavar="N", help="how often gains are drawn for each song (default: 4)")
    option("--model", default="htdemucs", help="for Demucs (default: htdemucs)")
    option(
        "--only",
        action="append",
        default=[],
        choices=[*StemChoice],
        metavar="METHOD",
        help="not every separator; may be repeated",
    )
    option("--json", type=Path, metavar="FILE", help="also write all scores there")
    options = parser.parse_args()
    try:
        ways = ranked(options)
    except RemixtureError as error:
        raise SystemExit(str(error)) from error
    every: dict[str, Table] = {}
    for title, material, counts in kinds(options):
        table = every.setdefault(title, {})
        for song in material:
            add(table, song, ways, counts, options)
    for title, table in every.items():
        counts = sorted({int(column) for columns in table.values() for column in columns if column.isdigit()})
        print_tables(title, table, counts)
    if options.json:
        options.json.write_text(plain(every) + "\n", encoding="utf-8")


def kinds(options: argparse.Namespace) -> Iterator[tuple[str, Iterator[Song], list[int]]]:
    """Yield what is judged together: a title, songs, the numbers of sources."""
    if options.data:
        yield "Made-up songs", made_up(options, 4), [2, 3, 4]
        yield "Made-up songs", made_up(options, 5), [5]
    yield "stempeg's example", iter([example()]), [2, 3, 4]
    if options.songs:
        yield "Songs of three sources, no vocals", songs(options.songs, options.seconds), [4]


def plain(every: Mapping[str, Table]) -> str:
    """Return all as JSON: kind of songs, method, form, column, minSDR and LD of each remix in dB."""
    return json.dumps(
        {title: {f"{name}, {form}": columns for (name, form), columns in table.items()} for title, table in every.items()},
        indent=1,
    )


if __name__ == "__main__":
    main()

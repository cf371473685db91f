"""Clean drums: how much of them is drums, and whether the strikes are where they should be.

    python -m benchmarks.drums [--songs DIR] [--seconds S] [--stems METHOD]

Before is the drums stem of a separator (the built-in one by default), after is what `remixture prepare --clean-drums` makes of
it. SDR and SI-SDR against the true drums; bleed, how loud the other true stems are in it beside the drums by their
least-squares gains; gaps, how loud it is where the true drums are silent (45 dB under their peak for 50 ms), beside where they
are not; and the remix with the drums 6 dB up (minSDR, and LD, the lower the better). A song without gaps has a dash.

Below: F-measure of strikes within 50 ms, precision and recall, and how many there are. The truth are the attacks of single
tracks (folders of `--songs`, as `benchmarks.stems` reads them), of the kind that their names say. Stempeg's example has none.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from benchmarks.stems import Song, by, cell, example, read, songs
from engine.analysis.drums import CLOSE, Drum, find_drums, played
from engine.analysis.stems import StemChoice, separator_for
from engine.dsp.levels import gain_of_db, si_sdr_db
from engine.dsp.sdr import loudness_difference_db, min_sdr_db, sdr_db, source_gains
from engine.model.audio import Audio, Samples

KINDS = {"kick": ("kick",), "snare": ("snare", "clap", "rim"), "hat": ("hat",), "perc": ()}
NEAR_S = 0.05
QUIET = gain_of_db(-45.0)
Times = NDArray[np.float64]


def bleed_db(estimate: Samples, drums: Samples, others: list[Samples]) -> float:
    """Return how loud the others are in an estimate beside the drums, both by their least-squares gains."""
    gains = source_gains([estimate], [drums, *others])[0]
    energies = [float(g**2 * np.square(x, dtype=np.float64).sum()) for g, x in zip(gains, [drums, *others], strict=True)]
    return float(10.0 * np.log10(sum(energies[1:]) / energies[0])) if energies[0] and sum(energies[1:]) else float("nan")


def gaps_db(estimate: Samples, drums: Samples, rate: int) -> float:
    """Return how loud an estimate is where the drums are silent, beside where they are not; NaN where they never are."""
    level = maximum_filter1d(np.abs(drums).max(axis=0), round(NEAR_S * rate))
    gap = level < QUIET * level.max()
    power = np.square(estimate, dtype=np.float64).mean(axis=0)
    if gap.mean() < 0.02:
        return float("nan")
    return float(10.0 * np.log10(power[gap].mean() / power[~gap].mean() + 1e-12))


def attacks(track: Samples, rate: int) -> Times:
    """Return when a track on its own is struck, in seconds: where its peaks rise by 4 dB over those of the last 25 ms."""
    hop = max(1, round(0.001 * rate))
    peaks = np.abs(track[:, : track.shape[1] // hop * hop]).max(axis=0).reshape(-1, hop).max(axis=1)
    before = np.concatenate([[0.0], maximum_filter1d(peaks, 25, origin=12)[:-1]])
    now = maximum_filter1d(peaks, 6, origin=-3)
    found, last = [], -1.0
    for frame in np.flatnonzero((now > peaks.max() * gain_of_db(-30.0)) & (now > 1.6 * before)):
        at = frame * hop / rate
        if at - last > 0.03:
            found.append(at)
        last = at
    return np.array(found)


def true_strikes(place: Path, seconds: float) -> dict[str, Times]:
    """Return when each kind is struck, those nearer than 10 ms as one; kinds that have no track are not in it."""
    found: dict[str, list[Times]] = {}
    for file in sorted(place.glob("[0-9]*.flac")):
        kind = next((kind for kind, words in KINDS.items() if any(word in file.stem.lower() for word in words)), None)
        if kind is not None:
            found.setdefault(kind, []).append(attacks(*read(file, seconds)))
    struck = {kind: np.sort(np.concatenate(times)) for kind, times in found.items()}
    return {kind: times[np.diff(times, prepend=-1.0) > 0.01] for kind, times in struck.items() if times.size}


def matched(found: Times, true: Times) -> int:
    """Return how many strikes can be paired within `NEAR_S`, each once: walking both in order pairs the most."""
    i = j = pairs = 0
    while i < found.size and j < true.size:
        if abs(found[i] - true[j]) <= NEAR_S:
            i, j, pairs = i + 1, j + 1, pairs + 1
        elif found[i] < true[j]:
            i += 1
        else:
            j += 1
    return pairs


def quality(name: str, estimate: Samples, song: Song) -> str:
    """Return a row of the first table."""
    _, audio, truth = song
    drums, others = truth["drums"], [x for stem, x in truth.items() if stem != "drums"]
    up = np.float32(gain_of_db(6.0) - 1.0)
    obtained, wanted = (audio.samples + up * x for x in (estimate, drums))
    values = (
        sdr_db(estimate, drums), si_sdr_db(estimate, drums), bleed_db(estimate, drums, others),
        gaps_db(estimate, drums, audio.rate), min_sdr_db(obtained, wanted),
        loudness_difference_db(obtained, wanted, np.stack([drums, *others])),
    )  # fmt: skip
    return f"| {name} | {' | '.join(cell(value) for value in values)} |"


def strikes(drums: tuple[Drum, ...], rate: int, truth: dict[str, Times]) -> Iterator[str]:
    """Yield a row of the second table for each kind that the song has, or that was found."""
    for kind in KINDS:
        mine = [drum.strikes_s(rate) for drum in drums if drum.kind.name == kind]
        found = np.sort(np.concatenate(mine)) if mine else np.zeros(0)
        true = truth.get(kind, np.zeros(0))
        pairs = matched(found, true)
        shares = [
            pairs * k / n if n else float("nan") for k, n in ((2, found.size + true.size), (1, found.size), (1, true.size))
        ]
        if found.size or true.size:
            yield f"| {kind} | {' | '.join(cell(x) for x in shares)} | {found.size} | {true.size} | {len(mine)} |"


def print_song(song: Song, truth: dict[str, Times] | None, stems: StemChoice) -> None:
    """Print the tables of one song."""
    title, audio, _ = song
    separator = separator_for(stems)
    stem = Audio(by(separator)(audio, {})["drums"], audio.rate)
    near = separator.provenance.algorithm in CLOSE
    drums = find_drums(stem, None if near else audio)
    print(f"\n{title}, {audio.seconds:.1f} s\n\n| drums | SDR | SI-SDR | bleed | gaps | remix minSDR | LD |\n|---|{'---|' * 6}")
    print(quality(f"before ({stems})", stem.samples, song))
    print(quality("after", played(drums, stem), song))
    print(quality("after, hits from the stem", played(find_drums(stem), stem), song))
    if truth is not None:
        print(f"\n| strikes | F | precision | recall | found | true | drums |\n|---|{'---|' * 6}")
        print("\n".join(strikes(drums, audio.rate, truth)))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=Path, metavar="DIR")
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="how much of each song (default: its first 60)"
    )
    parser.add_argument(
        "--stems", default=StemChoice.BUILTIN, choices=[one for one in StemChoice if one is not StemChoice.NONE]
    )
    options = parser.parse_args()
    stems = StemChoice(options.stems)
    print_song(example(), None, stems)
    for song in songs(options.songs, options.seconds) if options.songs else ():
        if "drums" in song[2]:
            print_song(song, true_strikes(options.songs / song[0], options.seconds), stems)


if __name__ == "__main__":
    main()

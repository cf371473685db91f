"""`remixture compare ESTIMATE TRUTH`: separated sources against the true ones.

Either is a set, a folder with an audio file for each source, a .stem.mp4, or one file. Sources are matched by their names: ids
in a set, file names in a folder (drums.wav is drums); two single files are taken to be the same source.

SDR, SI-SDR and SD-SDR are ratios over the whole length; SIR (other sources in it) and SAR (what was in no source) are BSS Eval
v4's medians over windows of 1 s. The last two columns tell how far an estimate carries in a remix: its source turned up in the
mixture by --gain, compared with what that should be, by minSDR and by the loudness difference LD, 0 dB where all levels are
right.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.screen import Screen, table
from engine.model.errors import RemixtureError

if TYPE_CHECKING:
    from bridge.cli.tracks import Tracks
    from engine.dsp.judge import Scores

PARTS = ("stems", "loops")
COLUMNS = ("sdr", "si_sdr", "sd_sdr", "sir", "sar", "remix_min_sdr", "remix_ld")
HEADINGS = ("SDR", "SI-SDR", "SD-SDR", "SIR", "SAR", "remix minSDR", "LD")


def add_parser(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word and its options."""
    parser = words.add_parser(
        "compare", help="score separated sources against the true ones", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("estimate", type=Path, metavar="ESTIMATE", help="a set, a folder, a .stem.mp4 or a file")
    add("truth", type=Path, metavar="TRUTH", help="the same with the true sources")
    add("--parts", choices=PARTS, help="which sources of a set (default: stems where there are)")
    add("--mixture", type=Path, metavar="FILE", help="what was taken apart; adds a row for what doing nothing scores")
    add("--gain", type=float, default=6.0, metavar="DB", help="how far a source is turned up in the remix (default: 6)")
    add("--museval", action="store_true", help="SIR and SAR exactly as museval has them, which misleads where sound was coded")
    add("--json", action="store_true", help="print all scores as one JSON document")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Score the estimate."""
    from bridge.cli.tracks import read_mix, read_tracks
    from engine.dsp.bsseval import FLOOR_DB
    from engine.dsp.judge import Judge
    from engine.model.params import find

    if find("deck.a.drums.gain").check(options.gain, "--gain") == 0.0:
        raise RemixtureError("--gain 0 dB changes nothing, and every estimate would serve: take another, such as 6")
    with Screen("compare") as screen:
        screen.step("reading")
        estimate, truth = (read_tracks(path, options.parts) for path in (options.estimate, options.truth))
        estimate = paired(estimate, truth)
        mixture = [] if options.mixture is None else [read_mix(options.mixture)]
        estimate, truth, *mixture = alike([estimate, truth, *mixture], screen)
        missing = told_apart(estimate, truth, screen)
        for mix in () if options.mixture else truth.mixes:
            screen.note(f"{mix} is no source: --mixture {mix} adds what doing nothing scores")
        screen.step("scoring")
        whole = mixture[0].samples["mix"] if mixture else None
        judge = Judge(truth.samples, truth.rate, whole, options.gain, None if options.museval else FLOOR_DB)
        if not judge.projects:
            screen.note(f"{len(truth.samples)} sources are too many for SIR and SAR")
        scores = judge.scores(estimate.samples)
        baseline = judge.baseline() if mixture else None
    print(as_json(scores, baseline, missing, truth) if options.json else as_text(scores, baseline, len(truth.samples)))


def paired(estimate: Tracks, truth: Tracks) -> Tracks:
    """Return the estimate under the truth's name, where both are one file."""
    if estimate.path.is_dir() or truth.path.is_dir() or len(estimate.samples) > 1 or len(truth.samples) > 1:
        return estimate
    return replace(estimate, samples=dict(zip(truth.samples, estimate.samples.values(), strict=True)))


def alike(every: list[Tracks], screen: Screen) -> list[Tracks]:
    """Return tracks of the same length and number of channels; say what was done for it.

    Raises
    ------
    RemixtureError
        If their rates differ.
    """
    truth = every[1]
    for one in every:
        for note in one.notes:
            screen.note(note)
        if one.rate != truth.rate:
            raise RemixtureError(f"{one.path} has {one.rate} Hz, {truth.path} {truth.rate} Hz: bring both to one rate")
    frames, channels = min(one.frames for one in every), max(one.channels for one in every)
    for one in every:
        if one.frames > frames:
            screen.note(f"{one.path} has {one.frames} frames: only the first {frames} count ({frames / one.rate:.3f} s)")
        if one.channels < channels:
            screen.note(f"{one.path} is mono: taken to both sides")
    return [one.cut(frames, channels) for one in every]


def told_apart(estimate: Tracks, truth: Tracks, screen: Screen) -> list[str]:
    """Return the sources that have no estimate, after saying so; RemixtureError if none has."""
    missing = [name for name in truth.samples if name not in estimate.samples]
    if len(missing) == len(truth.samples):
        raise RemixtureError(
            f"no source in common: {estimate.path} has {', '.join(estimate.samples)}; "
            f"{truth.path} has {', '.join(truth.samples)}: name them alike"
        )
    if missing:
        screen.note(f"{estimate.path} has no {', '.join(missing)}")
    if extra := [name for name in estimate.samples if name not in truth.samples]:
        screen.note(f"{truth.path} has no {', '.join(extra)}: not scored")
    return missing


def as_text(scores: dict[str, Scores], baseline: dict[str, Scores] | None, count: int) -> str:
    """Return the scores in columns."""
    from engine.dsp.judge import mean_scores

    rows = [("dB", *HEADINGS), *(_row(name, one) for name, one in scores.items())]
    if len(scores) > 1:
        rows.append(_row("mean", mean_scores(scores)))
    if baseline is not None:
        rows.append(_row(f"mixture/{count}", mean_scores({name: baseline[name] for name in scores})))
    return table(rows, right=tuple(range(1, len(rows[0]))))


def _row(name: str, scores: Scores) -> tuple[str, ...]:
    values = (getattr(scores, column) for column in COLUMNS)
    return (name, *(f"{value:.2f}" if isfinite(value) else "-" for value in values))


def as_json(scores: dict[str, Scores], baseline: dict[str, Scores] | None, missing: list[str], truth: Tracks) -> str:
    """Return the scores as a JSON document; null where there is no answer."""
    import msgspec

    from engine.dsp.judge import mean_scores

    def plain(one: Scores) -> dict[str, float | None]:
        return {f"{name}_db": value if isfinite(value) else None for name, value in asdict(one).items()}

    document = {
        "seconds": truth.frames / truth.rate,
        "sources": {name: plain(one) for name, one in scores.items()},
        "mean": plain(mean_scores(scores)),
        "mixture": None if baseline is None else {name: plain(one) for name, one in baseline.items()},
        "missing": missing,
    }
    return msgspec.json.encode(document).decode()

"""How well and how fast the stems come apart: what everything about stems is judged by.

    python -m benchmarks.stems [--songs DIR] [--stems-dir DIR] [--voices DIR] [--only METHOD ...] [--small FILE]
                               [--each] [--json FILE]

A Markdown table per song: SDR of every stem in dB with SI-SDR in brackets, then means over the stems of SDR, SI-SDR, SD-SDR,
SIR and SAR (BSS Eval v4, windows of 1 s, floor at -60 dB), of what a remix comes to if one stem is turned up by 6 dB (minSDR;
LD, the lower the better), and the time taken as a share of the song's length; --each adds a table of all scores for every
stem, --museval takes the floor away. At the end, means over the songs. A dash has no answer: a stem that is not made is silent,
0 dB SDR, without a scale, and without SIR and SAR.

A quarter of the mixture for every stem is what doing nothing scores; the ideal ratio mask, which knows the truth, bounds what a
soft mask can reach. Between them stands every separator that can be chosen, Demucs where its weights can be had.

Songs are stempeg's example; with --songs each folder of tracks named `1_bass.flac`, `2_kick01.flac`, ... (the names of drums
are drums, what has most of its energy below 200 Hz is bass, the rest is other); with --stems-dir each folder of stems in DIR,
and each .stem.mp4, or DIR itself (drums.wav, bass.flac, ...: names that say no more are other). With --voices, each recording
in that folder is mixed 3 dB under the second half of each song of --songs.
"""

import argparse
import importlib.util
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.separation_scores import shared_out
from bridge.cli.tracks import read_tracks
from engine.analysis.stems import StemChoice, StemSeparator, separator_for
from engine.analysis.stems.parts import STEM_IDS
from engine.dsp.bsseval import FLOOR_DB
from engine.dsp.judge import Judge, Scores, mean_scores
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.store.decode import decode_track
from engine.store.stemfile import kind_of_name

EXAMPLE_SECONDS = 6
"""What follows in the file is one click at full scale in all its tracks."""
DRUMS = ("kick", "snare", "hat", "rim", "clap")
MEANS = ("sdr", "si_sdr", "sd_sdr", "sir", "sar", "remix_min_sdr", "remix_ld")
HEADINGS = ("SDR", "SI-SDR", "SD-SDR", "SIR", "SAR", "remix minSDR", "LD")
Stems = dict[str, Samples]
Song = tuple[str, Audio, Stems]
Method = Callable[[Audio, Stems], Stems]
Result = tuple[dict[str, Scores], float]
"""Scores by stem, and the time taken as a share of the length."""


def example() -> Song:
    """Return stempeg's example, its first 6 s. stempeg itself would want ffmpeg, so only its file is used."""
    spec = importlib.util.find_spec("stempeg")
    if spec is None or spec.origin is None:
        raise SystemExit("stempeg is not installed: uv sync --group dev")
    file = next((Path(spec.origin).parent / "data").glob("*.stem.mp4"))
    mix, *stems = (decode_track(file, track)[:, : EXAMPLE_SECONDS * 44_100] for track in range(5))
    return "stempeg's example", Audio(mix, 44_100), dict(zip(("drums", "bass", "other", "vocals"), stems, strict=True))


def read(file: Path, seconds: float) -> tuple[Samples, int]:
    """Return the beginning of a file as stereo."""
    rate = soundfile.info(file).samplerate
    samples, _ = soundfile.read(file, round(seconds * rate), dtype="float32", always_2d=True)
    return np.ascontiguousarray(np.broadcast_to(samples.T, (2, len(samples)))), rate


def kind(name: str, samples: Samples, rate: int) -> str:
    """Return which stem a track belongs to."""
    if any(word in name.lower() for word in DRUMS):
        return "drums"
    power = np.abs(np.fft.rfft(samples.mean(axis=0))) ** 2
    low = power[np.fft.rfftfreq(samples.shape[1], 1 / rate) < 200].sum()
    return "bass" if low > power.sum() / 2 else "other"


def built(name: str, tracks: list[tuple[str, Samples]], rate: int) -> Song:
    """Return a song as the sum of its tracks, those of one stem together, without stems that are silent."""
    stems: Stems = {}
    for stem, samples in tracks:
        stems[stem] = stems[stem] + samples if stem in stems else samples
    stems = {stem: samples for stem, samples in stems.items() if samples.any()}
    return name, Audio(np.sum(list(stems.values()), axis=0), rate), stems


def songs(folder: Path, seconds: float) -> Iterator[Song]:
    """Yield each folder of tracks as a song."""
    for place in sorted(p for p in folder.iterdir() if p.is_dir()):
        tracks, rate = [], 0
        for file in sorted(place.glob("[0-9]*.flac")):
            samples, rate = read(file, seconds)
            tracks.append((kind(file.stem, samples, rate), samples))
        if tracks:
            yield built(place.name, tracks, rate)


def stem_songs(folder: Path, seconds: float) -> Iterator[Song]:
    """Yield each folder of stems, each .stem.mp4, or the folder itself as a song."""
    places = sorted(p for p in folder.iterdir() if p.is_dir() or p.name.lower().endswith(".stem.mp4"))
    for place in places or [folder]:
        there = read_tracks(place)
        there = there.cut(round(seconds * there.rate), 2)
        tracks = [(kind_of_name(name), samples) for name, samples in there.samples.items()]
        yield built(place.name, tracks, there.rate)


def sung(song: Song, file: Path) -> Song:
    """Return the second half of a song with a voice 3 dB under it."""
    name, audio, stems = song
    voice, rate = read(file, audio.seconds)
    if rate != audio.rate:
        raise SystemExit(f"{file} has {rate} Hz, {name} {audio.rate} Hz")
    half = audio.frames // 2
    n = min(voice.shape[1], audio.frames - half)
    level = np.sqrt(0.5 * np.mean(np.square(audio.samples[:, half : half + n])) / np.mean(np.square(voice[:, :n])))
    backing = [(stem, samples[:, half : half + n]) for stem, samples in stems.items()]
    return built(f"{name} with {file.stem}", [*backing, ("vocals", voice[:, :n] * np.float32(level))], rate)


def quarter(audio: Audio, _truth: Stems) -> Stems:
    """Take nothing apart."""
    return dict.fromkeys(STEM_IDS, audio.samples * np.float32(0.25))


def ideal_ratio_mask(audio: Audio, truth: Stems) -> Stems:
    """Share each bin of the mixture out as the true magnitudes are."""
    return dict(zip(truth, shared_out(audio.samples, np.stack(list(truth.values())), power=1), strict=True))


def by(separator: StemSeparator) -> Method:
    """Return a separator as a method."""

    def method(audio: Audio, _truth: Stems) -> Stems:
        separation = separator.separate(audio)
        stems = np.concatenate(list(separation.blocks), axis=-1)
        return {part.id: samples for part, samples in zip(separation.parts, stems, strict=True)}

    return method


def methods(model: str, only: list[str], small: str | None) -> dict[str, Method]:
    """Return every separator that there is, between what bounds them; `only` those named."""
    every: dict[str, Method] = {"mixture / 4": quarter}
    for choice in StemChoice:
        if choice in {StemChoice.AUTO, StemChoice.NONE} or (only and choice not in only):
            continue
        try:
            demucs = choice is StemChoice.DEMUCS
            every[f"demucs {model}" if demucs else choice] = by(
                separator_for(choice, model=model) if demucs else separator_for(choice)
            )
        except RemixtureError as error:
            print(f"Without {choice}: {error}")
    if small is not None:
        every[f"small, {Path(small).stem}"] = by(separator_for(StemChoice.SMALL, model=small))
    return {**every, "ideal ratio mask": ideal_ratio_mask}


def judged(song: Song, method: Method, judge: Judge) -> Result:
    """Return a method's scores on a song; what it does not make is silent."""
    _, audio, truth = song
    begun = time.perf_counter()
    stems = method(audio, truth)
    taken = (time.perf_counter() - begun) / audio.seconds
    return judge.scores({name: np.zeros_like(audio.samples) for name in truth} | stems), taken


def cell(value: float, digits: int = 2) -> str:
    """Return a number, or a dash."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"


def print_table(song: Song, ways: Mapping[str, Method], floor_db: float | None) -> dict[str, Result]:
    """Print and return the scores of one song."""
    title, audio, truth = song
    names = [name for name in STEM_IDS if name in truth]
    judge = Judge({name: truth[name] for name in names}, audio.rate, audio.samples, floor_db=floor_db)
    print(f"\n{title}, {audio.seconds:.1f} s\n\n| method | {' | '.join((*names, *HEADINGS))} | x length |")
    print(f"|---|{'---|' * (len(names) + len(HEADINGS) + 1)}")
    results = {}
    for way, method in ways.items():
        try:
            scores, taken = results[way] = judged(song, method, judge)
        except RemixtureError as error:
            print(f"| {way}: {error} |")
            continue
        each = [f"{cell(scores[name].sdr)} ({cell(scores[name].si_sdr, 1)})" for name in names]
        print(f"| {way} | {' | '.join(each)} | {means(mean_scores(scores))} | {taken:.3f} |", flush=True)
    return results


def means(scores: Scores) -> str:
    """Return the cells of one set of scores."""
    return " | ".join(cell(getattr(scores, name)) for name in MEANS)


def print_stems(results: Mapping[str, Result]) -> None:
    """Print a table of all scores for every stem."""
    for name in next(iter(results.values()))[0]:
        print(f"\n| {name} by | {' | '.join(HEADINGS)} |\n|---|{'---|' * len(HEADINGS)}")
        for way, (scores, _) in results.items():
            print(f"| {way} | {means(scores[name])} |")


def print_means(every: Mapping[str, Mapping[str, Result]]) -> None:
    """Print the means over songs, of those methods that did all of them."""
    print(
        f"\nMean of {len(every)} songs\n\n| method | {' | '.join(HEADINGS)} | x length |\n|---|{'---|' * (len(HEADINGS) + 1)}"
    )
    for way in next(iter(every.values())):
        if all(way in results for results in every.values()):
            songs_scores = {title: mean_scores(results[way][0]) for title, results in every.items()}
            taken = float(np.mean([results[way][1] for results in every.values()]))
            print(f"| {way} | {means(mean_scores(songs_scores))} | {taken:.3f} |")


def plain(every: Mapping[str, Mapping[str, Result]]) -> str:
    """Return all as JSON: song, method, stem, score in dB; null has no answer."""

    def row(scores: Scores) -> dict[str, float | None]:
        return {
            field.name: asdict(scores)[field.name] if np.isfinite(asdict(scores)[field.name]) else None
            for field in fields(scores)
        }

    return json.dumps(
        {
            title: {
                way: {"x_length": taken, "stems": {name: row(one) for name, one in scores.items()}}
                for way, (scores, taken) in results.items()
            }
            for title, results in every.items()
        },
        indent=1,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--songs", type=Path, metavar="DIR")
    add("--stems-dir", type=Path, metavar="DIR")
    add("--voices", type=Path, metavar="DIR")
    add("--seconds", type=float, default=60.0, metavar="S", help="how much of each song (default: its first 60)")
    add("--model", default="htdemucs", help="for Demucs (default: htdemucs)")
    add(
        "--only",
        action="append",
        default=[],
        choices=[*StemChoice],
        metavar="METHOD",
        help="not every separator; may be repeated",
    )
    add("--small", metavar="FILE", help="other weights of the small separator, by python -m engine.train")
    add("--each", action="store_true", help="add a table for every stem")
    add("--museval", action="store_true", help="SIR and SAR exactly as museval has them")
    add("--json", type=Path, metavar="FILE", help="also write all scores there")
    options = parser.parse_args()
    ways = methods(options.model, options.only, options.small)
    material = list(songs(options.songs, options.seconds)) if options.songs else []
    voices = sorted(options.voices.glob("*.wav")) if options.voices else []
    material += [sung(song, voice) for song in material for voice in voices]
    material += stem_songs(options.stems_dir, options.seconds) if options.stems_dir else []
    every = {}
    for song in (example(), *material):
        every[song[0]] = print_table(song, ways, None if options.museval else FLOOR_DB)
        if options.each:
            print_stems(every[song[0]])
    if len(every) > 1:
        print_means(every)
    if options.json:
        options.json.write_text(plain(every) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

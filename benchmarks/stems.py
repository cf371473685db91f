"""How well and how fast the stems come apart.

    python benchmarks/stems.py [--songs FOLDER] [--voices FOLDER] [--model MODEL]

Per song a Markdown table: SDR in dB, SI-SDR in brackets, and the time taken as a share of the song's length. A quarter of the
mixture for every stem is what doing nothing scores; the ideal ratio mask, which knows the truth, bounds what any soft mask
can reach. Songs are stempeg's example and, with --songs, each folder of stems named `1_bass.flac`, `2_kick01.flac`, ... (their
first 60 s; the names of drums are drums, what has most of its energy below 200 Hz is bass, the rest is other). With --voices,
each recording in that folder is mixed 3 dB under the second half of each of those songs. Demucs has a row where its weights
can be had.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.analysis.stems import StemChoice, StemSeparator, separator_for
from engine.analysis.stems.parts import STEM_IDS
from engine.dsp.levels import si_sdr_db
from engine.dsp.spectra import istft, stft
from engine.model.audio import Audio, Samples
from engine.model.errors import RemixtureError
from engine.store.decode import decode_track

DRUMS = ("kick", "snare", "hat", "rim", "clap")
MOST_SECONDS = 60
Song = tuple[str, Audio, dict[str, Samples]]
Method = Callable[[Audio, dict[str, Samples]], dict[str, Samples]]


def example() -> Song:
    """Return stempeg's example. stempeg itself would want ffmpeg, so only its file is used."""
    spec = importlib.util.find_spec("stempeg")
    if spec is None or spec.origin is None:
        raise SystemExit("stempeg is not installed: uv sync --group dev")
    file = next((Path(spec.origin).parent / "data").glob("*.stem.mp4"))
    stems = {name: decode_track(file, i + 1) for i, name in enumerate(("drums", "bass", "other", "vocals"))}
    return "stempeg's example", Audio(decode_track(file, 0), 44_100), stems


def read(file: Path) -> tuple[Samples, int]:
    """Return the first minute of a file as stereo."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return np.ascontiguousarray(np.broadcast_to(samples.T, (2, len(samples))))[:, : MOST_SECONDS * rate], rate


def kind(name: str, samples: Samples, rate: int) -> str:
    """Return which stem a track belongs to."""
    if any(word in name.lower() for word in DRUMS):
        return "drums"
    power = np.abs(np.fft.rfft(samples.mean(axis=0))) ** 2
    low = power[np.fft.rfftfreq(samples.shape[1], 1 / rate) < 200].sum()
    return "bass" if low > power.sum() / 2 else "other"


def built(name: str, stems: dict[str, Samples], rate: int) -> Song:
    """Return a song as the sum of its stems, without those that are silent."""
    stems = {name: samples for name, samples in stems.items() if samples.any()}
    return name, Audio(np.sum(list(stems.values()), axis=0), rate), stems


def songs(folder: Path) -> Iterator[Song]:
    """Yield each folder of tracks as a song."""
    for place in sorted(p for p in folder.iterdir() if p.is_dir()):
        stems: dict[str, Samples] = {}
        rate = 0
        for file in sorted(place.glob("[0-9]*.flac")):
            samples, rate = read(file)
            name = kind(file.stem, samples, rate)
            stems[name] = stems[name] + samples if name in stems else samples
        if stems:
            yield built(place.name, stems, rate)


def sung(song: Song, file: Path) -> Song:
    """Return the second half of a song with a voice 3 dB under it."""
    name, audio, stems = song
    voice, rate = read(file)
    if rate != audio.rate:
        raise SystemExit(f"{file} has {rate} Hz, {name} {audio.rate} Hz")
    half = audio.frames // 2
    n = min(voice.shape[1], audio.frames - half)
    level = np.sqrt(0.5 * np.mean(np.square(audio.samples[:, half : half + n])) / np.mean(np.square(voice[:, :n])))
    backing = {stem: samples[:, half : half + n] for stem, samples in stems.items()}
    return built(f"{name} with {file.stem}", {**backing, "vocals": voice[:, :n] * np.float32(level)}, rate)


def quarter(audio: Audio, _truth: dict[str, Samples]) -> dict[str, Samples]:
    """Take nothing apart."""
    return dict.fromkeys(STEM_IDS, audio.samples * np.float32(0.25))


def ideal_ratio_mask(audio: Audio, truth: dict[str, Samples]) -> dict[str, Samples]:
    """Share each bin of the mixture out as the true magnitudes are."""
    spectrum = stft(audio.samples, 4096, 1024)
    magnitudes = {name: np.abs(stft(samples, 4096, 1024)) for name, samples in truth.items()}
    total = sum(magnitudes.values()) + np.float32(1e-12)
    return {name: istft(spectrum * (m / total), 4096, 1024, audio.frames) for name, m in magnitudes.items()}


def by(separator: StemSeparator) -> Method:
    """Return a separator as a method."""

    def method(audio: Audio, _truth: dict[str, Samples]) -> dict[str, Samples]:
        separation = separator.separate(audio)
        stems = np.concatenate(list(separation.blocks), axis=-1)
        return {part.id: samples for part, samples in zip(separation.parts, stems, strict=True)}

    return method


def sdr_db(estimate: Samples, truth: Samples) -> float:
    """Return the signal-to-distortion ratio over all of a file and its channels."""
    t: NDArray[np.float64] = truth.astype(np.float64)
    return float(10 * np.log10(np.sum(t**2) / np.sum((t - estimate) ** 2)))


def print_table(song: Song, methods: dict[str, Method]) -> None:
    """Print the scores of one song."""
    title, audio, truth = song
    names = [name for name in STEM_IDS if name in truth]
    print(f"\n{title}, {audio.seconds:.1f} s\n\n| method | {' | '.join(names)} | mean | x length |")
    print(f"|---|{'---|' * (len(names) + 2)}")
    for method, separate in methods.items():
        begun = time.perf_counter()
        stems = separate(audio, truth)
        taken = (time.perf_counter() - begun) / audio.seconds
        scores = [(sdr_db(stems[n], truth[n]), si_sdr_db(stems[n], truth[n])) for n in names]
        scores.append((float(np.mean([s for s, _ in scores])), float(np.mean([s for _, s in scores]))))
        print(f"| {method} | {' | '.join(f'{a:.2f} ({b:.1f})' for a, b in scores)} | {taken:.3f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--model", default="htdemucs")
    options = parser.parse_args()
    methods: dict[str, Method] = {"mixture / 4": quarter, "built-in": by(separator_for(StemChoice.BUILTIN))}
    try:
        methods[f"demucs {options.model}"] = by(separator_for(StemChoice.DEMUCS, model=options.model))
    except RemixtureError as error:
        print(f"Without Demucs: {error}")
    methods["ideal ratio mask"] = ideal_ratio_mask
    material = [example(), *(songs(options.songs) if options.songs else ())]
    voices = sorted(options.voices.glob("*.wav")) if options.voices else []
    for song in [*material, *(sung(song, voice) for song in material[1:] for voice in voices)]:
        print_table(song, methods)


if __name__ == "__main__":
    main()

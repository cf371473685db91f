"""Songs with known loops, as the world hands them on: coded, squeezed, sung over, at another rate, at another speed.

    python -m benchmarks.variants BUILT OUT [--voices FOLDER] [--only mp3,compressed,voice,resampled,pitched]

BUILT holds songs as NN/mix.wav, stem-K.wav, truth.json; OUT/VARIANT/NN then holds the same files. The stems stay what was
played: links to BUILT's, but for `resampled` and `pitched`, where they go the way of the mix, and truth.json with them.
"""

import argparse
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from engine.model.audio import Samples

MP3_BITS_A_SECOND = 192_000
REDUCTION_DB, RATIO, CEILING_DB = 6.0, 4.0, -1.0
VOICE_DB = -6.0
OTHER_RATE, VARISPEED = 48_000, 1.03
PIECE = 1152 * 64
LINEAR = ("resampled", "pitched")
"""Variants in which the sum of the changed stems is the changed sum."""


def as_mp3(samples: Samples, rate: int) -> Samples:
    """Return a song as it comes back from an mp3, of the same length and not delayed."""
    import av
    from scipy.signal import correlate

    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, bit_rate=MP3_BITS_A_SECOND, layout="stereo", format="fltp")
        for start in range(0, samples.shape[1], PIECE):
            piece = np.ascontiguousarray(samples[:, start : start + PIECE])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    coded = soundfile.read(file, dtype="float32", always_2d=True)[0].T
    n = samples.shape[1]
    likeness = correlate(coded.mean(axis=0), samples.mean(axis=0), method="fft")
    late = int(np.argmax(likeness)) - (n - 1)
    return np.pad(coded[:, max(0, late) :], ((0, 0), (max(0, -late), n)))[:, :n]


def compressed(samples: Samples, rate: int) -> Samples:
    """Return a song through a bus compressor that takes 6 dB off its loudest tenth, made up for into a limiter."""
    from pedalboard import Compressor, Gain, Limiter

    def squeezed(threshold_db: float) -> Samples:
        return np.asarray(Compressor(threshold_db, RATIO, attack_ms=10.0, release_ms=100.0)(samples, rate), dtype=np.float32)

    low, high = -60.0, 0.0
    for _ in range(8):
        middle = (low + high) / 2
        if reduction_db(samples, squeezed(middle), rate) > REDUCTION_DB:
            low = middle
        else:
            high = middle
    louder = Gain(REDUCTION_DB)(squeezed((low + high) / 2), rate)
    return np.asarray(Limiter(CEILING_DB, release_ms=100.0)(louder, rate), dtype=np.float32)


def reduction_db(before: Samples, after: Samples, rate: int) -> float:
    """Return by how many dB the loudest tenth of a song's 50 ms pieces became quieter, at the median."""
    n = rate // 20
    pieces = before.shape[1] // n
    powers = [np.square(x[:, : pieces * n]).reshape(2, pieces, n).mean(axis=(0, 2)) + 1e-12 for x in (before, after)]
    loud = powers[0] >= np.quantile(powers[0], 0.9)
    return float(10 * np.median(np.log10(powers[0][loud] / powers[1][loud])))


def sung_over(samples: Samples, rate: int, voice: Path) -> Samples:
    """Return a song with a voice from its first to its last second, 6 dB under it in power."""
    import soxr

    sung, own_rate = soundfile.read(voice, dtype="float32", always_2d=True)
    line = np.resize(soxr.resample(sung.mean(axis=1), own_rate, rate), samples.shape[1])
    line *= np.sqrt(np.mean(np.square(samples)) / np.mean(np.square(line))) * 10 ** (VOICE_DB / 20)
    mixed = samples + line
    return np.asarray(mixed * min(1.0, 0.98 / np.abs(mixed).max()), dtype=np.float32)


def resampled(samples: Samples, rate: int) -> Samples:
    """Return a song that was at 48 kHz for a while."""
    import soxr

    back = soxr.resample(soxr.resample(samples.T, rate, OTHER_RATE, "VHQ"), OTHER_RATE, rate, "VHQ").T
    n = samples.shape[1]
    return np.asarray(np.pad(back, ((0, 0), (0, max(0, n - back.shape[1]))))[:, :n], dtype=np.float32)


def pitched(samples: Samples, rate: int) -> Samples:
    """Return a song that is played 3 % faster, and higher by as much."""
    import soxr

    return np.asarray(soxr.resample(samples.T, rate * VARISPEED, rate, "VHQ").T, dtype=np.float32)


def faster(truth: dict[str, object]) -> dict[str, object]:
    """Return what is known of a song, for the song at the higher speed."""
    bars, bpm = np.asarray(truth["bars_s"], dtype=np.float64), float(str(truth["bpm"]))
    return {**truth, "bpm": bpm * VARISPEED, "bars_s": (bars / VARISPEED).tolist()}


def convert(source: Path, target: Path, change: Callable[[Samples, int], Samples]) -> None:
    """Write what becomes of a file."""
    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    soundfile.write(target, change(np.ascontiguousarray(samples.T), rate).T, rate, subtype="FLOAT")


def write_variant(name: str, song: Path, folder: Path, change: Callable[[Samples, int], Samples]) -> None:
    """Write one variant of one song."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    convert(song / "mix.wav", folder / "mix.wav", change)
    for stem in sorted(song.glob("stem-*.wav")):
        if name in LINEAR:
            convert(stem, folder / stem.name, change)
        else:
            (folder / stem.name).symlink_to(stem.resolve())
    truth = json.loads((song / "truth.json").read_text())
    (folder / "truth.json").write_text(json.dumps(faster(truth) if name == "pitched" else truth))


def changes_of(index: int, voices: list[Path]) -> dict[str, Callable[[Samples, int], Samples]]:
    """Return the variants of a song by name; the songs take turns with the voices."""
    known: dict[str, Callable[[Samples, int], Samples]] = {
        "mp3": as_mp3,
        "compressed": compressed,
        "resampled": resampled,
        "pitched": pitched,
    }
    if not voices:
        return known
    return {**known, "voice": lambda samples, rate: sung_over(samples, rate, voices[index % len(voices)])}


def main() -> None:
    """Write the variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("built", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--voices", type=Path, help="a folder of recorded voices (*.wav), for `voice`")
    parser.add_argument("--only", help="names of variants, with commas between; by default all that can be made")
    options = parser.parse_args()
    voices = sorted(options.voices.glob("*.wav")) if options.voices else []
    songs = sorted(path.parent for path in options.built.glob("*/truth.json"))
    wanted = options.only.split(",") if options.only else list(changes_of(0, voices))
    if unknown := set(wanted) - set(changes_of(0, voices)):
        raise SystemExit(f"cannot make {', '.join(sorted(unknown))}: `voice` needs --voices FOLDER with *.wav in it")
    for index, song in enumerate(songs):
        for name in wanted:
            write_variant(name, song, options.out / name / song.name, changes_of(index, voices)[name])
        print(f"{song.name}: {', '.join(wanted)}", flush=True)


if __name__ == "__main__":
    main()

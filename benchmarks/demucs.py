"""What our way through a song with Demucs costs beside Demucs' own, and how much memory it holds.

    python -m benchmarks.demucs [--rounds 3] [--seconds 30] [--memory 60,600,3600] [--rate HZ] [--stop 0.01] [--tiny]

The model is random but of the real size (HTDemucs as published: 48 channels, 512 at the bottom, 7.8 s segments, 41 M
parameters), written as safetensors and loaded by our own code. Neither time nor memory depends on what weights hold.

Speed: `demucs.apply.apply_model` (shifts=0, overlap=0.1) and our `segments`, in turns on the same song in the same process;
seconds on the clock and of CPU time, which other programs disturb less, each the least of all rounds; and how much they differ.

Memory: from a file to stems on disk, as `prepare` does it, in a process of its own: the most that each step held (Linux only,
where the peak can be reset in between) as the kernel counts it, file pages included. With `--stop` the stems end at that share,
long after memory stopped growing with them; with `--tiny` a model of 0.3 M parameters goes the whole way.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from engine.analysis.crosstalk import CrosstalkMeter
from engine.analysis.stems.computing import Computing
from engine.analysis.stems.demucs import DemucsSeparator, loaded
from engine.analysis.stems.segments import OVERLAP, segments
from engine.analysis.stems.weights import find_weights
from engine.model.audio import Audio, Samples
from engine.store.decode import decode
from engine.store.sources import write_sources

RATE = 44_100
STEMS = ["drums", "bass", "other", "vocals"]
REAL: dict[str, Any] = {"bottom_channels": 512}
TINY: dict[str, Any] = {"channels": 8, "nfft": 2048, "t_layers": 1, "t_heads": 2, "bottom_channels": 16}
SEGMENT = Fraction(39, 5)
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")

Result = tuple[Samples, float, float]


class EnoughError(Exception):
    """The stems came as far as was asked."""


def write_model(file: Path, kwargs: dict[str, Any]) -> Path:
    """Write random weights of a size, laid out as the hub's."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = HTDemucs(STEMS, segment=SEGMENT, **kwargs)
    segment = {"_type": "fraction", "numerator": SEGMENT.numerator, "denominator": SEGMENT.denominator}
    header = {
        "klass": "demucs.htdemucs.HTDemucs", "args": json.dumps([STEMS]), "kwargs": json.dumps({**kwargs, "segment": segment}),
    }  # fmt: skip
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, str(file), metadata=header)
    return file


def by_demucs(model: Any, audio: Audio) -> Samples:  # noqa: ANN401 - demucs has no types
    """Return what Demucs' own loop makes of a song [shape=(4, 2, frames)], as `demucs.api.Separator` normalises it."""
    import torch
    from demucs.apply import apply_model

    wav = torch.from_numpy(audio.samples)
    middle = wav.mean(0)
    mean, scale = middle.mean(), middle.std() + 1e-8
    stems = apply_model(model, ((wav - mean) / scale)[None], shifts=0, overlap=OVERLAP) * scale + mean
    return np.asarray(stems[0].numpy())


def by_us(model: Any, audio: Audio) -> Samples:  # noqa: ANN401 - demucs has no types
    """Return what `segments` makes of it."""
    return np.concatenate(list(segments(model, audio)), axis=-1)


def timed(work: Callable[[Any, Audio], Samples], model: Any, audio: Audio) -> Result:  # noqa: ANN401
    """Return a result, the seconds on the clock and those of CPU time."""
    clock, busy = time.perf_counter(), time.process_time()
    result = work(model, audio)
    return result, time.perf_counter() - clock, time.process_time() - busy


def print_speed(file: Path, seconds: float, rounds: int) -> None:
    """Print both ways' times and their ratio."""
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, round(seconds * RATE)))
    audio = Audio(noise.astype(np.float32), RATE)
    model = loaded(find_weights(file), "cpu")
    by_us(model, Audio(audio.samples[:, : 2 * RATE], RATE))
    theirs: list[Result] = []
    ours: list[Result] = []
    for turn in range(rounds):
        for work, times in ((by_demucs, theirs), (by_us, ours))[:: 1 if turn % 2 == 0 else -1]:
            times.append(timed(work, model, audio))
    print("| way | s on the clock | s of CPU | CPU x song |\n|---|---|---|---|")
    least = {}
    for name, times in (("demucs.apply.apply_model", theirs), ("segments", ours)):
        clock, busy = (min(t[i] for t in times) for i in (1, 2))
        least[name] = clock, busy
        print(f"| {name} | {clock:.2f} | {busy:.2f} | {busy / seconds:.2f} |")
    (clock, busy), (clock_2, busy_2) = least.values()
    print(f"| overhead | {100 * (clock_2 / clock - 1):+.1f} % | {100 * (busy_2 / busy - 1):+.1f} % | |")
    parameters = sum(p.numel() for p in model.parameters())
    apart = float(np.abs(theirs[0][0] - ours[0][0]).max())
    print(f"\n{seconds:g} s, {parameters / 1e6:.1f} M parameters, {rounds} rounds; largest difference {apart:.1e}", flush=True)


def held_mb() -> float:
    """Return the most memory held since the last call, in MB."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    CLEAR.write_text("5", encoding="ascii")
    return float(line.split()[1]) / 1024


def take_apart(song: Path, model: Path, folder: Path, stop: float) -> None:
    """Do in this process what `prepare` does from file to stems; print the memory before, for decoding, and for the stems."""
    separator = DemucsSeparator(find_weights(model), Computing("cpu"))
    loaded(separator.weights, "cpu")
    before = held_mb()
    audio = decode(song, scratch=folder)
    decoded = held_mb()

    def enough(share: float) -> None:
        if share >= stop:
            raise EnoughError(f"{share:.2f} of the stems are done")

    found = separator.separate(audio, enough)
    with contextlib.suppress(EnoughError):
        meter = CrosstalkMeter(len(found.parts), audio.rate)
        write_sources(found.parts, meter.through(found.blocks), audio.samples, audio.rate, folder, "stems")
    print(before, decoded, held_mb())


def print_memory(model: Path, lengths: list[float], rate: int, folder: Path, stop: float) -> None:
    """Print the peaks by length."""
    if not CLEAR.exists():
        raise SystemExit("memory by step is measured on Linux only")
    print(f"| song at {rate} Hz, s | model loaded, MB | song decoded, MB | stems, MB |\n|---|---|---|---|")
    for seconds in lengths:
        song = folder / "song.wav"
        write_noise(song, seconds, rate)
        call = f"take_apart(Path({str(song)!r}), Path({str(model)!r}), Path({str(folder)!r}), {stop})"
        code = f"from pathlib import Path; from benchmarks.demucs import take_apart; {call}"
        told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        print(f"| {seconds:g} | " + " | ".join(f"{float(megabytes):.0f}" for megabytes in told.split()) + " |", flush=True)


def write_noise(file: Path, seconds: float, rate: int) -> None:
    """Write a song of noise, a minute at a time."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(str(file), "w", rate, 2, "PCM_16") as out:
        for start in range(0, round(seconds * rate), 60 * rate):
            out.write(0.1 * rng.standard_normal((min(60 * rate, round(seconds * rate) - start), 2), dtype=np.float32))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="0: no table of speed")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--memory", default="60,600", help="lengths in seconds, `none` for no table")
    parser.add_argument("--stop", type=float, default=2.0, help="the share of the stems to stop at (default: not)")
    parser.add_argument("--rate", type=int, default=RATE, help="of the songs that memory is measured with, Hz")
    parser.add_argument("--tiny", action="store_true", help="a small model, for long songs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if options.rounds:
            print_speed(write_model(folder / "real.safetensors", REAL), options.seconds, options.rounds)
        if options.memory != "none":
            lengths = [float(s) for s in options.memory.split(",")]
            file = write_model(folder / "model.safetensors", TINY if options.tiny else REAL)
            print_memory(file, lengths, options.rate, folder, options.stop)


if __name__ == "__main__":
    main()

"""What tests share: real material where it is there, short synthesised songs everywhere."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from engine.model.audio import Audio, Samples

ROOT = Path(__file__).resolve().parent.parent
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever runs the suite in the background has it ignored, and the programs that tests start would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real music beside the project. Users of the repository do not have it."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the folder of real music is not here")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _away_from_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test finds or leaves anything in a person's own caches, but numba's kernels, or among their scenes and layouts."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two songs of 8 s at 120 bpm: a set with stems and loops, and one with loops alone. Tests leave them as they are."""
    import soundfile

    from engine.analysis.stems import StemChoice
    from engine.prepare import Settings, prepare

    room = tmp_path_factory.mktemp("takes")
    for k, stems in enumerate((StemChoice.BUILTIN, StemChoice.NONE)):
        soundfile.write(room / f"song {k}.wav", loop_song(8.0, seed=k).samples.T, 22_050, subtype="FLOAT")
        prepare(room / f"song {k}.wav", room, Settings(loops=2, stems=stems, bpm=120.0, downbeat=0.0))
    return room / "song 0.remix", room / "song 1.remix"


def real_song(folder: Path, start: float = 0.0, seconds: float = 1e6) -> Audio:
    """A song of the LMMS folder as the sum of its stems, or so many seconds of it: decoding a whole one takes seconds too."""
    import soundfile

    stems = []
    for path in sorted(folder.glob("[0-9]*.flac")):
        rate = soundfile.info(path).samplerate
        frames = round(seconds * rate)
        stems.append(soundfile.read(path, frames, round(start * rate), dtype="float32", always_2d=True))
    frames = min(len(x) for x, _ in stems)
    return Audio(np.ascontiguousarray(np.sum([x[:frames] for x, _ in stems], axis=0).T), stems[0][1])


def loop_song(seconds: float = 12.0, rate: int = 22_050, channels: int = 2, seed: int = 0) -> Audio:
    """A quick song: kick on the beat, noise on the off-beat from bar 3 on, a two-note bass; 120 bpm from 0."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate)
    x = np.zeros(frames)
    burst = rng.standard_normal(rate // 20) * np.exp(-np.arange(rate // 20) / (rate / 80))
    t = np.arange(rate // 8) / rate
    kick = np.sin(2 * np.pi * 55 * t) * np.exp(-t / 0.05)
    for beat in range(int(seconds * 2)):
        _add(x, beat * rate // 2, kick)
        if beat >= 8:
            _add(x, beat * rate // 2 + rate // 4, 0.3 * burst)
        hz = 110.0 if beat % 4 < 2 else 82.4
        note = 0.2 * np.sin(2 * np.pi * hz * np.arange(rate // 2) / rate) * np.linspace(1, 0, rate // 2)
        _add(x, beat * rate // 2, note)
    x *= 0.5 / np.abs(x).max()
    return Audio(np.tile(x.astype(np.float32), (channels, 1)), rate)


def _add(x: np.ndarray, start: int, note: np.ndarray) -> None:
    x[start : start + note.size] += note[: max(0, x.size - start)]


def null_dbfs(a: Samples, b: Samples) -> float:
    """Peak of the difference in dBFS."""
    from engine.dsp.levels import peak_dbfs

    return peak_dbfs(a.astype(np.float64) - b.astype(np.float64))

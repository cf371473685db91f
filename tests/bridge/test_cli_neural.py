from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.cli import main
from engine.model.audio import Samples
from tests.conftest import loop_song, null_dbfs
from tests.engine.analysis.remix.tiny import tiny, written


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("neural") / "song.wav"
    audio = loop_song(4.0)
    soundfile.write(file, audio.samples.T, audio.rate, subtype="FLOAT")
    return file


@pytest.fixture(scope="module")
def model(song: Path) -> Path:
    return written(song.with_name("net.safetensors"), tiny(2))


def rendered(song: Path, model: Path, *more: str) -> Samples:
    out = model.with_name("out.wav")
    arguments = [str(song), "--remixer", "neural", "--remix-model", str(model), "-o", str(out), "--bits", "32f", *more]
    assert main(["render", *arguments]) == 0
    return np.asarray(soundfile.read(out, dtype="float32")[0].T)


def test_without_gains_the_recording_comes_out(song: Path, model: Path) -> None:
    made = rendered(song, model)

    np.testing.assert_array_equal(made, soundfile.read(song, dtype="float32")[0].T)


def test_a_set_is_remixed_as_its_recording(sets: tuple[Path, Path], model: Path) -> None:
    of_set, of_file = (rendered(one, model, "--gain", "a.drums=-6") for one in (sets[0], sets[0].with_suffix(".wav")))

    assert null_dbfs(of_set, of_file) < -100
    assert np.abs(of_file - soundfile.read(sets[0].with_suffix(".wav"), dtype="float32")[0].T).max() > 1e-3


def test_mute_and_solo_are_gains_of_nothing(song: Path, model: Path) -> None:
    muted = rendered(song, model, "--mute", "bass,vocals,other", "--gain", "drums=3")
    solo = rendered(song, model, "--solo", "drums", "--gain", "drums=3")

    np.testing.assert_array_equal(muted, solo)
    assert np.abs(muted - soundfile.read(song, dtype="float32")[0].T).max() > 1e-3


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--tempo", "120"], "--tempo is nothing a remixing network can do"),
        (["--each"], "--each is nothing"),
        (["--take", "a.jsonl"], "--take is nothing"),
        (["--start", "2"], "--start is nothing"),
        (["--gain", "piano=3"], "the remixing network knows drums, bass, vocals, other"),
        (["--gain", "b.drums=3"], "one song"),
        (["--gain", "drums=13"], "-12 to 12 dB, got 13 dB"),
    ],
)
def test_what_a_network_cannot_do_is_refused(
    song: Path, model: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    out = song.with_name("refused.wav")

    assert main(["render", str(song), "--remixer", "neural", "--remix-model", str(model), "-o", str(out), *more]) == 2

    assert told in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()


def test_the_recording_is_never_overwritten(song: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(song), "--remixer", "neural", "--remix-model", str(model), "-o", str(song)]) == 2

    assert "is the recording itself" in capsys.readouterr().err


def test_without_weights_it_says_how_to_get_some(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(song), "--remixer", "neural", "-o", str(song.with_name("x.wav"))]) == 2
    assert "python -m engine.train.remix" in capsys.readouterr().err
    assert main(["render", str(song), "--remix-model", "a.safetensors", "-o", str(song.with_name("x.wav"))]) == 2
    assert "--remixer neural" in capsys.readouterr().err

"""PortAudio into a file, through ALSA's plug-in of that name: a device in haste, so there is silence between blocks."""

from pathlib import Path

import numpy as np
import pytest

from bridge.audio.sink import open_sink
from engine.model.errors import RemixtureError
from tests.servers import Recorder, jack_server, need_library

FRAMES = 256


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    need_library("portaudio")
    raw = tmp_path / "captured.raw"
    text = f'pcm.tofile {{ type file slave.pcm {{ type null }} file "{raw}" format "raw" hint {{ show on description "F" }} }}'
    (tmp_path / "asound.conf").write_text(f"</usr/share/alsa/alsa.conf>\n{text}\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    return raw


def test_every_pair_goes_to_its_channels_bit_for_bit(captured: Path) -> None:
    pairs = ("master", "cue", "a.drums")
    sink = open_sink("portaudio:tofile", pairs, 48_000, FRAMES)
    assert (sink.rate, sink.frames, sink.pairs) == (48_000, FRAMES, pairs)
    written = np.random.default_rng(0).uniform(0.1, 1.0, (6, 200 * FRAMES)).astype(np.float32)
    for start in range(0, written.shape[1], FRAMES):
        sink.write(written[:, start : start + FRAMES])
    sink.close()

    heard = np.fromfile(captured, np.float32).reshape(-1, 6).T
    sounding = np.flatnonzero(heard[0])
    np.testing.assert_array_equal(heard[:, sounding], written)
    silent = sounding[-1] + 1 - sounding[0] - sounding.size
    assert sink.late >= silent / FRAMES


@pytest.mark.usefixtures("captured")
def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(RemixtureError, match="cannot play to Nothing of the sort"):
        open_sink("portaudio:Nothing of the sort", ["master"], 48_000, FRAMES)


@pytest.mark.usefixtures("captured")
def test_a_jack_server_is_left_to_the_sink_for_it() -> None:
    with jack_server() as server, Recorder(server), pytest.raises(RemixtureError, match="cannot play to recorder"):
        open_sink("portaudio:recorder", ["master"], 48_000, FRAMES)

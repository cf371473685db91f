"""AudioStream, over ALSA into JACK. In real time gaps may be the machine's, wrong samples may not."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bridge.audio.player import Player, alsa_plugins
from bridge.audio.sink import Sink, SinkLost, child_environment, open_sink
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from tests.servers import Recorder, jack_server, lacking

FRAMES = 1024
STEP = 2.0**-20


@pytest.fixture
def alsa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two devices that lead to the ports of `recorder`."""
    folder = alsa_plugins()
    if folder is None or not (folder / "libasound_module_pcm_jack.so").exists():
        lacking("ALSA's plug-in for JACK is not installed (libasound2-plugins)")
    ports = {"Two": 2, "Four": 4}
    text = "defaults.namehint.extended on\ndefaults.namehint.showall on\n"
    for name, count in ports.items():
        to = " ".join(f'{i} "recorder:in_{i + 1}"' for i in range(count))
        text += f'pcm.{name} {{ type jack playback_ports {{ {to} }} hint {{ show on description "{name}" }} }}\n'
    (tmp_path / "asound.conf").write_text(text)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    monkeypatch.delenv("ALSA_PLUGIN_DIR", raising=False)


def counted(rows: int, blocks: int) -> Samples:
    """Every frame its own number, every row its own sign or size."""
    frames = np.arange(1, blocks * FRAMES + 1, dtype=np.float32) * STEP
    return np.stack([frames * scale for scale in (1, -1, 0.5, -0.5)][:rows]).astype(np.float32)


def write_all(sink: Sink, samples: Samples) -> None:
    for start in range(0, samples.shape[1], sink.frames):
        sink.write(samples[:, start : start + sink.frames])


def through(device: str, pairs: tuple[str, ...], written: Samples) -> Samples:
    """Return what a JACK server hears of samples written to an ALSA device [shape=(4, frames)]."""
    with jack_server(period=512) as server, Recorder(server, 4) as recorder:
        sink = open_sink(f"pedalboard:{device}", ("master", "cue", "a.drums"), 48_000, FRAMES)
        assert (sink.rate, sink.frames, sink.pairs) == (48_000, FRAMES, pairs)
        write_all(sink, written)
        sink.close()
        return recorder.samples.copy()


@pytest.mark.usefixtures("alsa")
@pytest.mark.parametrize(("device", "pairs"), [("Two", ("master",)), ("Four", ("master", "cue"))])
def test_what_is_heard_is_what_was_written_bit_for_bit(device: str, pairs: tuple[str, ...]) -> None:
    written = counted(2 * len(pairs), 30)
    for _ in range(3):  # an xrun of the server shifts a block of one port against the others: a fresh server then
        recorded = through(device, pairs, written)
        heard = recorded[: len(written)]
        heard = heard[:, np.flatnonzero(heard[0])]
        place = np.rint(heard[0] / STEP).astype(int) - 1
        if np.array_equal(heard, written[:, place]):
            break

    np.testing.assert_array_equal(heard, written[:, place])
    assert place[-1] >= written.shape[1] - 2 * FRAMES, "what was in flight was cut off"
    assert place.size >= written.shape[1] // 2
    assert not recorded[len(written) :].any()


@pytest.mark.usefixtures("alsa")
def test_a_device_that_goes_is_told_and_its_process_ends() -> None:
    with jack_server(period=512) as server, Recorder(server, 4):
        sink = open_sink("pedalboard:Two", ("master",), 48_000, FRAMES)
        write_all(sink, counted(2, 4))
        server.crash()
        with pytest.raises(SinkLost, match="taken away"):
            write_all(sink, counted(2, 400))
        sink.close()
        with pytest.raises(RemixtureError, match="cannot play to Two"):
            open_sink("pedalboard:Two", ("master",), 48_000, FRAMES)


@pytest.mark.usefixtures("alsa")
def test_no_process_is_left_when_its_owner_is_killed() -> None:
    code = (
        "import sys, numpy; from bridge.audio.sink import open_sink\n"
        "sink = open_sink('pedalboard:Two', ('master',), 48000, 1024)\n"
        "while True: sink.write(numpy.ones((2, 1024), numpy.float32)); print(flush=True)"
    )
    with jack_server(period=512) as server, Recorder(server, 4) as recorder:
        owner = subprocess.Popen([sys.executable, "-c", code], env=child_environment(), stdout=subprocess.PIPE)
        assert owner.stdout is not None
        owner.stdout.readline()
        clients = playing(recorder)
        assert len(clients) == 2
        owner.kill()
        owner.communicate()
        end = time.monotonic() + 10
        while len(clients) > 1 and time.monotonic() < end:
            time.sleep(0.05)
            clients = playing(recorder)
        assert clients == {"system"}


def playing(recorder: Recorder) -> set[str]:
    """Clients of the server that have audio outputs."""
    from jack import JackError

    while True:
        try:
            return {port.name.split(":")[0] for port in recorder.client.get_ports(is_audio=True, is_output=True)}
        except JackError:  # a port went while they were listed
            time.sleep(0.01)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(RemixtureError, match="cannot play to Nothing of the sort"):
        open_sink("pedalboard:Nothing of the sort", ("master",), 48_000, FRAMES)


class Stream:
    """AudioStream's clockwork: room for one buffer, emptied by a device that asks every `buffer_size` frames."""

    sample_rate = 48_000.0
    buffer_size = 480

    def __init__(self) -> None:
        self._next = time.monotonic()

    def write(self, _block: Samples, _rate: float) -> None:
        while time.monotonic() < self._next:
            time.sleep(0.0002)
        self._next = max(self._next, time.monotonic()) + 0.01


def test_buffers_that_must_have_been_silent_are_counted() -> None:
    player = Player(Stream())  # type: ignore[arg-type]
    block = np.zeros((2, 480), np.float32)
    for _ in range(5):
        player.write(block)
    time.sleep(0.1)
    assert player.write(block) >= 8

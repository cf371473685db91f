import time

import numpy as np
import pytest

from bridge.audio.jack import JackSink
from bridge.audio.sink import AGAIN_SECONDS, SinkLost, TickSink, open_sink
from engine.model.audio import Samples
from engine.model.errors import RemixtureError
from tests.servers import Recorder, jack_server

PERIOD = 128


def noise(rows: int, blocks: int) -> Samples:
    return np.random.default_rng(rows).uniform(0.1, 1.0, (rows, blocks * PERIOD)).astype(np.float32)


def write_all(sink: JackSink, samples: Samples) -> None:
    for start in range(0, samples.shape[1], sink.frames):
        sink.write(samples[:, start : start + sink.frames])


def heard(recorder: Recorder, frames: int) -> Samples:
    """What was recorded from the first sound on, so many frames."""
    start = int(np.flatnonzero(np.abs(recorder.samples).sum(axis=0))[0])
    return recorder.samples[:, start : start + frames]


def jack_sink(*pairs: str, connect: dict[str, list[str]] | None = None) -> JackSink:
    sink = open_sink("jack", pairs, 44_100, 64, connect=connect)
    assert isinstance(sink, JackSink)
    return sink


def test_freewheel_captures_what_was_written_bit_for_bit() -> None:
    with jack_server(period=PERIOD) as server, Recorder(server, 6) as recorder:
        to = {pair: recorder.ports[2 * i : 2 * i + 2] for i, pair in enumerate(("master", "cue", "a.drums"))}
        sink = jack_sink(*to, connect=to)
        assert (sink.rate, sink.frames, sink.pairs) == (48_000, PERIOD, ("master", "cue", "a.drums"))
        written = noise(6, 300)
        with recorder.freewheel():
            write_all(sink, written)
            assert sink.late == 0
        sink.close()

        np.testing.assert_array_equal(heard(recorder, written.shape[1]), written)


def test_rendering_ahead_changes_no_sample() -> None:
    with jack_server(period=PERIOD) as server, Recorder(server, 2) as recorder:
        sink = jack_sink("master", connect={"master": recorder.ports})
        written = noise(2, 200)
        with recorder.freewheel():
            for i, blocks in enumerate((1, 16, 32, 1)):
                sink.lead(blocks)
                write_all(sink, written[:, i * 50 * PERIOD : (i + 1) * 50 * PERIOD])
        sink.close()

        np.testing.assert_array_equal(heard(recorder, written.shape[1]), written)


def test_midi_goes_out_on_its_frame() -> None:
    start, clock, position = b"\xfa", b"\xf8", b"\xf2\x05\x01"
    with jack_server(period=PERIOD) as server, Recorder(server, 2) as recorder:
        sink = jack_sink("master", connect={"master": recorder.ports})
        assert isinstance(sink, TickSink)
        recorder.client.connect("remixture:clock", recorder.midi_port)
        expected = []
        with recorder.freewheel():
            for i in range(100):
                ticks = [(i % PERIOD, start), ((i * 7) % 20 + 100, clock)] if i % 3 else [(0, position)]
                sink.ticks([offset for offset, _ in ticks], [message for _, message in ticks])
                expected += [(i * PERIOD + offset, message) for offset, message in sorted(ticks, key=lambda t: t[0])]
                sink.write(np.full((2, PERIOD), 0.5, np.float32))
        sink.close()

        first = int(np.flatnonzero(recorder.samples[0])[0])
        assert [(frame - first, data) for frame, data in recorder.events] == expected


def test_a_late_block_is_silence_and_counted() -> None:
    with jack_server(period=PERIOD) as server, Recorder(server, 2) as recorder:
        sink = jack_sink("master", connect={"master": recorder.ports})
        for _ in range(50):
            sink.write(np.ones((2, PERIOD), np.float32))
        before = sink.late
        time.sleep(0.2)
        counted = sink.late - before
        for _ in range(50):
            sink.write(np.full((2, PERIOD), 2.0, np.float32))
        sink.close()

        heard_frames = recorder.samples[0]
        assert set(heard_frames.tolist()) == {0.0, 1.0, 2.0}
        assert counted >= 10
        between = np.flatnonzero(heard_frames == 2.0)[0] - np.flatnonzero(heard_frames == 1.0)[-1] - 1
        assert between >= 10 * PERIOD


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_a_server_that_goes_is_told_and_a_new_one_is_found(end: str) -> None:
    block = np.full((2, PERIOD), 0.25, np.float32)
    with jack_server(period=PERIOD) as server:
        sink = jack_sink("master")
        sink.write(block)
        getattr(server, end)()
        with pytest.raises(SinkLost, match="JACK server is gone"):
            write_all(sink, noise(2, 10_000))
        sink.close()
        with pytest.raises(RemixtureError, match="no JACK server is running"):
            jack_sink("master")
        with jack_server(period=2 * PERIOD, name=server.name) as again, Recorder(again, 2) as recorder:
            assert AGAIN_SECONDS < 1
            sink = jack_sink("master", connect={"master": recorder.ports})
            assert sink.frames == 2 * PERIOD
            for _ in range(50):
                sink.write(np.full((2, 2 * PERIOD), 0.25, np.float32))
            sink.close()
            assert recorder.samples.max() == 0.25


def test_the_master_goes_to_the_first_physical_ports() -> None:
    with jack_server(period=PERIOD):
        sink = jack_sink("master", "cue")
        connected = {side: sink_connections(sink, f"master_{side}") for side in "lr"}
        assert connected == {"l": ["system:playback_1"], "r": ["system:playback_2"]}
        assert sink_connections(sink, "cue_l") == []
        sink.close()


def test_a_program_that_comes_later_is_connected() -> None:
    with jack_server(period=PERIOD) as server:
        sink = jack_sink("master", connect={"master": ["daw:in_1", "daw:in_2"]})
        for _ in range(2):
            with Recorder(server, 2, name="daw"):
                wait_for_connection(sink, "master_r")
                assert sink_connections(sink, "master_r") == ["daw:in_2"]
        sink.close()


def test_closing_plays_what_is_in_flight() -> None:
    with jack_server(period=PERIOD) as server, Recorder(server, 2) as recorder:
        sink = jack_sink("master", connect={"master": recorder.ports})
        sink.lead(32)
        for i in range(32):
            sink.write(np.full((2, PERIOD), i + 1, np.float32))
        sink.close()
        sink.close()
        # In real time JACK may let the recorder miss a period, so not to the last block.
        assert recorder.samples.max() >= 28
        assert not recorder.samples[:, -1].any()


def test_a_server_by_name_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with jack_server(rate=44_100, period=512) as server:
        monkeypatch.delenv("JACK_DEFAULT_SERVER")
        sink = open_sink(f"jack:{server.name}", ["master"], 48_000, 64)
        assert (sink.rate, sink.frames) == (44_100, 512)
        sink.close()


def sink_connections(sink: JackSink, port: str) -> list[str]:
    client = sink._client  # noqa: SLF001 - what JACK knows of it
    return [p.name for p in client.get_all_connections(client.get_port_by_name(f"{client.name}:{port}"))]


def wait_for_connection(sink: JackSink, port: str) -> None:
    end = time.monotonic() + 10
    while not sink_connections(sink, port) and time.monotonic() < end:
        time.sleep(0.01)


def test_server_is_named_in_the_error() -> None:
    with pytest.raises(RemixtureError, match="'nobody'"):
        open_sink("jack:nobody", ["master"], 48_000, 64)

"""A real DAW records the sources of a playing session, each on a track of its own."""

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.model.audio import Samples
from tests.bridge.session.rig import make_set, start
from tests.servers import JackServer, jack_server, need

RATE = 48_000

RECORD = """
ARDOUR.LuaAPI.usleep (100000)
assert (not AudioEngine:set_backend ("JACK", "ardour", ""):isnil (), "no JACK")
local session = create_session (arg[1], "take", 48000)
assert (session, "no session")
for i = 2, #arg do
  local track = session:new_audio_track (2, 2, nil, 1, "track" .. i - 1, -1, ARDOUR.TrackMode.Normal, true):front ()
  local input = track:input ()
  input:disconnect_all (nil)
  assert (input:nth (0):connect (arg[i] .. "_l") == 0 and input:nth (1):connect (arg[i] .. "_r") == 0, "no ports " .. arg[i])
  track:rec_enable_control ():set_value (1, PBD.GroupControlDisposition.NoGroup)
end
session:maybe_enable_record (false)
ARDOUR.LuaAPI.usleep (300000)
session:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep (3500000)
session:request_stop (false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep (800000)
session:save_state ("")
session = nil
close_session ()
quit ()
"""


def record(room: Path, *ports: str) -> list[Samples]:
    """Record pairs of ports in Ardour; return the tracks [shape=(2, frames)]."""
    script = room / "record.lua"
    script.write_text(RECORD)
    folder = room / "ardour"
    subprocess.run(["ardour7-lua", str(script), str(folder), *ports], check=True, timeout=90, capture_output=True)
    tracks = []
    for i in range(1, len(ports) + 1):
        sides = [soundfile.read(next(folder.rglob(f"*track{i}*%{side}.wav")), dtype="float32")[0] for side in "LR"]
        tracks.append(np.stack([side[: min(map(len, sides))] for side in sides]))
    return tracks


def session_in(room: Path, server: JackServer) -> tuple[list[Samples], Samples]:
    """Play a set through JACK while Ardour records drums, bass and the master; return the tracks and the set's drums."""
    folder = make_set(room, 20.0, RATE)
    assert server.rate == RATE
    player = start(folder, "--sink", "jack", "--split", "--no-midi", "--no-take")
    try:
        assert player.stdin is not None
        player.stdin.write("a.bass -6\na play\n")
        player.stdin.flush()
        _wait_for_port("remixture:a.drums_l")
        tracks = record(room, "remixture:a.drums", "remixture:a.bass", "remixture:master")
        player.communicate("quit\n", timeout=30)
    finally:
        player.kill()
    drums, _ = soundfile.read(folder / "stems" / "drums.flac", dtype="float32")
    return tracks, drums.T


def _wait_for_port(name: str) -> None:
    import jack

    with jack.Client("look", no_start_server=True) as client:
        for _ in range(600):
            if client.get_ports(name):
                return
            time.sleep(0.05)
    raise TimeoutError(f"no port {name}")


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_ardour_records_each_source_as_it_is(tmp_path: Path) -> None:
    need("ardour7-lua")
    for attempt in range(2):  # Ardour itself loses the server now and then
        room = tmp_path / str(attempt)
        room.mkdir()
        try:
            with jack_server(RATE, 1024) as server:
                (drums, bass, master), song = session_in(room, server)
            break
        except (subprocess.SubprocessError, StopIteration):
            if attempt == 1:
                raise
    spans = _found_again(drums, song)
    # A period that came late on a busy machine is a gap; what lies between gaps is the source bit for bit.
    assert sum(last - first for first, last in spans) > RATE
    first, last = max(spans, key=lambda span: span[1] - span[0])
    piece = slice(first, last)
    ratio = np.dot(bass[0, piece], drums[0, piece]) / np.dot(drums[0, piece], drums[0, piece])
    # In these sets bass is the drums at another share; its fader stands at -6 dB.
    assert 20 * np.log10(ratio * 0.2 / 0.5) == pytest.approx(-6.0, abs=0.01)
    assert np.abs(master[:, piece]).max() > 0.1


def _found_again(track: Samples, song: Samples) -> list[tuple[int, int]]:
    """Return the spans of the track that are the song bit for bit, wherever in it."""
    spans, at = [], int(np.flatnonzero(track[0])[0])
    spectrum = np.fft.rfft(song[0], 1 << 21)
    while at + 4096 < track.shape[1]:
        needle = track[0, at : at + 4096].astype(np.float64)
        there = int(np.argmax(np.fft.irfft(spectrum * np.conj(np.fft.rfft(needle, 1 << 21)))[: song.shape[1]]))
        n = min(song.shape[1] - there, track.shape[1] - at)
        wrong = np.flatnonzero((track[:, at : at + n] != song[:, there : there + n]).any(axis=0))
        same = int(wrong[0]) if wrong.size else n
        if same >= 4096:
            spans.append((at, at + same))
        at += max(same, 1024)
    return spans

"""A real DAW records the sources of a playing session, each on a track of its own."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.session.messages import Output
from bridge.session.player import Player
from engine.model.audio import Samples
from tests.bridge.session.rig import make_set, until
from tests.servers import JackServer, jack_server, need

RATE = 48_000
SECONDS = 6.0
"""Of the song, of which the first two bars of three go round, however long Ardour takes."""

ATTEMPTS = 4
"""Ardour without a window falls over now and then, where periods come late."""

# Ardour names the ports of what it makes (`jack_set_property`) while another of its threads asks the server for something else,
# and libjack, which has one socket for both, mixes the two up: in half of all runs the server then drops Ardour. A session that
# is opened has its names already, so it is made where no JACK is.
MAKE = """
assert (not AudioEngine:set_backend ("None (Dummy)", "ardour", ""):isnil (), "no backend")
local session = create_session (arg[1], "take", 48000)
assert (session, "no session")
for i = 2, #arg do
  local track = session:new_audio_track (2, 2, nil, 1, "track" .. i - 1, -1, ARDOUR.TrackMode.Normal, true):front ()
  track:input ():disconnect_all (nil)
end
ARDOUR.LuaAPI.usleep (100000)
session:save_state ("")
session = nil
close_session ()
quit ()
"""

RECORD = """
ARDOUR.LuaAPI.usleep (100000)
assert (not AudioEngine:set_backend ("JACK", "ardour", ""):isnil (), "no JACK")
local session = load_session (arg[1], "take")
assert (session, "no session")
ARDOUR.LuaAPI.usleep (200000)
for i = 2, #arg do
  local track = session:route_by_name ("track" .. i - 1):to_track ()
  local input = track:input ()
  assert (input:nth (0):connect (arg[i] .. "_l") == 0 and input:nth (1):connect (arg[i] .. "_r") == 0, "no ports " .. arg[i])
  track:rec_enable_control ():set_value (1, PBD.GroupControlDisposition.NoGroup)
  ARDOUR.LuaAPI.usleep (100000)
end
session:maybe_enable_record (false)
ARDOUR.LuaAPI.usleep (300000)
session:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep (2500000)
session:request_stop (false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep (800000)
session:save_state ("")
session = nil
close_session ()
quit ()
"""


def ardour(script: str, room: Path, *ports: str) -> None:
    """Let Ardour run a script for a session in a folder."""
    file = room / "script.lua"
    file.write_text(script)
    command = ["ardour7-lua", str(file), str(room / "ardour"), *ports]
    done = subprocess.run(command, timeout=45, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LostError(f"Ardour ended with {done.returncode}:\n{done.stdout}{done.stderr}")


class LostError(Exception):
    """Ardour did not come to its end; says what it said."""


def record(room: Path, *ports: str) -> list[Samples]:
    """Record pairs of ports in Ardour; return the tracks [shape=(2, frames)]."""
    ardour(RECORD, room, *ports)
    tracks = []
    for i in range(1, len(ports) + 1):
        files = [next((room / "ardour").rglob(f"*track{i}*%{side}.wav"), None) for side in "LR"]
        sides = [soundfile.read(file, dtype="float32")[0] for file in files if file]
        if len(sides) < 2:
            raise LostError(f"Ardour recorded no track {i}")
        tracks.append(np.stack([side[: min(map(len, sides))] for side in sides]))
    return tracks


def session_in(room: Path, server: JackServer) -> tuple[list[Samples], Samples]:
    """Play a set through JACK while Ardour records drums, bass and the master; return the tracks and the set's drums."""
    folder = make_set(room, SECONDS, server.rate)
    pairs = ("master", "a.drums", "a.bass")
    ports = [f"remixture:{pair}" for pair in pairs]
    ardour(MAKE, room, *ports)
    with Player(Output("jack", server.rate, server.period, pairs), print) as player:
        player.load("a", folder)
        player.set("deck.a.bass.gain", -6.0)
        player.set("deck.a.loop", 2.0)
        player.set("deck.a.play", 1.0)
        until(lambda: player.status().decks["a"].running)
        master, drums, bass = record(room, *ports)
    song, _ = soundfile.read(folder / "stems" / "drums.flac", dtype="float32")
    return [drums, bass, master], song.T


@pytest.mark.slow
@pytest.mark.timeout(290)
def test_ardour_records_each_source_as_it_is(tmp_path: Path) -> None:
    need("ardour7-lua")
    for attempt in range(ATTEMPTS):
        room = tmp_path / str(attempt)
        room.mkdir()
        try:
            with jack_server(RATE, 1024) as server:
                (drums, bass, master), song = session_in(room, server)
            break
        except (LostError, subprocess.TimeoutExpired):
            if attempt == ATTEMPTS - 1:
                raise
    spans = _found_again(drums, song)
    # A period that came late on a busy machine is a gap; what lies between gaps is the source bit for bit.
    assert sum(last - first for first, last in spans) > RATE // 2
    # In these sets bass is the drums at another share; its fader stands at -6 dB.
    share = np.abs(bass).max() / np.abs(drums).max() * 0.2 / 0.5
    assert 20 * np.log10(share) == pytest.approx(-6.0, abs=0.02)
    assert np.abs(master).max() > 0.1


def _found_again(track: Samples, song: Samples) -> list[tuple[int, int]]:
    """Return the spans of the track that are the song bit for bit, wherever in it."""
    spans, at = [], int(np.flatnonzero(track[0])[0])
    size = 1 << (song.shape[1] + 4096).bit_length()
    spectrum = np.fft.rfft(song[0], size)
    while at + 4096 < track.shape[1]:
        needle = track[0, at : at + 4096].astype(np.float64)
        there = int(np.argmax(np.fft.irfft(spectrum * np.conj(np.fft.rfft(needle, size)))[: song.shape[1]]))
        n = min(song.shape[1] - there, track.shape[1] - at)
        wrong = np.flatnonzero((track[:, at : at + n] != song[:, there : there + n]).any(axis=0))
        same = int(wrong[0]) if wrong.size else n
        if same >= 4096:
            spans.append((at, at + same))
        at += max(same, 1024)
    return spans

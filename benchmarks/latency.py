"""From a controller's message to the level at the output, over JACK.

`python -m benchmarks.latency [seconds]` prints a Markdown table; `seconds` (default 60) are played for each size of a period.
A session plays as `remixture open` does, with its engine process, its controllers, its take, on a JACK server without a sound
card that runs in real time. In one more process is a JACK client that sends control changes and records the master, so that
both times are frames of one clock: from the frame of the message, always the first of a period, to the first sample that is
more than 0.1 % off the level before. The look-ahead of the limiter is in it; what a sound card adds on either side is not.

A hand moves for about a second, then rests as long; its first message finds an input that is looked at less often.
"To the ring" is the wall time from sending to the command being where the engine process takes it from.
"""

import gc
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sets import write_set
from bridge.midi.controllers import Controllers
from bridge.midi.ports import open_driver
from bridge.session.messages import Output
from bridge.session.player import Player
from engine.model.audio import Samples
from tests.bridge.session.rig import until
from tests.servers import JackServer, jack_server

RATE, PERIODS = 48_000, (128, 256, 512)
PROBE, PATH, HELD = "latency-probe", "deck.a.tone.gain", 0.1
VALUES = (127, 0, 64)
"""Sent in turn, so that a message changes the level also when the one before it was lost."""
NEAR = 0.001
"""Share of the level by which a sample must differ from it."""
MOVES, GAP_SECONDS, REST_SECONDS = 15, (0.06, 0.09), 1.2
"""Messages of one movement; the way from one to the next; what may follow a movement until the next begins."""
PRESET = f"""
schema = "remixture/midi/1"
name = "probe"
ports = ["{PROBE}"]

[[bind]]
control = "cc"
number = 1
channel = 1
path = "{PATH}"
takeover = "jump"
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the probe sent and recorded: frames and monotonic seconds of its messages; the master's left, NaN for none."""

    frames: list[int]
    seconds: list[float]
    samples: Samples
    xruns: int


@dataclass(frozen=True, slots=True)
class Delays:
    """Of each message heard: ms to the output, ms to the ring, whether it began a movement. `missing`: how many were not."""

    output: NDArray[np.float64]
    ring: NDArray[np.float64]
    first: NDArray[np.bool_]
    missing: int
    late: int
    xruns: int


def plan(seconds: float) -> list[float]:
    """Return the seconds before each message, from the last."""
    rng = np.random.default_rng(0)
    gaps: list[float] = []
    while sum(gaps) < seconds - 2.0:
        gaps += [REST_SECONDS + rng.uniform(*GAP_SECONDS), *rng.uniform(*GAP_SECONDS, MOVES - 1)]
    return gaps


class Probe:
    """A JACK client that sends a control change after each of some gaps (seconds), and records what reaches it."""

    def __init__(self, server: str, gaps: Sequence[float]) -> None:
        import jack

        self.client = jack.Client(PROBE, servername=server, no_start_server=True)
        self._sound, self._midi = self.client.inports.register("in_1"), self.client.midi_outports.register("MIDI 1")
        rate = self.client.samplerate
        self._samples = np.full(round((sum(gaps) + 2.0) * rate), np.nan, dtype=np.float32)
        self._due = np.cumsum(np.round(np.array(gaps) * rate)).astype(np.int64)
        self._frames: list[int] = []
        self._seconds: list[float] = []
        self._xruns, self._begin = 0, -1
        self._asked, self._done = threading.Event(), threading.Event()
        self.client.set_process_callback(self._process)
        self.client.set_xrun_callback(self._xrun)

    def run(self) -> Heard:
        """Begin, wait until all was sent, and return what was heard."""
        self._asked.set()
        self._done.wait(2.0 * self._samples.size / self.client.samplerate)
        return Heard(self._frames, self._seconds, self._samples, self._xruns)

    def _process(self, n: int) -> None:
        self._midi.clear_buffer()
        if not self._asked.is_set():
            return
        now = self.client.last_frame_time
        self._begin = now if self._begin < 0 else self._begin
        at, sent = now - self._begin, len(self._frames)
        if at + n > self._samples.size:
            self._done.set()
            return
        self._samples[at : at + n] = self._sound.get_array()
        if sent < self._due.size and at >= self._due[sent]:
            self._midi.write_midi_event(0, (0xB0, 1, VALUES[sent % len(VALUES)]))
            self._frames.append(at)
            self._seconds.append(time.monotonic())

    def _xrun(self, _microseconds: float) -> None:
        self._xruns += self._asked.is_set() and not self._done.is_set()


def probe(pipe: Connection, server: str, gaps: Sequence[float]) -> None:
    """Be the process of the probe: say that its ports are there, wait to be told to begin, send what was heard."""
    prober = Probe(server, gaps)
    gc.freeze()
    gc.disable()
    with prober.client:
        pipe.send(None)
        pipe.recv()
        pipe.send(prober.run())
        pipe.recv()


class Watched(Player):
    """A player that notes when a command was in the ring."""

    def __init__(self, output: Output, take: Path) -> None:
        super().__init__(output, lambda text: print(text, file=sys.stderr), take)
        self.noted: list[float] = []

    def set(self, path: str, value: float) -> None:
        """Set a parameter now."""
        super().set(path, value)
        if path == PATH:
            self.noted.append(time.monotonic())


def play(server: JackServer, room: Path, gaps: Sequence[float]) -> Delays:
    """Measure with one size of a period."""
    held = np.full((2, round((sum(gaps) + 30.0) * RATE)), HELD * 2, dtype=np.float32)
    folder = write_set(room, held, 120.0, {"stems": ("tone",)}, RATE)
    (room / "probe.toml").write_text(PRESET, encoding="utf-8")
    pipe, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=probe, args=(theirs, server.name, gaps), daemon=True)
    process.start()
    theirs.close()
    pipe.recv()
    output = Output("jack", RATE, server.period, ("master", "cue"), {"master": (f"{PROBE}:in_1",)})
    with Watched(output, room / "take.jsonl") as player:
        player.load("a", folder)
        player.set("deck.a.residual.mute", 1.0)
        player.set("deck.a.play", 1.0)
        with Controllers(player, lambda _text: None, driver=open_driver("jack"), folder=room) as controllers:
            player.listen(controllers.changed)
            until(lambda: player.status().decks["a"].running and controllers.names)
            time.sleep(1.0)
            late = player.status().late
            pipe.send(None)
            heard: Heard = pipe.recv()
            late = player.status().late - late
    pipe.send(None)
    process.join()
    return delays(heard, player.noted, late)


def delays(heard: Heard, noted: Sequence[float], late: int) -> Delays:
    """Find where the level changes after each message; periods that were silent because they were late are no change."""
    found, sounding = [], np.where(heard.samples == 0.0, np.nan, heard.samples)
    for start, end in zip(heard.frames, [*heard.frames[1:], sounding.size], strict=True):
        before = sounding[max(0, start - RATE) : start]
        level = before[~np.isnan(before)][-1]
        off = np.flatnonzero(np.abs(sounding[start:end] - level) > NEAR * abs(level))
        found.append(off[0] / RATE * 1e3 if off.size else np.nan)
    output = np.array(found)
    there = ~np.isnan(output)
    ring = np.full(output.size, np.nan)
    of = np.searchsorted(heard.seconds, noted) - 1
    ring[of] = (np.array(noted) - np.array(heard.seconds)[of]) * 1e3
    first = np.arange(output.size) % MOVES == 0
    return Delays(output[there], ring[there], first[there], int(np.sum(~there)), late, heard.xruns)


def print_rows(frames: int, got: Delays) -> None:
    """Print the rows of one size of a period: all messages, and those that began a movement."""
    target = 3 * frames / RATE * 1e3 + 3.0
    for name, which in (("all", np.ones(got.first.size, dtype=np.bool_)), ("first of a movement", got.first)):
        output, ring = ([f"{ms:.1f}" for ms in np.nanpercentile(x[which], [50, 99, 100])] for x in (got.output, got.ring))
        counts = f"{which.sum()} | {got.missing} | {got.late}; {got.xruns}"
        print(f"| {frames} | {name} | {' | '.join(output)} | {target:.1f} | {' | '.join(ring)} | {counts} |", flush=True)


def main(seconds: float) -> None:
    """Print the table."""
    print(f"JACK at {RATE} Hz, {seconds:g} s for each size; all times in ms\n")
    columns = "frames, messages, p50, p99, longest, target p99, to the ring p50, p99, longest, count, unheard, late; xruns"
    print(f"| {columns.replace(', ', ' | ')} |\n|" + "---|" * 12)
    for frames in PERIODS:
        with jack_server(RATE, frames) as server, tempfile.TemporaryDirectory() as room:
            print_rows(frames, play(server, Path(room), plan(seconds)))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)

"""A whole session against the clock: late blocks beside another program's work, the first sound, the memory.

`python -m benchmarks.session late [minutes] [song]`: four decks of five sources play over JACK at 256 frames, two of them
stretched, for so many minutes (default 10) while `remixture prepare` takes a song apart again and again beside them.

`python -m benchmarks.session open`: how long `remixture open SET` takes from the start of its process to the first sound that
reaches a JACK client, and how much memory one deck and four decks with songs of five minutes take.

All prints Markdown tables. JACK runs without a sound card, in real time; what a sound card would change is its scheduling.
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sets import LOOPS, STEMS, noisy_set
from bridge.session.memory import Block
from bridge.session.messages import Output
from bridge.session.player import Player
from bridge.session.timings import BINS, KINDS, PER_OCTAVE, SHORTEST, Timings
from engine.model.params import DECKS
from tests.bridge.session.rig import children, command, until
from tests.conftest import ROOT
from tests.servers import JackServer, jack_server

RATE, FRAMES = 44_100, 256
SONG = ROOT.parent / "shared" / "data" / "lmms" / "Saber-FinalStep" / "_mix.flac"
MINUTES = 10.0
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "p99.99": 0.9999, "longest": 1.0 - 1e-9}
AGAIN = 5
"""How often a start is measured once everything is compiled."""
SILENT = 1e-4
"""Level below which a sample is no sound."""
DECODED = 10.0
"""Seconds after which songs of a minute are in memory, and the engine in reserve has started."""
SETTLED = 12.0
"""Seconds after which the engine in reserve has started too."""


@contextlib.contextmanager
def program(arguments: Sequence[str], **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `remixture ARGUMENTS` as a person would, in a session of its own; nothing of it is left behind."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", *arguments], cwd=ROOT, env=environment | more, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def prepare_until(end: float, song: Path, room: Path) -> int:
    """Prepare a song again and again until a monotonic time; return how often that was done."""
    done = 0
    while time.monotonic() < end:
        arguments = ["prepare", str(song), "-o", str(room / f"beside-{done}")]
        with program(arguments) as process, contextlib.suppress(subprocess.TimeoutExpired):
            _, text = process.communicate(timeout=max(0.0, end - time.monotonic()))
            if process.returncode:
                raise SystemExit(f"prepare failed: {text.decode()}")
            done += 1
    return done


def put_on(player: Player, folders: Mapping[str, Path]) -> None:
    """Play a set on each deck, in loops, all after the first."""
    for deck, folder in folders.items():
        player.load(deck, folder)
        player.set(f"deck.{deck}.sync", float(deck != DECKS[0]))
        player.set(f"deck.{deck}.play", 1.0)
        player.set(f"deck.{deck}.loop", 16.0)
    until(lambda: all(player.status().decks[deck].running for deck in folders))


def late(minutes: float, song: Path) -> None:
    """Play beside `prepare`, and print how long blocks took."""
    with jack_server(RATE, FRAMES) as server, tempfile.TemporaryDirectory() as name:
        room = Path(name)
        one, other = (noisy_set(room, 60.0, bpm, {"stems": STEMS}) for bpm in (120.0, 125.0))
        output = Output(f"jack:{server.name}", RATE, FRAMES, ("master", "cue"))
        with Player(output, lambda text: print(text, file=sys.stderr), room / "take.jsonl") as player:
            put_on(player, dict(zip(DECKS, (one, one, other, other), strict=True)))
            time.sleep(DECODED)
            before, counted = player.status(), counts_of(player)
            done = prepare_until(time.monotonic() + 60.0 * minutes, song, room)
            after, counts = player.status(), counts_of(player) - counted
            print_late(counts, after.late - before.late)
            print(f"\n{song.name} was prepared {done} times; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def counts_of(player: Player) -> NDArray[np.int64]:
    """Return how many blocks took how long so far [shape=(KINDS, BINS)]."""
    return player._engines.link.timings._counts.copy()  # noqa: SLF001 - nobody else wants to know it of a while


def print_late(counts: NDArray[np.int64], silent: int) -> None:
    """Print what was late, and how long the blocks took, a twelfth of an octave exact."""
    period = FRAMES / RATE
    blocks = Block.new(Timings.size())
    blocks.array(counts.shape, np.int64)[:] = counts
    timings = Timings(blocks)
    print(f"{silent} periods were silent for want of a block, of {timings.blocks()}; one is {period * 1e3:.2f} ms\n")
    print(f"| ms | {' | '.join(SHARES)} | blocks over a period |\n|---|" + "---|" * (len(SHARES) + 1))
    names = {"render": "our own CPU in a render", "wall": "wall time of a render", "gap": "from block to block"}
    long = SHORTEST * 2.0 ** (np.arange(BINS) / PER_OCTAVE) >= period
    for row, kind in enumerate(KINDS):
        took = " | ".join(f"{1e3 * timings.seconds(kind, share):.2f}" for share in SHARES.values())
        print(f"| {names[kind]} | {took} | {counts[row, long].sum()} |")
    blocks.close()


class Ear:
    """A JACK client that notes when a sound first comes."""

    def __init__(self, server: JackServer) -> None:
        import jack

        self._client = jack.Client("ear", servername=server.name, no_start_server=True)
        self._port = self._client.inports.register("in_1")
        self._client.inports.register("in_2")
        self.heard = 0.0
        """Monotonic seconds; 0 before the first sound since it was last set to that."""
        self._client.set_process_callback(self._listen)
        self._client.activate()

    def _listen(self, _frames: int) -> None:
        if not self.heard and abs(self._port.get_array()).max() > SILENT:
            self.heard = time.monotonic()

    def close(self) -> None:
        """Leave the server."""
        self._client.deactivate()
        self._client.close()


@contextlib.contextmanager
def opened(server: JackServer, *sets: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `remixture open SETS` into the ear."""
    arguments = ["open", *map(str, sets), "--sink", f"jack:{server.name}", "--connect", "master=ear:in_1,ear:in_2"]
    with program([*arguments, "--frames", str(FRAMES), "--no-take", "--sync"], **more) as process:
        yield process


def first_sound(server: JackServer, ear: Ear, folder: Path, **more: str) -> float:
    """Return the seconds from the start of the process to the first sound."""
    ear.heard, begun = 0.0, time.monotonic()
    with opened(server, folder, **more) as process:
        until(lambda: ear.heard or process.poll() is not None, 120.0)
        if not ear.heard:
            raise SystemExit(f"nothing sounded: {process.communicate()[1].decode()}")
    return ear.heard - begun


def starts(room: Path, short: Path, long: Path) -> None:
    """Print how long it takes until something sounds."""
    fresh = {"PYTHONPYCACHEPREFIX": str(room / "bytecode"), "NUMBA_CACHE_DIR": str(room / "kernels")}
    print("| seconds to the first sound | device, Hz | first | second | then: median | longest |\n|---|---|---|---|---|---|")
    cases: tuple[tuple[str, Path, int, dict[str, str]], ...] = (
        ("1 minute, nothing compiled before", short, RATE, fresh),
        ("1 minute", short, RATE, {}),
        ("5 minutes", long, RATE, {}),
        ("5 minutes, resampled", long, 48_000, {}),
    )
    for name, folder, rate, more in cases:
        with jack_server(rate, FRAMES) as server, contextlib.closing(Ear(server)) as ear:
            took = [first_sound(server, ear, folder, **more) for _ in range(2 + AGAIN)]
        first, second, *then = took
        rest = f"{statistics.median(then):.2f} | {max(then):.2f}"
        print(f"| {name} | {rate} | {first:.2f} | {second:.2f} | {rest} |", flush=True)


def held(pid: int) -> dict[str, float]:
    """Return what a process holds in MB, as Linux counts it: all, what it shares, and its proportional share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kilobytes = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}
    shared = kilobytes["Shared_Clean"] + kilobytes["Shared_Dirty"]
    return {name: kb / 1024 for name, kb in (("rss", kilobytes["Rss"]), ("shared", shared), ("pss", kilobytes["Pss"]))}


def memory(folder: Path) -> None:
    """Print what the processes of a session hold once all is decoded."""
    print("\n| decks | process | RSS, MB | of it shared | PSS, MB |\n|---|---|---|---|---|")
    for decks in (1, len(DECKS)):
        with (
            jack_server(RATE, FRAMES) as server,
            contextlib.closing(Ear(server)) as ear,
            opened(server, *[folder] * decks) as process,
        ):
            until(lambda: ear.heard, 60.0)
            _settle(process.pid)
            print_memory(decks, process.pid)


def _settle(pid: int) -> None:
    """Wait until a process holds no more than some seconds ago, and its helpers are there."""
    time.sleep(SETTLED)
    before, now = 0.0, held(pid)["rss"]
    while now - before > 1.0:
        time.sleep(3.0)
        before, now = now, held(pid)["rss"]


def print_memory(decks: int, pid: int) -> None:
    """Print a row for each process of a session, and one for all."""
    engines = sorted(child for child in children(pid) if "spawn_main" in command(child))
    others = [child for child in children(pid) if child not in engines]
    names = ["player", "engine", *["engine in reserve"] * (len(engines) - 1), *["helper"] * len(others)]
    total = 0.0
    for name, process in zip(names, [pid, *engines, *others], strict=True):
        now = held(process)
        total += now["pss"]
        print(f"| {decks} | {name} | {now['rss']:.0f} | {now['shared']:.0f} | {now['pss']:.0f} |")
    print(f"| {decks} | all | | | {total:.0f} |", flush=True)


def open_() -> None:
    """Make two sets and print the tables of starts and of memory."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        parts = {"stems": STEMS, "loops": LOOPS}
        short, long = (noisy_set(room, seconds, 120.0, parts) for seconds in (60.0, 300.0))
        print(f"stems and loops of {len(STEMS) + 1} stereo sources each, {FRAMES} frames, JACK\n")
        starts(room, short, long)
        memory(long)


def main(words: Sequence[str]) -> None:
    """Do what the command line says."""
    if words[:1] == ["late"]:
        late(float(words[1]) if len(words) > 1 else MINUTES, Path(words[2]) if len(words) > 2 else SONG)
    elif list(words) == ["open"]:
        open_()
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])

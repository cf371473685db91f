"""What the page costs, and how soon a fader moved on it is heard.

`python -m benchmarks.page [moves]` prints Markdown tables. Four decks of five sources play over a JACK server without a sound
card, in periods of 256 frames at 48 kHz, and the page is opened in a real browser (chromium, headless) on the same machine.

- The cost is the CPU time of the player's process, of which the page's server is a part, without and with a browser that shows
  all meters; the engine's is given beside it. The browser's own is not in it.
- A move is a key press on a fader, noted by the page's clock as it comes; heard is the frame at which the mixer began to
  follow, from the take; what the sink adds on top is not in it. Frames are laid on the machine's clock by readings taken all
  along, every 20 ms.
- Late blocks are counted over ten openings of the page, and over ten seconds before, with no browser; and over ten openings in
  a browser that gives way to everything else (nice 19), as one on another machine would.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.sets import LOOPS, STEMS, noisy_set
from bridge.session.bounces import Bounces
from bridge.session.collection import Collection
from bridge.session.lines import Lines
from bridge.session.messages import Output
from bridge.session.player import Player
from bridge.web.room import Room
from bridge.web.server import PageServer
from engine.model.params import DECKS
from engine.store.take import read_take
from tests.servers import jack_server

RATE, SECONDS, CHROMIUM, TAKE = 48_000, 10.0, "/usr/bin/chromium", "take.jsonl"
FADER = "deck.a.drums.gain"
PRESS = """async ([path, moves]) => {
  const fader = document.querySelector(`rx-tile[deck="a"][source="drums"] [role=slider]`);
  const sent = [];
  fader.focus();
  for (let k = 0; k < moves; k++) {
    const event = new KeyboardEvent("keydown", { key: Math.floor(k / 20) % 2 ? "ArrowDown" : "ArrowUp", bubbles: true });
    sent.push(performance.timeOrigin + performance.now());
    fader.dispatchEvent(event);
    await new Promise((go) => setTimeout(go, 60 + 40 * Math.random()));
  }
  return sent;
}"""


@contextmanager
def session(room: Path) -> Iterator[tuple[Room, PageServer]]:
    """Play four decks with the page."""
    said: list[str] = []
    folders = [noisy_set(room, 240 + k, 120.0, {"stems": STEMS, "loops": LOOPS}, RATE) for k in range(4)]
    with (
        jack_server(RATE, 256) as jack,
        Player(Output(f"jack:{jack.name}", RATE, 256, ("master",)), said.append, room / TAKE) as player,
    ):
        collection = Collection(player, room, said.append)
        for deck, folder in zip(DECKS, folders, strict=True):
            collection.put_on(deck, collection.add(folder))
            player.set(f"deck.{deck}.play", 1.0)
        place = Room(player, Lines(player), collection, Bounces(player, room, said.append), room)
        server = PageServer(place)
        server.start()
        server.wait()
        for deck in DECKS:
            player.shelf(deck).whole.wait()
        # What was started with it has settled then.
        time.sleep(15.0)
        try:
            yield place, server
        finally:
            server.close()
            collection.close()
            place.bounces.close()


def busy(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(pids: list[int]) -> list[float]:
    """Return which share of a core processes take, over some seconds."""
    before = [busy(pid) for pid in pids]
    time.sleep(SECONDS)
    return [(busy(pid) - old) / SECONDS for pid, old in zip(pids, before, strict=True)]


class Clocks:
    """Readings of the mixer's frame and of the monotonic clock, all along; frames -> seconds of the epoch."""

    def __init__(self, player: Player) -> None:
        self._player, self._ends = player, threading.Event()
        self._frames, self._stamps = list[int](), list[float]()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._ends.wait(0.01):
            status = self._player.status()
            if not self._frames or status.frame > self._frames[-1]:
                self._frames.append(status.frame)
                self._stamps.append(status.stamp)

    def seconds(self, frames: list[int]) -> NDArray[np.float64]:
        """Read no more, and return when frames were rendered."""
        self._ends.set()
        self._thread.join()
        stamps: NDArray[np.float64] = np.interp(frames, self._frames, self._stamps)
        stamps += time.time() - time.monotonic()
        return stamps


def delays(room: Room, page: Any, moves: int) -> NDArray[np.float64]:  # noqa: ANN401 - playwright's
    """Move a fader, and return how much later the mixer followed, in ms."""
    clocks = Clocks(room.player)
    time.sleep(1.0)
    sent: list[float] = page.evaluate(PRESS, [FADER, moves])
    time.sleep(1.0)
    followed = [command.at for command in read_take(room.output / TAKE).commands if command.path == FADER]
    if len(followed) != len(sent):
        sys.exit(f"{len(sent)} moves, but {len(followed)} were followed")
    return 1e3 * clocks.seconds(followed) - np.asarray(sent, dtype=np.float64)


def openings(room: Room, server: PageServer, browser: Any) -> tuple[int, list[float]]:  # noqa: ANN401 - playwright's
    """Open the page ten times; return how many blocks were late meanwhile, and how long each took, in seconds."""
    late, opened = room.player.status().late, []
    for _ in range(10):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        begun = time.monotonic()
        page.goto(server.url)
        page.wait_for_selector("rx-tile")
        opened.append(time.monotonic() - begun)
        page.close()
    return room.player.status().late - late, opened


def giving_way(folder: Path) -> str:
    """Write a program that starts the browser at the lowest priority."""
    program = folder / "modest-browser"
    program.write_text(f'#!/bin/sh\nexec nice -n 19 {CHROMIUM} "$@"\n', encoding="ascii")
    program.chmod(0o700)
    return str(program)


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    moves = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name, session(Path(name)) as (room, server), sync_playwright() as play:
        pids = [os.getpid(), room.player.pid]
        quiet = -room.player.status().late
        alone = share(pids)
        quiet += room.player.status().late
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        late, opened = openings(room, server, browser)
        modest = play.chromium.launch(executable_path=giving_way(Path(name)), args=["--no-sandbox"])
        late_modest, _ = openings(room, server, modest)
        modest.close()
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(server.url)
        page.wait_for_selector("rx-tile")
        time.sleep(3.0)
        shown = share(pids)
        took = delays(room, page, moves)
        browser.close()
    print("| share of a core | no browser | the page is shown |\n|---|---|---|")
    for who, old, new in zip(("player and page", "engine"), alone, shown, strict=True):
        print(f"| {who} | {old:.1%} | {new:.1%} |")
    p50, p99 = np.percentile(took, [50, 99])
    print(f"\nfader to mixer: p50 {p50:.1f}, p99 {p99:.1f}, longest {max(took):.1f} ms, {len(took)} moves")
    print(f"the page opened ten times: {np.median(opened):.2f} s each, {late} late blocks; {quiet} in {SECONDS:g} s before")
    print(f"in a browser that gives way: {late_modest} late blocks")


if __name__ == "__main__":
    main()

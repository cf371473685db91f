"""What the page costs, and how soon a fader moved on it is heard.

`python -m benchmarks.page [moves]` prints Markdown tables. Four decks of five sources play to a sink that only keeps the time,
and the page is opened in a real browser (chromium, headless) on the same machine.

- The cost is the CPU time of the player's process, of which the page's server is a part, without and with a browser that shows
  all meters; the engine's is given beside it. The browser's own is not in it.
- A move is a key press on a fader, noted by the page's clock as it comes; heard is the frame at which the mixer began to
  follow, from the take, on the same machine's clock: what the sink adds on top is not in it. Both clocks are laid on each other
  by readings taken before and after.
- Late blocks are counted over ten openings of the page.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

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

SECONDS, CHROMIUM, TAKE = 10.0, "/usr/bin/chromium", "take.jsonl"
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
    folders = [noisy_set(room, 120 + k, 120.0, {"stems": STEMS, "loops": LOOPS}) for k in range(4)]
    with Player(Output("null", 44_100, 256), said.append, room / TAKE) as player:
        collection = Collection(player, room, said.append)
        for deck, folder in zip(DECKS, folders, strict=True):
            collection.put_on(deck, collection.add(folder))
            player.set(f"deck.{deck}.play", 1.0)
        place = Room(player, Lines(player), collection, Bounces(player, room, said.append), room)
        server = PageServer(place)
        server.start()
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
    """Readings of the mixer's frame and the monotonic clock; seconds of the epoch -> frames."""

    def __init__(self, player: Player) -> None:
        self._player, self._frames, self._stamps = player, list[float](), list[float]()

    def read(self, seconds: float) -> None:
        """Take readings for some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self._player.status()
            self._frames.append(status.frame)
            self._stamps.append(status.stamp)
            time.sleep(0.05)

    def seconds(self, frames: list[int]) -> list[float]:
        """Return when frames were rendered, in seconds of the epoch."""
        slope, zero = np.polyfit(self._frames, self._stamps, 1)
        return [float(frame * slope + zero + time.time() - time.monotonic()) for frame in frames]


def delays(room: Room, page: Any, moves: int) -> list[float]:  # noqa: ANN401 - playwright's
    """Move a fader, and return how much later the mixer followed, in ms."""
    clocks = Clocks(room.player)
    clocks.read(2.0)
    sent = page.evaluate(PRESS, [FADER, moves])
    clocks.read(2.0)
    followed = [command.at for command in read_take(room.output / TAKE).commands if command.path == FADER]
    if len(followed) != len(sent):
        sys.exit(f"{len(sent)} moves, but {len(followed)} were followed")
    return [1e3 * then - ms for ms, then in zip(sent, clocks.seconds(followed), strict=True)]


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    moves = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name, session(Path(name)) as (room, server), sync_playwright() as play:
        pids = [os.getpid(), room.player.pid]
        alone = share(pids)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        late = room.player.status().late
        opened = []
        for _ in range(10):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            begun = time.monotonic()
            page.goto(server.url)
            page.wait_for_selector("rx-tile")
            opened.append(time.monotonic() - begun)
            page.close()
        late = room.player.status().late - late
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(server.url)
        page.wait_for_selector("rx-tile")
        time.sleep(3.0)
        shown = share(pids)
        took = delays(room, page, moves)
        browser.close()
    print("| share of a core | no browser | the page is shown |\n|---|---|---|")
    for who, before, after in zip(("player and page", "engine"), alone, shown, strict=True):
        print(f"| {who} | {before:.1%} | {after:.1%} |")
    p50, p99 = np.percentile(took, [50, 99])
    print(f"\nfader to mixer: p50 {p50:.1f}, p99 {p99:.1f}, longest {max(took):.1f} ms, {len(took)} moves")
    print(f"the page opened ten times: {np.median(opened):.2f} s each, {late} late blocks")


if __name__ == "__main__":
    main()

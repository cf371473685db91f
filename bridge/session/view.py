"""What plays, in words and rows for people."""

import math

from bridge.session.player import Player
from engine.model.params import DECKS

Rows = list[tuple[str, ...]]
NUMBERS = (3, 4, 5)
"""Columns of the rows that lean to the right."""


def status_line(player: Player) -> str:
    """Return where things are, in one line."""
    status = player.status()
    decks = "  ".join(f"{name} {place(player, name)}" for name in DECKS if player.sources(name))
    late = f"  late {status.late}" if status.late else ""
    standing = "  the sink is gone" if status.standing else ""
    return f"{decks or 'nothing is on'}  {status.bpm:.1f} bpm  peak {status.peak_dbfs:.0f} dBFS{late}{standing}"


def place(player: Player, deck: str) -> str:
    """Return where a deck is as people count, bar.beat from 1, and `>` if it runs."""
    now = player.status().decks[deck]
    bar, beat = divmod(math.floor(now.beat), player.song(deck).beats_per_bar)
    return f"{'>' if now.running else '='}{bar + 1}.{beat + 1}"


def status_rows(player: Player) -> Rows:
    """Return what is on the decks and the levels of their sources; the first row is the head."""
    status = player.status()
    rows: Rows = [("deck", "song", "place", "bpm", "gain", "peak dBFS", "sources in dB")]
    for deck in DECKS:
        if not player.sources(deck):
            continue
        now = status.decks[deck]
        levels = ", ".join(_level(player, f"deck.{deck}.{source}", source) for source in player.sources(deck))
        gain = f"{player.value(f'deck.{deck}.gain'):+.1f}"
        rows.append(
            (deck, player.song(deck).title, place(player, deck), f"{now.bpm:.2f}", gain, f"{now.peak_dbfs:.1f}", levels)
        )
    return rows


def status_lines(player: Player) -> list[str]:
    """Return what the clock, the master and the sink do."""
    status = player.status()
    beat, bpm, _ = player.beat()
    late = f"late {status.late}, lost {status.lost}"
    render = ", ".join(f"{1e3 * player.timings('render', share):.2f} ms" for share in (0.5, 0.999))
    period = 1e3 * player.frames / player.rate
    return [
        f"clock {beat:.2f} beats, {bpm:.2f} bpm; master {status.peak_dbfs:.1f} dBFS, {status.momentary_lufs:.1f} LUFS",
        f"{player.rate} Hz, {player.frames} frames ({period:.2f} ms); rendering p50, p99.9: {render}; {late}",
    ]


def _level(player: Player, path: str, name: str) -> str:
    if player.value(f"{path}.mute"):
        return f"{name} mute"
    return f"{name} {player.value(f'{path}.gain'):+.1f}" + (" solo" if player.value(f"{path}.solo") else "")

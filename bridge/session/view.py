"""What plays, in words and rows for people."""

import math

from bridge.session.messages import Layer
from bridge.session.player import Player
from engine.dsp.levels import SILENCE_DB
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
    return f"{decks or 'nothing is on'}  {status.bpm:.1f} bpm  peak {level(status.peak_dbfs, 0)} dBFS{late}{standing}"


def place(player: Player, deck: str) -> str:
    """Return where a deck is as people count, bar.beat from 1, and `>` if it runs."""
    now = player.status().decks[deck]
    bar, beat = divmod(math.floor(now.beat), player.song(deck).beats_per_bar)
    return f"{'>' if now.running else '='}{bar + 1}.{beat + 1}"


def status_rows(player: Player) -> Rows:
    """Return what is on the decks, which parts of it play, and the levels of these; the first row is the head."""
    status = player.status()
    rows: Rows = [("deck", "song", "place", "bpm", "gain", "peak dBFS", "parts", "sources in dB")]
    for deck in DECKS:
        if not player.sources(deck):
            continue
        now = status.decks[deck]
        layer = playing(player, deck)
        levels = ", ".join(_gain(player, f"deck.{deck}.{source}", source) for source in layer.ids)
        gain = f"{player.value(f'deck.{deck}.gain'):+.1f}"
        peak = level(now.peak_dbfs)
        row = (deck, player.song(deck).title, place(player, deck), f"{now.bpm:.2f}", gain, peak, layer.name, levels)
        rows.append(row)
    return rows


def playing(player: Player, deck: str) -> Layer:
    """Return the decomposition of a deck's song that plays."""
    layers = player.song(deck).layers
    return layers[min(round(player.value(f"deck.{deck}.parts")), len(layers) - 1)]


def level(db: float, digits: int = 1) -> str:
    """Return a level as people write it, silence as -inf."""
    return "-inf" if round(db) <= SILENCE_DB else f"{db:.{digits}f}"


def status_lines(player: Player) -> list[str]:
    """Return what the clock, the master and the sink do."""
    status = player.status()
    beat, bpm, _ = player.beat()
    late = f"late {status.late}, lost {status.lost}"
    render = ", ".join(f"{1e3 * player.timings('render', share):.2f} ms" for share in (0.5, 0.999))
    period = 1e3 * player.frames / player.rate
    master = f"master {level(status.peak_dbfs)} dBFS, {level(status.momentary_lufs)} LUFS"
    return [
        f"clock {beat:.2f} beats, {bpm:.2f} bpm; {master}",
        f"{player.rate} Hz, {player.frames} frames ({period:.2f} ms); rendering p50, p99.9: {render}; {late}",
    ]


def _gain(player: Player, path: str, name: str) -> str:
    if player.value(f"{path}.mute"):
        return f"{name} mute"
    return f"{name} {player.value(f'{path}.gain'):+.1f}" + (" solo" if player.value(f"{path}.solo") else "")

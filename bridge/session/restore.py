"""What to send to an engine that was started again, so that it goes on where the one before died."""

from collections.abc import Iterator, Mapping

from bridge.session.status import DeckStatus

ONCE = frozenset({"seek", "jump", "cue", "beat", "cell"})
"""What happens once, and would be wrong a second time."""
LAST = ("loop", "clip", "play")
"""What comes after the position, in this order."""


def master_values(values: Mapping[str, float], beat: float) -> Iterator[tuple[str, float]]:
    """Yield the values of the master, its clock at `beat`."""
    for path, value in values.items():
        if path.startswith("master.") and _name(path) not in ONCE:
            yield path, value
    yield "master.beat", max(0.0, beat)


def deck_values(
    values: Mapping[str, float], cells: Mapping[str, Mapping[int, bool]], deck: str, was: DeckStatus, beat: float
) -> Iterator[tuple[str, float]]:
    """Yield the values of a deck and its sources, its song at `beat`, its loop where it was; `cells` as in `Known.cells`."""
    for source, bars in cells.items():
        yield from ((f"deck.{deck}.{source}.cell", float(bar if on else -bar)) for bar, on in bars.items())
    mine = {path: value for path, value in values.items() if path.startswith(f"deck.{deck}.") and _name(path) not in ONCE}
    yield from ((path, value) for path, value in mine.items() if _name(path) not in LAST)
    if was.loop_bars > 0.0:
        yield f"deck.{deck}.seek", was.loop_beat
        yield f"deck.{deck}.loop", was.loop_bars
    yield f"deck.{deck}.seek", beat
    yield from ((path, value) for path, value in mine.items() if _name(path) == "clip" and value > 0.0)
    yield f"deck.{deck}.play", float(was.running)


def _name(path: str) -> str:
    return path.rpartition(".")[2]

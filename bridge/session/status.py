"""What is so now, as one frozen value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bridge.session.boards import END, FRAME, HEADS, LATE, LOST, STAMP, STANDING
from engine.model.params import DECKS

MASTER = ("beat", "bpm", "peak_dbfs", "rms_dbfs", "momentary_lufs", "reduction_db", "true_peak_dbtp", "limiting_db")


@dataclass(frozen=True, slots=True)
class DeckStatus:
    """A deck: the beat of its song (0 is the first downbeat), the tempo that is heard, levels since the last reading.

    `sources_dbfs` are the peaks of the sources, in order, as they are heard in the deck: before isolator and fader. Only
    the first ones have a meter, see `engine.mix.meters`.
    """

    loaded: bool = False
    running: bool = False
    beat: float = 0.0
    bpm: float = 0.0
    loop_bars: float = 0.0
    loop_beat: float = 0.0
    peak_dbfs: float = -200.0
    rms_dbfs: float = -200.0
    sources_dbfs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A session: the mixer's frame, and when that was (`time.monotonic`); its clock, its levels, its decks.

    `end` is the frame at which the last fade out began, 0 before that; `late` is what came too late, as the sink counts it;
    `standing` is whether the sink is gone; `lost` counts what took effect but is missing in the take. `reduction_db` is the
    most that the limiter ever took away, `limiting_db` since the last reading.
    """

    frame: int = 0
    stamp: float = 0.0
    end: int = 0
    late: int = 0
    standing: bool = False
    lost: int = 0
    beat: float = 0.0
    bpm: float = 120.0
    peak_dbfs: float = -200.0
    rms_dbfs: float = -200.0
    momentary_lufs: float = -200.0
    reduction_db: float = 0.0
    true_peak_dbtp: float = -200.0
    limiting_db: float = 0.0
    decks: Mapping[str, DeckStatus] = field(default_factory=lambda: dict.fromkeys(DECKS, DeckStatus()))


def status_of(numbers: NDArray[np.float64], fields: Sequence[str]) -> Status:
    """Return what an engine's table says, whose numbers after the head are called `fields`."""
    if not numbers.size or not fields:
        return Status()
    head, meters = numbers[:HEADS], dict(zip(fields, numbers[HEADS:].tolist(), strict=True))
    levels = {name: meters[f"master.{name}"] for name in MASTER}
    return Status(
        int(head[FRAME]), float(head[STAMP]), int(head[END]), int(head[LATE]), bool(head[STANDING]), int(head[LOST]), **levels,
        decks={deck: _deck(meters, f"deck.{deck}") for deck in DECKS},
    )  # fmt: skip


def _deck(meters: Mapping[str, float], at: str) -> DeckStatus:
    names = ("beat", "bpm", "loop_bars", "loop_beat", "peak_dbfs", "rms_dbfs")
    rows = (f"{at}.source.{k}" for k in range(int(meters[f"{at}.sources"])))
    sources = tuple(meters[row] for row in rows if row in meters)
    loaded, running = bool(meters[f"{at}.loaded"]), bool(meters[f"{at}.running"])
    return DeckStatus(loaded, running, sources_dbfs=sources, **{name: meters[f"{at}.{name}"] for name in names})

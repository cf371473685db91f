"""Everything that can be set while playing: one table of paths, ranges, units and curves.

A path names a place, `deck.a.drums.gain`; a pattern names all places of a kind, `deck.{deck}.{source}.gain`. MIDI maps,
scenes, the page and a recorded take speak paths; nothing else knows a range. (The idea is norns' controlspec.)
"""

import math
from dataclasses import dataclass
from typing import Literal

from engine.model.errors import RemixtureError

DECKS = ("a", "b", "c", "d")
"""The names of the decks."""

Curve = Literal["linear", "log", "switch", "steps"]
"""How a control's way [0, 1] becomes a value: evenly, by equal ratios, off below the middle and on above, or whole numbers."""


@dataclass(frozen=True, slots=True)
class Param:
    """What one kind of value may be.

    `pattern` is the path with `{deck}` and `{source}` for what varies; `low`, `high` and `default` are in `unit`; `text` is
    one sentence for people.
    """

    pattern: str
    low: float
    high: float
    default: float
    unit: str
    curve: Curve
    text: str

    def map(self, share: float) -> float:
        """Return the value at a control's way in [0, 1]; inverse of `unmap`."""
        share = min(max(share, 0.0), 1.0)
        if self.curve == "switch":
            return float(share >= 0.5)
        if self.curve == "log":
            return self.clamp(self.low * (self.high / self.low) ** share)
        value = self.low + share * (self.high - self.low)
        return float(round(value)) if self.curve == "steps" else value

    def unmap(self, value: float) -> float:
        """Return the way of a control in [0, 1] at which it stands for a value."""
        value = self.clamp(value)
        if self.curve == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def clamp(self, value: float) -> float:
        """Return the nearest value within the range: for controllers, which cannot be told off."""
        return min(max(value, self.low), self.high)

    def check(self, value: float, path: str = "") -> float:
        """Return the value as it is, for what a person typed.

        Raises
        ------
        RemixtureError
            If it is outside the range, not a number, neither 0 nor 1 for a switch, or not whole for steps. Names `path`, or
            else the pattern.
        """
        name = path or self.pattern
        if self.curve == "switch" and value not in (0.0, 1.0):
            raise RemixtureError(f"{name} is a switch: 0 or 1, got {value:g}")
        if self.curve == "steps" and value != round(value, 0):
            raise RemixtureError(f"{name} takes whole numbers from {self.low:g} to {self.high:g}, got {value:g}")
        if not self.low <= value <= self.high:
            unit = f" {self.unit}"
            raise RemixtureError(f"{name} must be within {self.low:g} to {self.high:g}{unit}, got {value:g}{unit}")
        return float(value)


PARAMS = (
    Param("master.gain", -24.0, 24.0, 0.0, "dB", "linear", "Level of everything, before the limiter."),
    Param("master.ceiling", -20.0, 12.0, -1.0, "dBTP", "linear", "True peak that the limiter lets pass."),
    Param("master.limiter", 0.0, 1.0, 1.0, "on/off", "switch", "Whether true peaks are held under the ceiling."),
    Param("master.tempo", 20.0, 400.0, 120.0, "bpm", "log", "Tempo of the clock while no deck leads it."),
    Param("master.clock", 0.0, 4.0, 1.0, "0 own, 1 to 4 deck a to d", "steps", "Who leads the clock that synced decks follow."),
    Param("master.beat", 0.0, 1e6, 0.0, "beats", "linear", "Puts the clock onto a beat, when no deck leads it."),
    Param(
        "master.quantize",
        0.0,
        3.0,
        2.0,
        "0 off, 1 beat, 2 bar, 3 period",
        "steps",
        "When a clip starts, stops or starts again.",
    ),
    Param(
        "master.crossfader", -1.0, 1.0, 0.0, "left to right", "linear", "Fades between decks on the left and on the right side."
    ),
    Param("master.curve", 0.0, 2.0, 0.0, "0 power, 1 linear, 2 cut", "steps", "How the crossfader fades."),
    Param("master.cue_mix", 0.0, 1.0, 0.0, "cue to master", "linear", "How much of the master is in the headphones."),
    Param("master.cue_gain", -24.0, 12.0, 0.0, "dB", "linear", "Level of the headphones."),
    Param("master.record", 0.0, 1.0, 0.0, "on/off", "switch", "Marks what is recorded: a part of the take."),
    Param("deck.{deck}.gain", -12.0, 12.0, 0.0, "dB", "linear", "Level of a whole deck."),
    Param("deck.{deck}.tempo", 0.25, 4.0, 1.0, "x the song's tempo", "log", "Speed of a deck."),
    Param("deck.{deck}.pitch", -12.0, 12.0, 0.0, "semitones", "linear", "Pitch of a deck at unchanged speed."),
    Param("deck.{deck}.play", 0.0, 1.0, 1.0, "on/off", "switch", "Whether a deck runs; it goes on where it stood."),
    Param("deck.{deck}.sync", 0.0, 1.0, 0.0, "on/off", "switch", "Follows the clock in tempo and phase."),
    Param("deck.{deck}.keylock", 0.0, 1.0, 1.0, "on/off", "switch", "Whether the pitch stays when the tempo moves."),
    Param("deck.{deck}.parts", 0.0, 1.0, 0.0, "0 first, 1 second", "steps", "Which decomposition plays, stems or loops."),
    Param("deck.{deck}.eq_low", -40.0, 12.0, 0.0, "dB", "linear", "Level under 250 Hz; killed at the lowest."),
    Param("deck.{deck}.eq_mid", -40.0, 12.0, 0.0, "dB", "linear", "Level from 250 Hz to 2.5 kHz; killed at the lowest."),
    Param("deck.{deck}.eq_high", -40.0, 12.0, 0.0, "dB", "linear", "Level over 2.5 kHz; killed at the lowest."),
    Param("deck.{deck}.filter", -1.0, 1.0, 0.0, "low-pass to high-pass", "linear", "One-knob filter; off in the middle."),
    Param(
        "deck.{deck}.side", -1.0, 1.0, 0.0, "-1 left, 0 through, 1 right", "steps", "Which side of the crossfader a deck is on."
    ),
    Param("deck.{deck}.pfl", 0.0, 1.0, 0.0, "on/off", "switch", "Whether the deck is in the headphones, before its level."),
    Param("deck.{deck}.song", 0.0, 1.0, 1.0, "on/off", "switch", "Whether sources without a clip play the song."),
    Param("deck.{deck}.seek", -64.0, 1e6, 0.0, "beats", "linear", "Goes to a beat; 0 is the first downbeat."),
    Param("deck.{deck}.jump", -1024.0, 1024.0, 0.0, "beats", "linear", "Goes on by so many beats, in phase."),
    Param("deck.{deck}.loop", 0.0, 64.0, 0.0, "bars", "linear", "Repeats so many bars from the beat that plays; 0 goes on."),
    Param("deck.{deck}.slip", 0.0, 1.0, 0.0, "on/off", "switch", "The song runs on under loops and jumps; off returns to it."),
    Param(
        "deck.{deck}.cue", 0.0, 1.0, 0.0, "on/off", "switch", "On, playing: back to the cue point and stop; standing: set it."
    ),
    Param("deck.{deck}.{source}.gain", -12.0, 12.0, 0.0, "dB", "linear", "Level of one source."),
    Param("deck.{deck}.{source}.mute", 0.0, 1.0, 0.0, "on/off", "switch", "Silences one source; wins over solo."),
    Param("deck.{deck}.{source}.solo", 0.0, 1.0, 0.0, "on/off", "switch", "Only soloed sources of this deck sound."),
    Param(
        "deck.{deck}.{source}.clip", 0.0, 1.0, 0.0, "on/off", "switch", "On starts or restarts the source's clip, off stops it."
    ),
    Param(
        "deck.{deck}.{source}.clip_bar", 1.0, 1e4, 1.0, "bar", "steps", "Where the clip begins in the song; 1 is the first bar."
    ),
    Param("deck.{deck}.{source}.clip_bars", 0.25, 64.0, 4.0, "bars", "log", "How long the clip is."),
    Param(
        "deck.{deck}.{source}.cell",
        -10000.0,
        10000.0,
        0.0,
        "bar",
        "steps",
        "Switches the source on in that bar of the song, off with minus; 0 leaves all bars as the song has them.",
    ),
)
"""All of them. Order is the order of the slots in the mixer."""

_BY_PATTERN = {param.pattern: param for param in PARAMS}

MASTER = tuple(param for param in PARAMS if param.pattern.startswith("master."))
DECK = tuple(param for param in PARAMS if "{deck}" in param.pattern and "{source}" not in param.pattern)
SOURCE = tuple(param for param in PARAMS if "{source}" in param.pattern)


def find(path: str) -> Param:
    """Return the parameter that a path is a case of; whether that deck and source exist is not asked.

    Raises
    ------
    RemixtureError
        If there is none; lists the patterns.
    """
    words = path.split(".")
    if words[0] == "deck" and len(words) in (3, 4):
        words[1:-1] = ["{deck}", "{source}"][: len(words) - 2]
    param = _BY_PATTERN.get(".".join(words))
    if param is None:
        raise RemixtureError(f"there is no parameter {path!r}; there are {', '.join(_BY_PATTERN)}")
    return param

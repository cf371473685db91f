"""What a person types -> what the player does.

```
a.drums +6              level of a source in dB; `a -3` is the deck's
a.drums mute            on, and off again; also solo, clip (`a.drums clip off` stops it)
a play    a stop        a cue    a seek 32    a loop 4    a loop off    a jump -8    a sync    a parts loops
a eq_low -40            every parameter of the table by its name; a full path such as deck.a.eq_low does as well
sync b    tempo 124     follow the leader; the tempo of the deck that leads, or of the clock
xf -1     quantize 1    the crossfader; when clips start
scene NAME              on the next bar; `scene save NAME` keeps what is so now, `scene` lists them
load b SET    b eject   another song
fx a.drums echo-out     effects behind a source, a deck or the master; `fx a.drums off`; then a.drums.fx.1.mix 0.5
learn a.drums.gain      binds what is moved next on a MIDI controller; `learn` alone gives up
status    wait 2.5      what plays; wait so many seconds before the next line
quit
```

Bars count from 1. `@bar` or `@beat` at the end of a line has it wait for the next one.
"""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from bridge.session.messages import Parcel
from engine.model.command import NEXT_BAR, NEXT_BEAT
from engine.model.errors import RemixtureError
from engine.model.params import DECK, DECKS, MASTER, SOURCE, Param
from engine.model.scene import expand

WHEN = {"@bar": NEXT_BAR, "@beat": NEXT_BEAT}
SWITCH = {"on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}
SHORT = {"xf": "master.crossfader", "volume": "master.gain", "quantize": "master.quantize"}
ONCE = frozenset({"seek", "jump", "cue", "clip", "beat", "loop", "play"})
"""What a scene that is saved does not hold."""

_NAMES = [frozenset(param.pattern.rpartition(".")[2] for param in table) for table in (MASTER, DECK, SOURCE)]


class Hands(Protocol):
    """What lines need of a player."""

    def send(self, path: str, value: float, at: int) -> None:
        """Set a parameter at a frame, or at `NEXT_BEAT` or `NEXT_BAR`; 0 is now."""

    def value(self, path: str) -> float:
        """Return the last known value."""

    def param(self, path: str) -> Param:
        """Return the parameter of a path; RemixtureError if there is none now."""

    def sources(self, deck: str) -> tuple[str, ...]:
        """Return the sources on a deck."""

    def beat(self) -> tuple[float, float, bool]:
        """Return the beat of the clock now, its tempo in bpm, and whether anything runs."""

    def song(self, deck: str) -> Parcel:
        """Return what is on a deck; RemixtureError if nothing is."""

    def unload(self, deck: str) -> None:
        """Take off what is on a deck."""


class Lines:
    """Does what lines say. `do` returns what there is to show, if anything."""

    def __init__(self, player: Hands) -> None:
        self._player = player
        self._words: dict[str, Callable[[Sequence[str], int], str]] = {
            "tempo": self._tempo, "sync": self._sync, "scene": self._scene,
        }  # fmt: skip
        self._verbs: dict[str, Callable[[str, Sequence[str], int], str]] = {
            "play": self._play, "stop": self._stop, "seek": self._seek, "loop": self._loop, "eject": self._eject,
            "parts": self._parts, "cue": self._once,
        }  # fmt: skip

    def do(self, line: str) -> str:
        """Do one line; empty ones and comments (`# ...`) do nothing.

        Raises
        ------
        RemixtureError
            If it cannot be understood, or done.
        """
        words = line.partition("#")[0].split()
        at = WHEN[words.pop()] if words and words[-1] in WHEN else 0
        if not words:
            return ""
        word, rest = words[0], words[1:]
        if word in self._words:
            return self._words[word](rest, at)
        if word in SHORT:
            return self._set(SHORT[word], rest, at)
        return self._place(word, rest, at)

    def _place(self, word: str, rest: Sequence[str], at: int) -> str:
        """Do something at a deck, a source, the master, or with a parameter by its path."""
        path = f"deck.{word}" if word.split(".", maxsplit=1)[0] in DECKS else word
        if path.split(".")[0] not in {"deck", "master"}:
            raise RemixtureError(f"nothing is called {word!r}; help says what there is")
        if path in {"master", *(f"deck.{deck}" for deck in DECKS)} or self._is_source(path):
            return self._at(path, rest, at)
        words = path.split(".")
        if len(words) == 3 and words[2] not in _NAMES[1]:
            there = ", ".join((*self._player.sources(words[1]), *sorted(_NAMES[1])))
            raise RemixtureError(f"deck {words[1]} has no {words[2]!r}; it has {there}")
        return self._set(path, rest, at)

    def _path(self, word: str) -> str:
        return f"deck.{word}" if word.split(".", maxsplit=1)[0] in DECKS else word

    def _is_source(self, path: str) -> bool:
        words = path.split(".")
        return len(words) == 3 and words[0] == "deck" and words[2] in self._player.sources(words[1])

    def _at(self, path: str, rest: Sequence[str], at: int) -> str:
        if not rest:
            return self._summary(path)
        verb, more = rest[0], rest[1:]
        words = path.split(".")
        if len(words) == 2 and verb in self._verbs:
            return self._verbs[verb](words[1], more, at)
        if verb in _NAMES[len(words) - 1]:
            return self._set(f"{path}.{verb}", more, at)
        if _number(verb) is None:
            names = ", ".join(sorted(_NAMES[len(words) - 1] | (self._verbs.keys() if len(words) == 2 else set())))
            raise RemixtureError(f"{'.'.join(words[1:]) or path} has no {verb!r}; it has {names}")
        return self._set(f"{path}.gain", rest, at)

    def _set(self, path: str, rest: Sequence[str], at: int) -> str:
        """Set a parameter; without a value turn a switch over, or tell what it is."""
        param = self._player.param(path)
        if not rest and param.curve != "switch":
            return f"{path} {self._player.value(path):g} {param.unit}"
        if rest and rest[0] in SWITCH and param.curve == "switch":
            value = SWITCH[rest[0]]
        elif rest:
            value = _float(rest[0], path)
        else:
            value = 1.0 if path.endswith(".clip") else float(not self._player.value(path))
        self._player.send(path, param.check(value, path), at)
        return ""

    def _summary(self, path: str) -> str:
        names = _NAMES[path.count(".")] - ONCE
        return "  ".join(f"{name} {self._player.value(f'{path}.{name}'):g}" for name in sorted(names))

    def _play(self, deck: str, _rest: Sequence[str], at: int) -> str:
        self._player.send(f"deck.{deck}.play", 1.0, at)
        return ""

    def _stop(self, deck: str, _rest: Sequence[str], at: int) -> str:
        self._player.send(f"deck.{deck}.play", 0.0, at)
        return ""

    def _once(self, deck: str, _rest: Sequence[str], at: int) -> str:
        """Press the cue button and let it go."""
        self._player.send(f"deck.{deck}.cue", 1.0, at)
        return ""

    def _seek(self, deck: str, rest: Sequence[str], at: int) -> str:
        bar = _float(rest[0] if rest else "", f"{deck} seek")
        path = f"deck.{deck}.seek"
        beat = (bar - 1.0) * self._player.song(deck).beats_per_bar
        self._player.send(path, self._player.param(path).check(beat, path), at)
        return ""

    def _loop(self, deck: str, rest: Sequence[str], at: int) -> str:
        return self._set(f"deck.{deck}.loop", ["0"] if list(rest) in ([], ["off"]) else rest, at)

    def _parts(self, deck: str, rest: Sequence[str], at: int) -> str:
        there = [layer.name for layer in self._player.song(deck).layers]
        if not rest:
            return f"{deck} has {', '.join(there)}"
        if rest[0] not in there:
            raise RemixtureError(f"deck {deck} has no {rest[0]}: it has {', '.join(there)}")
        self._player.send(f"deck.{deck}.parts", float(there.index(rest[0])), at)
        return ""

    def _eject(self, deck: str, _rest: Sequence[str], _at: int) -> str:
        self._player.unload(deck)
        return ""

    def _tempo(self, rest: Sequence[str], at: int) -> str:
        """Give the deck that leads a tempo, or the clock where none does."""
        if not rest:
            _, bpm, _ = self._player.beat()
            return f"{bpm:.2f} bpm"
        bpm = self._player.param("master.tempo").check(_float(rest[0], "tempo"), "tempo")
        leader = round(self._player.value("master.clock"))
        if not leader or not self._player.sources(DECKS[leader - 1]):
            self._player.send("master.tempo", bpm, at)
            return ""
        path = f"deck.{DECKS[leader - 1]}.tempo"
        self._player.send(path, self._player.param(path).check(bpm / self._player.song(DECKS[leader - 1]).bpm, path), at)
        return ""

    def _sync(self, rest: Sequence[str], at: int) -> str:
        deck = rest[0] if rest else ""
        if deck not in DECKS:
            raise RemixtureError(f"sync takes a deck: one of {', '.join(DECKS)}, got {deck!r}")
        return self._set(f"deck.{deck}.sync", rest[1:], at)

    def _scene(self, rest: Sequence[str], at: int) -> str:
        from engine.store.scene import find_scene, save_scene, scene_files

        decks = {deck: self._player.sources(deck) for deck in DECKS if self._player.sources(deck)}
        if not rest:
            return "scenes: " + ", ".join(scene_files())
        if rest[0] == "save" and len(rest) > 1:
            return f"kept in {save_scene(' '.join(rest[1:]), self._levels())}"
        found = expand(find_scene(" ".join(rest)), decks)
        for path, value in found.values:
            self._player.send(path, value, at or NEXT_BAR)
        return f"nothing here for {', '.join(found.skipped)}" if found.skipped else ""

    def _levels(self) -> dict[str, float]:
        """Return what is so now at decks and sources, as a scene keeps it."""
        kept = {}
        for deck in DECKS:
            sources = self._player.sources(deck)
            if sources:
                kept.update({f"deck.{deck}.{name}": 0.0 for name in sorted(_NAMES[1] - ONCE)})
                kept.update({f"deck.{deck}.{source}.{name}": 0.0 for source in sources for name in sorted(_NAMES[2] - ONCE)})
        return {path: self._player.value(path) for path in kept}


def _number(text: str) -> float | None:
    try:
        value = float(text.lower().removesuffix("db").removesuffix("bpm"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _float(text: str, what: str) -> float:
    value = _number(text)
    if value is None:
        raise RemixtureError(f"{what} takes a number, got {text!r}")
    return value

"""What a person types -> what the player does.

```
a.drums +6              level of a source in dB; `a -3` is the deck's
a.drums mute            on, and off again; also solo, clip (`a.drums clip off` stops it); `mute a.drums` is the same
a.loop-1 cell 5         sounds in bar 5 as well; `cell -5` is silent there, `cell 0` leaves all bars as the song has them
a play    a stop        a cue    a seek 32    a loop 4    a loop off    a jump -8    a sync    a parts loops
a eq_low -40            every parameter of the table by its name; a full path such as deck.a.eq_low does as well
a eq_low kill           as low as it goes
sync b    tempo 124     follow the leader; the tempo of the deck that leads, or of the clock
a bpm 128               the tempo of one deck
xf -1     quantize 1    the crossfader; when clips start
record    record off    what is between them is a recording of the take; it is rendered with `remixture render --take`
scene NAME              on the next bar; `scene save NAME` keeps what is so now, `scene` lists them
load b SONG   b eject   another song, or a set; a song that has none is prepared first
fx a.drums echo-out     effects behind a source, a deck or the master; `fx a.drums off`; then a.drums.fx.1.mix 0.5
learn a.drums.gain      binds what is moved next on a MIDI controller; `learn` alone gives up
status    wait 2.5      what plays; wait so many seconds before the next line
quit
```

Bars count from 1. `@bar` or `@beat` at the end of a line has it wait for the next one. Capitals do not matter.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from bridge.session.messages import Parcel
from bridge.session.words import nothing_more, number, quantity, spelt, when
from engine.model.command import NEXT_BAR
from engine.model.errors import RemixtureError
from engine.model.params import DECK, DECKS, MASTER, SOURCE, Param
from engine.model.scene import expand

SWITCH = {"on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}
KILL = "kill"
SHORT = {"xf": "master.crossfader", "volume": "master.gain", "quantize": "master.quantize", "record": "master.record"}
PRESSED = frozenset({"play", "cue", "clip", "record"})
"""Switches that go on, not over, where no value is given."""
ONCE = frozenset({"seek", "jump", "cue", "clip", "cell", "beat", "loop", "play"})
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
            "stop": self._stop, "seek": self._seek, "loop": self._loop, "eject": self._eject, "parts": self._parts,
            "bpm": self._bpm,
        }  # fmt: skip

    def do(self, line: str) -> str:
        """Do one line; empty ones and comments (`# ...`) do nothing.

        Raises
        ------
        RemixtureError
            If it cannot be understood, or done.
        """
        words = line.partition("#")[0].split()
        at = when(words.pop()) if words and words[-1].startswith("@") else 0
        if not words:
            if at:
                raise RemixtureError("@bar and @beat stand at the end of a line, after what is to be done")
            return ""
        word, rest = words[0].lower(), words[1:]
        if word in self._words:
            return self._words[word](rest, at)
        if word in SHORT:
            return self._set(SHORT[word], rest, at)
        if rest and (word in self._verbs or word in frozenset().union(*_NAMES)) and _leads(self.path(rest[0])):
            words[:2] = [rest[0], word]
        return self._place(words[0], words[1:], at)

    def path(self, word: str) -> str:
        """Return the path that a word means: `A.Drums` is `deck.a.drums`. What is no place or parameter stays as it is."""
        words = word.split(".")
        if words[0].lower() in DECKS:
            words.insert(0, "deck")
        if words[0].lower() not in {"deck", "master"}:
            return word
        names = self._player.sources(words[1].lower()) if len(words) > 1 else ()
        return ".".join(spelt(one, names) for one in words)

    def _place(self, word: str, rest: Sequence[str], at: int) -> str:
        """Do something at a deck, a source, the master, or with a parameter by its path."""
        path = self.path(word)
        words = path.split(".")
        if not _leads(path):
            raise RemixtureError(f"nothing is called {word!r}; help says what there is")
        if path in {"master", *(f"deck.{deck}" for deck in DECKS)} or self._is_source(path):
            return self._at(path, rest, at)
        # A path is in the table's unit, which for seek is beats.
        if len(words) == 3 and words[1] in DECKS and words[2] in self._verbs.keys() - {"seek"}:
            return self._verbs[words[2]](words[1], rest, at)
        if len(words) == 3 and words[2] not in _NAMES[1]:
            there = ", ".join((*self._player.sources(words[1]), *sorted(_NAMES[1])))
            raise RemixtureError(f"deck {words[1]} has no {words[2]!r}; it has {there}")
        return self._set(path, rest, at)

    def _is_source(self, path: str) -> bool:
        words = path.split(".")
        return len(words) == 3 and words[0] == "deck" and words[2] in self._player.sources(words[1])

    def _at(self, path: str, rest: Sequence[str], at: int) -> str:
        if not rest:
            return self._summary(path)
        verb, more = rest[0].lower(), rest[1:]
        words = path.split(".")
        if len(words) == 2 and verb in self._verbs:
            return self._verbs[verb](words[1], more, at)
        if verb in _NAMES[len(words) - 1]:
            return self._set(f"{path}.{verb}", more, at)
        if number(verb) is None:
            names = ", ".join(sorted(_NAMES[len(words) - 1] | (self._verbs.keys() if len(words) == 2 else set())))
            raise RemixtureError(f"{'.'.join(words[1:]) or path} has no {verb!r}; it has {names}")
        return self._set(f"{path}.gain", rest, at)

    def _set(self, path: str, rest: Sequence[str], at: int) -> str:
        """Set a parameter; without a value turn a switch over, or tell what it is."""
        param = self._player.param(path)
        word, name = rest[0].lower() if rest else "", path.rpartition(".")[2]
        if not rest and param.curve != "switch":
            return f"{path} {self._player.value(path):g} {param.unit}"
        if not rest:
            value = 1.0 if name in PRESSED else float(not self._player.value(path))
        elif (param.curve == "switch" and word in SWITCH) or (word == KILL and name.startswith("eq_")):
            nothing_more(rest[1:], path)
            value = param.low if word == KILL else SWITCH[word]
        else:
            value = quantity(rest, path, param.unit)
        self._player.send(path, param.check(value, path), at)
        return ""

    def _summary(self, path: str) -> str:
        names = _NAMES[path.count(".")] - ONCE
        return "  ".join(f"{name} {self._player.value(f'{path}.{name}'):g}" for name in sorted(names))

    def _stop(self, deck: str, rest: Sequence[str], at: int) -> str:
        nothing_more(rest, f"{deck} stop")
        self._player.send(f"deck.{deck}.play", 0.0, at)
        return ""

    def _seek(self, deck: str, rest: Sequence[str], at: int) -> str:
        bar = quantity(rest, f"{deck} seek", "bar")
        path = f"deck.{deck}.seek"
        beat = (bar - 1.0) * self._player.song(deck).beats_per_bar
        self._player.send(path, self._player.param(path).check(beat, path), at)
        return ""

    def _loop(self, deck: str, rest: Sequence[str], at: int) -> str:
        off = not rest or rest[0].lower() == "off"
        return self._set(f"deck.{deck}.loop", ["0", *rest[1:]] if off else rest, at)

    def _parts(self, deck: str, rest: Sequence[str], at: int) -> str:
        there = [layer.name for layer in self._player.song(deck).layers]
        if not rest:
            return f"{deck} has {', '.join(there)}"
        nothing_more(rest[1:], f"{deck} parts")
        names = dict(zip(map(str, range(len(there))), there, strict=True))
        name = names.get(rest[0], rest[0].lower())
        if name not in there:
            raise RemixtureError(f"deck {deck} has no {rest[0]}: it has {', '.join(there)}")
        self._player.send(f"deck.{deck}.parts", float(there.index(name)), at)
        return ""

    def _eject(self, deck: str, rest: Sequence[str], at: int) -> str:
        nothing_more(rest, f"{deck} eject")
        if at:
            raise RemixtureError(f"{deck} eject is done at once; it cannot wait for a beat or bar")
        self._player.unload(deck)
        return ""

    def _bpm(self, deck: str, rest: Sequence[str], at: int) -> str:
        """Give a deck the tempo at which its song has so many bpm; without a number tell how many it has."""
        path, bpm = f"deck.{deck}.tempo", self._player.song(deck).bpm
        if not rest:
            return f"{self._player.value(path) * bpm:.2f} bpm"
        tempo = self._player.param(path).check(quantity(rest, f"{deck} bpm", "bpm") / bpm, path)
        self._player.send(path, tempo, at)
        return ""

    def _tempo(self, rest: Sequence[str], at: int) -> str:
        """Give the deck that leads a tempo, or the clock where none does."""
        if not rest:
            _, bpm, _ = self._player.beat()
            return f"{bpm:.2f} bpm"
        bpm = self._player.param("master.tempo").check(quantity(rest, "tempo", "bpm"), "tempo")
        leader = round(self._player.value("master.clock"))
        # A deck that stands does not lead.
        if leader and self._player.sources(DECKS[leader - 1]) and self._player.value(f"deck.{DECKS[leader - 1]}.play"):
            return self._bpm(DECKS[leader - 1], rest, at)
        self._player.send("master.tempo", bpm, at)
        return ""

    def _sync(self, rest: Sequence[str], at: int) -> str:
        deck = rest[0].lower() if rest else ""
        if deck not in DECKS:
            raise RemixtureError(f"sync takes a deck: one of {', '.join(DECKS)}, got {deck!r}")
        return self._set(f"deck.{deck}.sync", rest[1:], at)

    def _scene(self, rest: Sequence[str], at: int) -> str:
        from engine.store.scene import scene_files

        if not rest:
            return "scenes: " + ", ".join(scene_files())
        if rest[0].lower() == "save" and len(rest) > 1:
            return self.save_scene(" ".join(rest[1:]))
        return self.recall_scene(" ".join(rest), at or NEXT_BAR)

    def save_scene(self, name: str) -> str:
        """Keep what is so now under a name; return where. RemixtureError if it cannot be written."""
        from engine.store.scene import save_scene

        return f"kept in {save_scene(name, self._levels())}"

    def recall_scene(self, name: str, at: int = NEXT_BAR) -> str:
        """Recall a scene; return what of it is for nothing that is there. RemixtureError if there is no such scene."""
        from engine.store.scene import find_scene

        decks = {deck: self._player.sources(deck) for deck in DECKS if self._player.sources(deck)}
        found = expand(find_scene(name), decks)
        for path, value in found.values:
            self._player.send(path, value, at)
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


def _leads(path: str) -> bool:
    return path.partition(".")[0] in {"deck", "master"}
